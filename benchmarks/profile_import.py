"""Where an import's processor time goes, by room: `python -m benchmarks.profile_import`.

The same code as a worker runs, without the job engine and the API, in this process. The kernel's timer looks at the
stack every few milliseconds of processor time, which slows nothing; a sample belongs to the innermost room of
the project in it, so that what a room makes of a library counts as the room's. Time that other threads take (the
database's writer) falls where the loop waits.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType

import structlog
from sqlalchemy import Connection

from benchmarks.figures import table
from contactport.grant import Password
from contactport.imports.attempt import Attempts
from contactport.imports.jobs import Job
from contactport.net.client import open_client
from contactport.process import spare_what_stays
from contactport.settings import Settings
from contactport.sources.base import SourceContext
from contactport.sources.registry import Sources
from contactport.store import domains
from contactport.store.open import Store, open_store
from contactport.testing.imports import add_import
from samples.book import cards
from tests.servers.radicale import radicale

EVERY_SECONDS = 0.001
"""Of processor time; the kernel rounds it up to its own tick, mostly four milliseconds."""
PROJECT = "contactport/"
WAITING = "the database's thread, while the loop waits"


class Samples:
    """What the timer saw. `start()` and `stop()` it in the main thread."""

    def __init__(self) -> None:
        self.rooms: Counter[str] = Counter()
        self.functions: Counter[str] = Counter()

    def start(self) -> None:
        """Look at the stack from now on."""
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def stop(self) -> None:
        """No longer."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)

    def _look(self, _: int, frame: FrameType | None) -> None:
        inner = frame
        while frame is not None:
            path = frame.f_code.co_filename
            if f"/{PROJECT}" in path:
                break
            frame = frame.f_back
        name = "asyncio and what is below it"
        if frame is not None:
            place = frame.f_code.co_filename.rpartition(PROJECT)[2]
            name = f"contactport.{place.partition('/')[0]}"
            if frame.f_code.co_name == "_parse" and frame is inner:
                name = "expat"
        elif inner is not None and inner.f_code.co_name in ("select", "run_forever", "run"):
            name = WAITING
        self.rooms[name] += 1
        if inner is not None:
            code = inner.f_code
            self.functions[f"{'/'.join(Path(code.co_filename).parts[-3:])}:{code.co_name}"] += 1


def begin(store: Store, server: str) -> int:
    """An import, ready to be performed."""
    return store.database.write_now(
        add_import,
        store.ring,
        1,
        grant=Password("alice", "secret", server),
        seconds=600,
        provider_key=store.ring.lasting_mark("provider", "bench"),
        account_key=store.ring.lasting_mark("account", "bench", "alice"),
    )


def no_queue(_connection: Connection, _job: Job, _delay: float) -> None:
    """No import is deferred here: it would be left so."""
    raise AssertionError("a limit is met that a benchmark is not to meet")


async def perform(attempts: Attempts, import_ids: list[int], samples: Samples) -> None:
    """The first unseen, as it is the one that loads what is loaded once; the others under the timer."""
    first, *others = import_ids
    await attempts.perform(first)
    spare_what_stays()
    samples.start()
    for import_id in others:
        await attempts.perform(import_id)
    samples.stop()


def shares(title: str, counted: list[tuple[str, int]], whole: int) -> str:
    """A table of what was seen how often."""
    return table(title, [(name, f"{count / whole:.1%}") for name, count in counted])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--functions", type=int, default=0, help="print that many functions as well")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    settings = Settings(allow_network=["127.0.0.0/8"], provider_per_minute=10**6, account_per_minute=10**6)
    samples = Samples()
    with radicale() as server, tempfile.TemporaryDirectory() as folder:
        server.book("alice", "book", cards(arguments.cards))
        store = open_store(Path(folder))
        store.database.write_now(domains.add, "bench")
        context = SourceContext()
        sources = Sources(context)
        attempts = Attempts(
            store, settings, context.providers, sources.get, lambda: open_client(settings), no_queue
        )
        import_ids = [begin(store, server.url) for _ in range(1 + arguments.runs)]
        asyncio.run(perform(attempts, import_ids, samples))
    whole = samples.rooms.total()
    title = f"processor time of {arguments.runs} imports of {arguments.cards:,}, {whole:,} samples"
    print(shares(title, samples.rooms.most_common(), whole))
    if arguments.functions:
        print()
        print(shares("function", samples.functions.most_common(arguments.functions), whole))


if __name__ == "__main__":
    main()
