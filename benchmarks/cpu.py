"""The processor time of an import: `python -m benchmarks.cpu`.

User and system time of the whole process, its threads and job engine included, from begin_import to COMPLETE, with
a poll four times a second. From Radicale one answer is read; from a server that nobody can vouch for (the streaming
one) the listing as well. `python -m benchmarks.profile_import` shows by room where it goes.
"""

from __future__ import annotations

import argparse
import time

from benchmarks.benchmark_service import RunningBenchService, service
from benchmarks.figures import spread, table
from benchmarks.streaming_server import streaming
from samples.book import cards
from tests.servers.radicale import radicale

POLL_SECONDS = 0.25


def spent(served: RunningBenchService, server: str, user: str) -> float:
    """Seconds of processor time that one import takes."""
    connection = served.connection()
    before = served.processor()
    account = {"service": "carddav", "server": server, "username": user, "password": "secret"}
    served.import_(connection, POLL_SECONDS, **account)
    taken = served.processor() - before
    connection.close()
    return taken


def idle(served: RunningBenchService, seconds: float) -> float:
    """The share of one processor that the service takes with nothing to do."""
    before = served.processor()
    time.sleep(seconds)
    return (served.processor() - before) / seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    count, runs = arguments.cards, arguments.runs
    per = 1000 / count
    with radicale() as warm, streaming() as endless, service() as served:
        warm.book("alice", "book", cards(count))
        servers = (("Radicale", warm.url), ("the streaming server", f"{endless.url}/{count}/"))
        taken: dict[str, list[float]] = {name: [] for name, _ in servers}
        for _, url in servers:
            spent(served, url, "alice")
        for _ in range(runs):
            for name, url in servers:
                taken[name].append(spent(served, url, "alice"))
        rest = idle(served, 5)
    rows = [(f"from {name}", spread(some, " ms", per * 1000, 1)) for name, some in taken.items()]
    rows.append(("with nothing to do", f"{rest:.1%} of a processor"))
    print(table(f"processor time per 1,000 contacts, {runs} imports of {count:,} each", rows))


if __name__ == "__main__":
    main()
