"""The cost of the checkpoints as a share of an import: `python -m benchmarks.checkpoints`.

The same book by the same source and the same formats, one import at a time, three ways in turn: read by
`imports.run` into a sink that keeps nothing; attempted as a worker does it, every batch a transaction, in this
process; and through the whole service, from begin_import to COMPLETE, which adds the job engine and its queue. The
difference of the first two is what it costs that nothing is ever lost. The provider is another process, so a second
core takes its part of the wall's time, but none of the processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from statistics import fmean
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import msgspec
import structlog
import uvloop
from sqlalchemy import Connection

from benchmarks.benchmark_service import RAISED
from benchmarks.figures import ratios, spread, table
from benchmarks.fleet import KINDS, Bases, Fleet, Spent, bases, fleet
from benchmarks.profile_import import begin, no_queue
from benchmarks.streaming_server import streaming
from benchmarks.wire import KeptConnection, request
from contactport.batch import Batch, Delivered
from contactport.grant import Password
from contactport.imports.attempt import Attempts
from contactport.imports.fingerprints import Fingerprints
from contactport.imports.memory import StoredMemory
from contactport.imports.run import run
from contactport.net.client import open_client
from contactport.process import spare_what_stays, take_short_turns
from contactport.settings import Settings
from contactport.sources.base import Account, SourceContext
from contactport.sources.memory import Memory, ShortMemory
from contactport.sources.registry import Sources
from contactport.store import domains
from contactport.store.beside import DATABASE
from contactport.store.database import Database
from contactport.store.engines import Engines, postgresql, sqlite
from contactport.store.open import Store, open_store
from tests.servers.source_run import PROVIDERS

P = ParamSpec("P")
T = TypeVar("T")
MEMBERS = 100_000
SETTLE_SECONDS = 0.3
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


class Nothing:
    """A sink that keeps nothing, and counts."""

    def __init__(self) -> None:
        self.fingerprints = Fingerprints(b"nothing")
        self.count = 0

    async def store(self, batch: Batch, listed: int | None) -> None:
        """Let it go."""
        self.count += len(batch.contacts)

    async def delivered(self) -> AsyncGenerator[Delivered]:
        """Nothing: the book that is read here has no duplicates."""
        for nothing in ():
            yield nothing


class Timed(Database):
    """A database that notes how long its transactions take, by the name of what they do."""

    def __init__(self, engines: Engines) -> None:
        super().__init__(engines)
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def write_now(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        started = time.perf_counter()
        try:
            return super().write_now(function, *args, **kwargs)
        finally:
            self._note(function, started)

    def read_now(
        self, function: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        started = time.perf_counter()
        try:
            return super().read_now(function, *args, **kwargs)
        finally:
            self._note(function, started)

    def _note(self, function: Callable[..., Any], started: float) -> None:
        place = function.__module__.rpartition(".")[2]
        self.seconds[f"{place}.{function.__name__.strip('_')}"] += time.perf_counter() - started


class ImportCost(msgspec.Struct):
    """Of one import: seconds by the clock, and of processor time; of transactions by what they do."""

    wall: float
    processor: float
    transactions: dict[str, float] = {}


class ServedImport(msgspec.Struct):
    """Of one import through the service, in seconds: begin_import to COMPLETE, and the attempt's part of it."""

    wall: float
    attempt: float
    service: float
    """Processor time; what is taken with nothing to do is left out."""
    database: float


def settings() -> Settings:
    """Limits that such a run does not meet."""
    return Settings(allow_network=["127.0.0.0/8"], **dict.fromkeys(RAISED, 1_000_000))


def _sources(memory: Memory) -> Sources:
    return Sources(SourceContext(memory=memory))


class Laboratory:
    """Attempts in this process, on one database."""

    def __init__(self, folder: Path, url: str) -> None:
        opened = open_store(folder, url, upgrade=True)
        self.database = Timed(postgresql(url) if url else sqlite(folder / DATABASE))
        self.store: Store = msgspec.structs.replace(opened, database=self.database)
        self.store.database.write_now(domains.add, "bench")
        limits = settings()
        self._attempts = Attempts(
            self.store,
            limits,
            PROVIDERS,
            _sources(StoredMemory(self.store)).get,
            lambda: open_client(limits),
            no_queue,
        )

    async def kept(self, server: str) -> ImportCost:
        """One import, every batch a transaction."""
        import_id = begin(self.store, server)
        self.database.seconds.clear()
        cost = await timed(self._attempts.perform(import_id))
        cost.transactions = dict(self.database.seconds)
        return cost


async def unkept(server: str, contacts: int, memory: ShortMemory) -> ImportCost:
    """One import into nothing."""
    source = _sources(memory).get("carddav")
    provider = PROVIDERS.find("carddav")
    assert provider is not None
    account = Account(provider=provider, grant=Password("alice", "secret", server))
    sink = Nothing()

    async def read() -> None:
        async with open_client(settings()) as client:
            await run(source, account, client, sink, MEMBERS)

    cost = await timed(read())
    assert sink.count == contacts, sink.count
    return cost


async def timed(work: Coroutine[Any, Any, None]) -> ImportCost:
    """What it takes."""
    started, spent = time.perf_counter(), time.process_time()
    await work
    return ImportCost(time.perf_counter() - started, time.process_time() - spent)


async def in_process(
    laboratories: dict[str, Laboratory], server: str, contacts: int, runs: int
) -> dict[str, list[ImportCost]]:
    """Every way in turn, so that a machine that slows down slows all; the first round is not counted."""
    found: dict[str, list[ImportCost]] = {name: [] for name in ("nothing", *laboratories)}
    memory = ShortMemory()
    for number in range(1 + runs):
        costs = {"nothing": await unkept(server, contacts, memory)}
        for name, laboratory in laboratories.items():
            costs[name] = await laboratory.kept(server)
        if number:
            for name, cost in costs.items():
                found[name].append(cost)
        else:
            spare_what_stays()
    return found


def _attempt_seconds(running: Fleet, import_id: int) -> float:
    """How long the attempt was, by the log."""
    for member in running.cluster.members:
        for line in member.log.read_text("utf-8").splitlines():
            if '"import_ended"' in line:
                told = cast(dict[str, Any], json.loads(line))
                if told["import_id"] == import_id:
                    return told["milliseconds"] / 1000
    return 0.0


def _since(running: Fleet, before: Spent, idle: Spent | None = None) -> Spent:
    """What was spent, without what that time costs with nothing to do."""
    spent = running.spent(time.perf_counter()).since(before)
    if idle is None:
        return spent
    return Spent(spent.at, {kind: spent.seconds[kind] - idle.cores[kind] * spent.at for kind in KINDS})


async def through_the_service(running: Fleet, contacts: int, runs: int) -> list[ServedImport]:
    """Import after import, without a poll: the database says when one has ended."""
    found: list[ServedImport] = []
    wire = await KeptConnection.open(running.ports[0])
    before = running.spent(time.perf_counter())
    await asyncio.sleep(2)
    idle = _since(running, before)
    for number in range(1 + runs):
        form = {"service": "carddav", "server": f"{running.provider.url}/{contacts}/"}
        form |= {"username": "alice", "password": "secret"}
        before = running.spent(time.perf_counter())
        status, body = await wire.ask(request(running.headers, "POST", "/begin_import/import.json", form))
        assert status == 200, body
        import_id = int(json.loads(body)["import_id"])
        question = f'SELECT state, created_at, ended_at FROM "import" WHERE id = {import_id}'
        while (row := running.ask(question)[0])[0] != "complete":
            assert row[0] != "failed"
            await asyncio.sleep(0.05)
        # What the engine does at the end, and the line of the log, come after the event.
        await asyncio.sleep(SETTLE_SECONDS)
        taken = _since(running, before, idle).seconds
        if number:
            wall = (row[2] - row[1]) / 1000
            attempt = _attempt_seconds(running, import_id)
            found.append(ServedImport(wall, attempt, taken["service"], taken["database"]))
    wire.close()
    return found


def rows_of(
    contacts: int, costs: dict[str, list[ImportCost]], served: dict[str, list[ServedImport]]
) -> list[tuple[str, ...]]:
    """The rows for one size."""
    databases = list(served)
    rows: list[tuple[str, ...]] = [(f"**{contacts:,} contacts**", *("" for _ in databases))]

    def row(name: str, make: Callable[[str], str]) -> None:
        rows.append((name, *(make(one) for one in databases)))

    def share(one: str, field: str) -> str:
        kept = [getattr(cost, field) for cost in costs[one]]
        bare = [getattr(cost, field) for cost in costs["nothing"]]
        return spread([1 - ratio for ratio in ratios(bare, kept)], " %", 100, 0)

    row("kept nowhere", lambda _: spread([cost.wall for cost in costs["nothing"]], " ms", 1000, 0))
    row("kept, in one process", lambda one: spread([cost.wall for cost in costs[one]], " ms", 1000, 0))
    row("**the checkpoints' share, by the clock**", lambda one: f"**{share(one, 'wall')}**")
    row("**the same of processor time**", lambda one: f"**{share(one, 'processor')}**")
    names = sorted({name for one in databases for cost in costs[one] for name in cost.transactions})
    for name in names:
        row(
            f"in transactions: {name}",
            lambda one, name=name: spread(
                [cost.transactions.get(name, 0.0) for cost in costs[one]], " ms", 1000, 1
            ),
        )
    row(
        "all transactions, of the import",
        lambda one: spread(
            [sum(cost.transactions.values()) / cost.wall for cost in costs[one]], " %", 100, 0
        ),
    )
    row(
        "begin_import to COMPLETE, the service",
        lambda one: spread([some.wall for some in served[one]], " ms", 1000, 0),
    )
    row(
        "**of it before the attempt: the queue**",
        lambda one: f"**{spread([some.wall - some.attempt for some in served[one]], ' ms', 1000, 0)}**",
    )
    row(
        "processor: kept nowhere",
        lambda _: spread([cost.processor for cost in costs["nothing"]], " ms", 1000, 0),
    )
    row(
        "processor: kept, in one process",
        lambda one: spread([cost.processor for cost in costs[one]], " ms", 1000, 0),
    )
    row(
        "processor: the service",
        lambda one: spread([some.service for some in served[one]], " ms", 1000, 0),
    )
    row(
        "processor: PostgreSQL's own beside it",
        lambda one: spread([some.database for some in served[one]], " ms", 1000, 0),
    )
    row("**the engine's and the API's share of the service's**", lambda one: _engine(costs[one], served[one]))
    return rows


def _engine(costs: list[ImportCost], served: list[ServedImport]) -> str:
    """What the service takes beyond an attempt: to begin it, to queue it, and to carry it out of the queue."""
    whole = fmean(one.service for one in served)
    return f"**{1 - fmean(cost.processor for cost in costs) / whole:.0%}**"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--contacts", type=int, nargs="+", default=[100, 1000, 10_000], help="sizes")
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--database", default="postgresql", help="postgresql, or a server's URI")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    take_short_turns()
    rows: list[tuple[str, ...]] = []
    with bases("sqlite") as files, bases(given.database) as server:
        sorts: dict[str, Bases] = {"sqlite": files, "postgresql": server}
        costs: dict[int, dict[str, list[ImportCost]]] = {}
        with ExitStack() as open_:
            provider = open_.enter_context(streaming())
            laboratories: dict[str, Laboratory] = {}
            for name, made in sorts.items():
                folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="contactport-")))
                laboratories[name] = Laboratory(folder, open_.enter_context(made.fresh()).url)
            for size in given.contacts:
                url = f"{provider.url}/{size}/"
                costs[size] = uvloop.run(in_process(laboratories, url, size, given.runs))
            for laboratory in laboratories.values():
                asyncio.run(laboratory.database.close())
        served: dict[int, dict[str, list[ServedImport]]] = {size: {} for size in given.contacts}
        for name, made in sorts.items():
            with fleet(made) as running:
                for size in given.contacts:
                    served[size][name] = uvloop.run(through_the_service(running, size, given.runs))
    for size in given.contacts:
        rows += rows_of(size, costs[size], served[size])
    print(table(f"{given.runs} imports each, one at a time", rows, [NAMES[name] for name in sorts]))


if __name__ == "__main__":
    main()
