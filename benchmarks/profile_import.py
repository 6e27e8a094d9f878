"""Where an import's time goes, by room: `python -m benchmarks.profile_import`.

The same code as a worker runs, without the job engine and the API, in this process under cProfile. A profile
slows what it watches, small functions most: read the shares, not the seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

from benchmarks.figures import table
from contactport.imports.attempt import Attempts
from contactport.net.client import open_client
from contactport.settings import Settings
from contactport.sources.registry import source
from contactport.store import domains, imports
from contactport.store.imports import Beginning, Secret
from contactport.store.open import Store, open_store
from samples.book import cards
from tests.servers.radicale import radicale

ROOMS = ("formats", "sources", "net", "imports", "store")


def room(file: str, function: str) -> str:
    """The room that a function of the profile belongs to."""
    path = Path(file).as_posix()
    for name in ROOMS:
        if f"contactport/{name}/" in path:
            return f"contactport.{name}"
    if "expat" in function.lower() or "Parse" in function:
        return "expat"
    if "poll" in function:
        return "waiting for the server"
    for name in ("aiohttp", "sqlalchemy", "asyncio", "msgspec"):
        if f"/{name}/" in path or name in function:
            return name
    return "the rest"


def begin(store: Store, server: str) -> int:
    """An import, ready to be performed."""
    beginning = Beginning(
        domain_id=1,
        service="carddav",
        include="",
        username="alice",
        user_id=None,
        secret=Secret("secret", server),
        seconds=600,
    )
    return store.database.write_now(imports.insert_import, store.ring, beginning)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--functions", type=int, default=0, help="print that many functions as well")
    arguments = parser.parse_args()
    settings = Settings(allow_network=["127.0.0.0/8"])
    with radicale() as server, tempfile.TemporaryDirectory() as folder:
        server.book("alice", "book", cards(arguments.cards))
        store = open_store(Path(folder))
        store.database.write_now(domains.add, "bench")
        attempts = Attempts(store, settings, source, lambda: open_client(settings))
        asyncio.run(attempts.perform(begin(store, server.url)))
        import_id = begin(store, server.url)
        profile = cProfile.Profile(time.process_time)
        profile.runcall(asyncio.run, attempts.perform(import_id))
    shares: dict[str, float] = defaultdict(float)
    stats = pstats.Stats(profile)
    for (file, _, function), row in cast(dict[Any, Any], stats.stats).items():  # type: ignore[attr-defined]
        shares[room(file, function)] += row[2]
    whole = sum(shares.values())
    ordered = sorted(shares.items(), key=lambda share: -share[1])
    print(
        table(
            f"CPU of the loop's thread, {arguments.cards:,} cards",
            [(name, f"{part / whole:.0%}") for name, part in ordered],
        )
    )
    if arguments.functions:
        stats.sort_stats("tottime").print_stats(arguments.functions)


if __name__ == "__main__":
    main()
