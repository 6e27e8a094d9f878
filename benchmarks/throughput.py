"""Imports a second by 1, 2 and 4 workers on PostgreSQL, and by one process on SQLite.

`python -m benchmarks.throughput`. A queue that never runs empty, and nobody who polls: the benchmark reads from the
database how many are under way and begins as many as have ended. All of the installation is on this machine, so with
few cores more workers can't be quicker; what tells about other machines is the processor time that an import takes,
by kind of process. From imports of two sizes it is parted into what every import takes and what its contacts take.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from itertools import count, cycle
from statistics import median

import msgspec
import uvloop

from benchmarks.figures import ratios, spread, table
from benchmarks.fleet import KINDS, LIMITS, Fleet, Kind, Spent, bases, fleet
from benchmarks.usage import CORES
from benchmarks.wire import Pool, request

IN_FLIGHT = 96
BEGINS = 8
LOOK_SECONDS = 0.1
WARM_IMPORTS = 24
OURS: tuple[Kind, ...] = ("service", "database")
_OPEN = "SELECT count(*) FROM \"import\" WHERE state IN ('waiting', 'running')"
_ENDED = "SELECT count(*), coalesce(sum(delivered), 0) FROM \"import\" WHERE state = 'complete'"
_FAILED = "SELECT count(*) FROM \"import\" WHERE state = 'failed'"


class Window(msgspec.Struct, frozen=True):
    """A stretch of a steady run: how many imports and contacts it completed, and what that took."""

    imports: int
    contacts: int
    spent: Spent

    @property
    def rate(self) -> float:
        """Imports a second."""
        return self.imports / self.spent.at

    @property
    def busy(self) -> float:
        """How many cores did anything."""
        return sum(self.spent.cores.values())

    def each(self, kind: Kind) -> float:
        """Seconds of processor time an import."""
        return self.spent.seconds[kind] / self.imports


class WorkerCount(msgspec.Struct, frozen=True):
    """One column: `workers` 0 is SQLite."""

    workers: int

    @property
    def name(self) -> str:
        return f"PostgreSQL, {self.workers} worker{'s' * (self.workers > 1)}" if self.workers else "SQLite"


class Feed:
    """Begins imports so that some number is always under way."""

    def __init__(self, running: Fleet) -> None:
        self._fleet = running
        self._pool = Pool(running.ports)
        self._users = count()
        self._urls = cycle(running.provider.urls)
        self._slots = asyncio.Semaphore(BEGINS)

    async def _begin(self, contacts: int) -> None:
        form = {
            "service": "carddav",
            "server": f"{next(self._urls)}/{contacts}/",
            "username": f"user{next(self._users)}",
            "password": "secret",
        }
        async with self._slots:
            message = request(self._fleet.headers, "POST", "/begin_import/import.json", form)
            status, body = await self._pool.ask(message)
        assert status == 200, body

    async def begin(self, number: int, contacts: int) -> None:
        """So many more."""
        await asyncio.gather(*(self._begin(contacts) for _ in range(number)))

    async def keep(self, number: int, contacts: int) -> None:
        """That number under way, until cancelled."""
        while True:
            missing = number - await self.open()
            if missing > 0:
                await self.begin(missing, contacts)
            await asyncio.sleep(LOOK_SECONDS)

    async def open(self) -> int:
        """How many are under way."""
        return int((await asyncio.to_thread(self._fleet.ask, _OPEN))[0][0])

    async def drained(self) -> None:
        """Once none is."""
        while await self.open():  # noqa: ASYNC110 -- it is another process's doing
            await asyncio.sleep(LOOK_SECONDS)

    def close(self) -> None:
        self._pool.close()


async def window(running: Fleet, feed: Feed, contacts: int, ramp: float, seconds: float) -> Window:
    """What a steady run completes in that time, after some for it to become steady."""

    async def look() -> tuple[int, int, Spent]:
        rows = await asyncio.to_thread(running.ask, _ENDED)
        return int(rows[0][0]), int(rows[0][1]), running.spent(time.perf_counter())

    keeping = asyncio.create_task(feed.keep(IN_FLIGHT, contacts))
    await asyncio.sleep(ramp)
    imports, delivered, before = await look()
    await asyncio.sleep(seconds)
    imports_then, delivered_then, after = await look()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    done = imports_then - imports
    assert done, "not one import ended: give it more --seconds"
    return Window(done, delivered_then - delivered, after.since(before))


async def measure(running: Fleet, sizes: list[int], ramp: float, seconds: float) -> list[Window]:
    """A window for each size."""
    feed = Feed(running)
    # The first imports of a process load what is loaded once.
    await feed.begin(WARM_IMPORTS, sizes[0])
    found: list[Window] = []
    for size in sizes:
        await feed.drained()
        found.append(await window(running, feed, size, ramp, seconds))
    feed.close()
    failed = int(running.ask(_FAILED)[0][0])
    assert not failed, f"{failed} imports failed"
    return found


def rates_table(found: dict[WorkerCount, list[list[Window]]], sizes: list[int], runs: int) -> str:
    """Imports a second, and what a worker more brings."""
    rows: list[tuple[str, ...]] = []
    first = next((config for config in found if config.workers == 1), next(iter(found)))
    for at, size in enumerate(sizes):
        columns = {config: [run[at] for run in windows] for config, windows in found.items()}
        base = [one.rate for one in columns[first]]
        rates = {config: [one.rate for one in windows] for config, windows in columns.items()}
        rows += [
            (f"**{size:,} contacts: imports/s**", *(spread(some, digits=1) for some in rates.values())),
            (
                f"times {first.name}, run by run",
                *(spread(ratios(some, base), "x") for some in rates.values()),
            ),
            (
                "contacts/s",
                *(f"{median(one.contacts / one.spent.at for one in some):,.0f}" for some in columns.values()),
            ),
            (
                f"cores busy, of {CORES}; service, database",
                *(
                    ", ".join(
                        [
                            f"{median(one.busy for one in some):.2f}",
                            *(f"{median(one.spent.cores[kind] for one in some):.2f}" for kind in OURS),
                        ]
                    )
                    for some in columns.values()
                ),
            ),
            (
                "of it the load, the provider, others",
                *(
                    ", ".join(
                        f"{median(one.spent.cores[kind] for one in some):.2f}"
                        for kind in ("load", "provider", "others")
                    )
                    for some in columns.values()
                ),
            ),
            (
                "cores for 10 such imports/s",
                *(
                    spread([sum(one.each(kind) for kind in OURS) * 10 for one in some])
                    for some in columns.values()
                ),
            ),
        ]
    return table(f"{runs} runs", rows, [config.name for config in found])


def costs_table(found: dict[WorkerCount, list[list[Window]]], sizes: list[int]) -> str:
    """Milliseconds of processor time: what any import takes, and what a thousand contacts more take."""
    small, large = 0, len(sizes) - 1
    rows: list[tuple[str, ...]] = []
    for kind in KINDS[:3]:
        an_import: list[str] = []
        a_thousand: list[str] = []
        for windows in found.values():
            slopes = [
                (run[large].each(kind) - run[small].each(kind)) / (sizes[large] - sizes[small])
                for run in windows
            ]
            fixed = [
                run[small].each(kind) - steep * sizes[small]
                for run, steep in zip(windows, slopes, strict=True)
            ]
            an_import.append(spread(fixed, scale=1000, digits=0))
            a_thousand.append(spread(slopes, scale=1e6, digits=0))
        rows += [(f"{kind}, an import", *an_import), (f"{kind}, 1,000 contacts", *a_thousand)]
    return table("ms of processor time", rows, [config.name for config in found])


def limit(found: dict[WorkerCount, list[list[Window]]]) -> str:
    """What kept it from being quicker."""
    busiest = median(run[-1].busy for windows in found.values() for run in windows)
    others = median(run[-1].spent.cores["others"] for windows in found.values() for run in windows)
    alone = f"; {others:.2f} of them with what is not this benchmark's" if others > 0.1 else ""
    if busiest > 0.9 * CORES:
        return f"The limit was the processor: {busiest:.2f} of {CORES} cores busy{alone}."
    return f"The limit was not the processor: {busiest:.2f} of {CORES} cores busy{alone}."


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="each window (4)")
    parser.add_argument("--ramp", type=float, default=2.0, help="seconds before it (2)")
    parser.add_argument("--contacts", type=int, nargs=2, default=[100, 1000], help="two sizes (100 1000)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="on PostgreSQL (1 2 4)")
    parser.add_argument("--database", default="postgresql", help="postgresql, or a server's URI")
    parser.add_argument("--hosts", type=int, default=4, help="provider's hosts, each a lane of the queue (4)")
    given = parser.parse_args()
    sizes: list[int] = sorted(given.contacts)
    configs = [WorkerCount(0), *(WorkerCount(number) for number in given.workers)]
    found: dict[WorkerCount, list[list[Window]]] = {config: [] for config in configs}
    with bases("sqlite") as files, bases(given.database) as server:
        for _ in range(given.runs):
            for config in configs:
                made = server if config.workers else files
                with fleet(made, workers=config.workers, hosts=given.hosts) as running:
                    found[config].append(uvloop.run(measure(running, sizes, given.ramp, given.seconds)))
    print(f"{IN_FLIGHT} imports kept in flight, 16 at once a process; {LIMITS}; {given.hosts} hosts.\n")
    print(rates_table(found, sizes, given.runs), costs_table(found, sizes), limit(found), sep="\n\n")


if __name__ == "__main__":
    main()
