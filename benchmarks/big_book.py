"""A book of 100,000 cards against one of 10,000: `python -m benchmarks.big_book`.

The server makes them up while it sends them (`benchmarks.streaming_server`), so what is measured is the service. Each
size gets a service process of its own, which has imported a small book before: the first import of a process loads
modules and makes the job engine's rows, and would flatter the ratio. Peak memory is the kernel's (VmHWM).
"""

from __future__ import annotations

import argparse
import time

import msgspec

from benchmarks.benchmark_service import RunningBenchService, service
from benchmarks.figures import ratios, spread, table
from benchmarks.streaming_server import streaming

WARM = 200
POLL_SECONDS = 0.1
CONTACT = b'{"first_name":'
"""Every contact begins so, and nothing else does."""


class MeasuredBook(msgspec.Struct):
    """One size in a process of its own: seconds and bytes. `imported` is the peak of memory before `/contacts`."""

    seconds: float
    imported: int
    reading: float
    peak: int
    idle: int
    size: int


def contacts(served: RunningBenchService, import_id: int, expected: int) -> tuple[float, int]:
    """Seconds for all of `/contacts`, and its bytes; what it holds is counted as it passes by."""
    connection = served.connection()
    started = time.perf_counter()
    connection.request("GET", f"/contacts/{import_id}.json", headers=served.headers)
    response = connection.getresponse()
    assert response.status == 200, response.status
    size = count = 0
    rest = b""
    while data := response.read(256 * 1024):
        size += len(data)
        data = rest + data
        count += data.count(CONTACT)
        rest = data[-len(CONTACT) + 1 :]
    taken = time.perf_counter() - started
    # The owner is written like a contact.
    assert count - 1 == expected, f"{count - 1} contacts of {expected}"
    assert rest.endswith(b"}"), rest
    connection.close()
    return taken, size


def import_(served: RunningBenchService, url: str, size: int) -> tuple[int, float]:
    """The import's id, and the seconds from begin_import to COMPLETE."""
    connection = served.connection()
    account = {"service": "carddav", "server": f"{url}/{size}/", "username": "ann", "password": "secret"}
    import_id, taken, _ = served.import_(connection, POLL_SECONDS, **account)
    connection.close()
    return import_id, taken


def measure(url: str, size: int) -> MeasuredBook:
    """One size in a fresh service."""
    with service() as served:
        import_(served, url, WARM)
        idle = served.memory("VmRSS")
        import_id, seconds = import_(served, url, size)
        imported = served.memory()
        reading, bytes_ = contacts(served, import_id, size)
        return MeasuredBook(seconds, imported, reading, served.memory(), idle, bytes_)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--big", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    small: list[MeasuredBook] = []
    big: list[MeasuredBook] = []
    with streaming() as server:
        for _ in range(arguments.runs):
            small.append(measure(server.url, arguments.small))
            big.append(measure(server.url, arguments.big))

    def row(name: str, field: str, unit: str, scale: float, digits: int) -> tuple[str, ...]:
        few = [float(getattr(one, field)) for one in small]
        many = [float(getattr(one, field)) for one in big]
        return (
            name,
            spread(few, unit, scale, digits),
            spread(many, unit, scale, digits),
            f"**{spread(ratios(many, few), 'x')}**",
        )

    mebi = 1 / 2**20
    rows = [
        row("begin_import to COMPLETE", "seconds", " s", 1, 2),
        row("peak memory of the import", "imported", " MiB", mebi, 0),
        row("`/contacts` of all, streamed", "reading", " s", 1, 2),
        row("peak memory, `/contacts` included", "peak", " MiB", mebi, 0),
        row("memory of the service before", "idle", " MiB", mebi, 0),
        row("bytes of `/contacts`", "size", " MiB", mebi, 1),
    ]
    print(
        table(
            f"one book, {arguments.runs} runs",
            rows,
            (f"{arguments.small:,} cards", f"{arguments.big:,} cards", "ratio, pair by pair"),
        )
    )


if __name__ == "__main__":
    main()
