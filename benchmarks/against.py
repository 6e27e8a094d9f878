"""This checkout against another one, pair by pair: `python -m benchmarks.against CHECKOUT`.

Both services run all the time and take turns, so that a machine that slows down slows both. CHECKOUT is a folder with
its own .venv (`scripts/install` made it there). A ratio below 1 means that this checkout takes less.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.api import exchange
from benchmarks.benchmark_service import RunningBenchService, service
from benchmarks.figures import ratios, spread, table
from benchmarks.streaming_server import streaming
from benchmarks.wire import KeptConnection, request

Cost = tuple[float, float]
"""Seconds, and seconds of processor time."""
REQUESTS = 200
"""Requests of one measurement of a poll or of /health."""
TICKS = 0.01
"""Seconds that Linux counts processor time in: what is measured should take many of them."""


class Measured:
    """One service, and an import that was read on it."""

    def __init__(self, served: RunningBenchService, books: str, cards: int) -> None:
        self.served = served
        self.account = {
            "service": "carddav",
            "server": f"{books}/{cards}/",
            "username": "ann",
            "password": "secret",
        }
        self.last = 0
        self.imported()

    def _cost(self, work: Callable[[], object]) -> Cost:
        spent, started = self.served.processor(), time.perf_counter()
        work()
        return time.perf_counter() - started, self.served.processor() - spent

    def imported(self, times: int = 1) -> Cost:
        """Imports, one after the other, from begin_import to COMPLETE. Polls are few, as they cost too."""
        connection = self.served.connection()
        taken = 0.0

        def work() -> None:
            nonlocal taken
            for _ in range(times):
                self.last, seconds, _ = self.served.import_(connection, 0.1, **self.account)
                taken += seconds

        _, spent = self._cost(work)
        connection.close()
        return taken / times, spent / times

    def asked(self, path: str) -> Cost:
        """A request, of many over one connection."""
        message = request(self.served.headers, "GET", path.format(self.last))

        async def requests() -> None:
            connection = await KeptConnection.open(self.served.port)
            for _ in range(REQUESTS):
                await exchange(connection, message)
            connection.close()

        taken, spent = self._cost(lambda: asyncio.run(requests()))
        return taken / REQUESTS, spent / REQUESTS

    def fetched(self) -> Cost:
        """The contacts of the import."""
        connection = self.served.connection()

        def work() -> None:
            connection.request("GET", f"/contacts/{self.last}.json", headers=self.served.headers)
            connection.getresponse().read()

        cost = self._cost(work)
        connection.close()
        return cost


def pairs(what: Callable[[Measured], Cost], sides: tuple[Measured, Measured], runs: int) -> list[str]:
    """Ratios of seconds and of processor time, and both processor times."""
    costs: tuple[list[Cost], list[Cost]] = ([], [])
    for run in range(runs):
        # Who begins changes, as the second of a pair finds the machine as the first has left it.
        for side in (0, 1) if run % 2 else (1, 0):
            costs[side].append(what(sides[side]))
    ours, theirs = costs
    return [
        spread(ratios([one[0] for one in ours], [one[0] for one in theirs]), "x"),
        spread(ratios([max(one[1], TICKS) for one in ours], [max(one[1], TICKS) for one in theirs]), "x"),
        f"{sum(one[1] for one in ours) / sum(one[1] for one in theirs):.3f}x",
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--cards", type=int, default=10_000)
    arguments = parser.parse_args()
    command = str((arguments.checkout / ".venv/bin/contactport").resolve())
    rows: list[list[str]] = []
    with streaming() as books, service() as here, service(command=command) as there:
        for cards in (arguments.cards, 1000, 100):
            sides = Measured(here, books.url, cards), Measured(there, books.url, cards)
            times = max(1, 10_000 // cards)

            def imported(side: Measured, times: int = times) -> Cost:
                return side.imported(times)

            rows.append([f"import of {cards:,}", *pairs(imported, sides, arguments.runs)])
            if cards == arguments.cards:
                rows.append([f"/contacts of {cards:,}", *pairs(Measured.fetched, sides, arguments.runs)])
                for path in ("/health", "/events/{}.json"):
                    row = pairs(lambda side, path=path: side.asked(path), sides, arguments.runs)
                    rows.append([path.replace("{}", "ID"), *row])
    heads = ("seconds", "processor time, pair by pair", "all runs together")
    print(table(f"{arguments.runs} pairs", rows, heads))


if __name__ == "__main__":
    main()
