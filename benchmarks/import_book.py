"""An import from a warm Radicale against one `addressbook-query` by curl: `python -m benchmarks.import_book`.

Both read the same cards of the same server, in turn, so that a machine that slows down slows both. Server, service
and curl have each read the book before. curl only writes the bytes to a file; its start counts, some 10 ms.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.benchmark_service import RunningBenchService, service
from benchmarks.figures import percentile, ratios, spread, table
from samples.book import cards
from tests.servers.radicale import radicale

POLL_SECONDS = 0.1
"""Ten times as often as an application polls: more would be a load of its own beside the import."""
QUERY = (
    '<C:addressbook-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">'
    "<D:prop><D:getetag/><C:address-data/></D:prop></C:addressbook-query>"
)


def curl(url: str, out: Path) -> float:
    """Seconds that curl takes for the whole book, its start included."""
    command = ["curl", "--silent", "--fail", "--user", "alice:secret", "--request", "REPORT"]
    command += ["--header", "Depth: 1", "--header", "Content-Type: text/xml", "--data", QUERY]
    started = time.perf_counter()
    subprocess.run([*command, "--output", str(out), url], check=True)
    return time.perf_counter() - started


def begin_to_complete(served: RunningBenchService, server: str, size: int) -> tuple[float, list[float]]:
    """Seconds from begin_import to COMPLETE, and of each poll meanwhile."""
    connection = served.connection()
    import_id, taken, polls = served.import_(
        connection, POLL_SECONDS, service="carddav", server=server, username="alice", password="secret"
    )
    connection.request("GET", f"/imports/{import_id}", headers=served.headers)
    told = connection.getresponse().read().decode()
    assert f'"delivered":{size}' in told.replace(" ", ""), told
    connection.close()
    return taken, polls


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    with radicale() as server, service() as served, tempfile.TemporaryDirectory() as folder:
        book = server.url + server.book("alice", "book", cards(arguments.cards)).lstrip("/")
        out = Path(folder) / "book.xml"
        curl(book, out)
        begin_to_complete(served, server.url, arguments.cards)
        idle = served.memory("VmRSS")
        floors: list[float] = []
        imports: list[float] = []
        polls: list[float] = []
        for _ in range(arguments.runs):
            floors.append(curl(book, out))
            taken, some = begin_to_complete(served, server.url, arguments.cards)
            imports.append(taken)
            polls += some
        size = os.path.getsize(out)
        peak = served.memory()
    rows = [
        ("cards, and bytes of the answer", f"{arguments.cards:,}, {size:,}"),
        ("one addressbook-query by curl", spread(floors, " s")),
        ("begin_import to COMPLETE", spread(imports, " s")),
        ("**ratio, pair by pair**", f"**{spread(ratios(imports, floors), 'x')}**"),
        ("/events meanwhile, p50", f"{percentile(polls, 0.5) * 1000:.1f} ms"),
        ("/events meanwhile, p99", f"{percentile(polls, 0.99) * 1000:.1f} ms ({len(polls)} polls)"),
        ("memory after the first import", f"{idle / 2**20:.0f} MiB"),
        ("peak memory of the service", f"{peak / 2**20:.0f} MiB"),
        ("peak memory, as a ratio to the answer's bytes", f"{peak / size:.1f}x"),
    ]
    print(table(f"import of {arguments.cards:,} cards, {arguments.runs} runs", rows))


if __name__ == "__main__":
    main()
