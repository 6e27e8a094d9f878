"""Requests that one process answers in a second (begin_import, events), and how soon a provider is asked.

`python -m benchmarks.api`. The load comes from another process of the same machine, over kept connections; each
figure stands beside that of /health, which touches nothing, as the floor of the same run. The processor time of a
request is what the size of an installation is reckoned from.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable

from benchmarks.benchmark_service import RunningBenchService, service
from benchmarks.figures import percentile, spread, table
from benchmarks.streaming_server import streaming
from benchmarks.wire import KeptConnection, request

REFUSAL = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class FirstRequestServer:
    """A server that notes when it is first spoken to, and has nothing."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[float] = asyncio.Queue()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """404 to every request."""
        if await reader.read(1):
            self.asked.put_nowait(time.perf_counter())
            await reader.readuntil(b"\r\n\r\n")
            writer.write(REFUSAL)
            await writer.drain()
        writer.close()


async def exchange(connection: KeptConnection, message: bytes) -> bytes:
    """One request and its answer's body."""
    status, body = await connection.ask(message)
    assert status == 200, (status, body)
    return body


async def load(
    served: RunningBenchService, message: Callable[[], bytes], clients: int, seconds: float
) -> tuple[float, float, float]:
    """Requests a second, their 99th percentile in seconds, and the service's processor time of each."""
    taken: list[float] = []
    spent = served.processor()
    end = time.perf_counter() + seconds

    async def client() -> None:
        connection = await KeptConnection.open(served.port)
        while (started := time.perf_counter()) < end:
            await exchange(connection, message())
            taken.append(time.perf_counter() - started)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return len(taken) / seconds, percentile(taken, 0.99), (served.processor() - spent) / len(taken)


def contacts(served: RunningBenchService, url: str) -> bytes:
    """The request for the contacts of an import of 1,000."""
    connection = served.connection()
    account = {"service": "carddav", "server": f"{url}/1000/", "username": "ann", "password": "secret"}
    import_id, _, _ = served.import_(connection, 0.1, **account)
    connection.close()
    return request(served.headers, "GET", f"/contacts/{import_id}.json")


async def measure(
    served: RunningBenchService, url: str, clients: int, seconds: float, imports: int
) -> list[tuple[str, str]]:
    """The rows of the table."""
    fetch = await asyncio.to_thread(contacts, served, url)
    provider = FirstRequestServer()
    server = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    form = {"service": "carddav", "server": address, "username": "ann", "password": "secret"}
    begin = request(served.headers, "POST", "/begin_import/import.json", form)

    connection = await KeptConnection.open(served.port)
    waits: list[float] = []
    poll = b""
    for _ in range(imports):
        while not provider.asked.empty():
            provider.asked.get_nowait()
        started = time.perf_counter()
        answer = await exchange(connection, begin)
        waits.append(await provider.asked.get() - started)
        import_id = int(answer.partition(b'"import_id":')[2].split(b",")[0])
        poll = request(served.headers, "GET", f"/events/{import_id}.json")
        while b'"COMPLETE"' not in await exchange(connection, poll):  # noqa: ASYNC110 -- a poll is what is timed
            await asyncio.sleep(0.01)
    connection.close()
    health = request(served.headers, "GET", "/health")
    rows: list[tuple[str, str]] = []
    floor = 0.0
    kinds = (
        ("/health, the floor", health),
        ("events", poll),
        ("contacts of 1,000", fetch),
        ("begin_import, and its import in vain", begin),
    )
    for name, message in kinds:
        rate, p99, spent = await load(served, lambda message=message: message, clients, seconds)
        floor = floor or rate
        told = f"{rate:,.0f}/s ({rate / floor:.2f} of the floor), p99 {p99 * 1000:.1f} ms"
        rows.append((name, f"{told}, {spent * 1000:.2f} ms of processor time"))
    rows.append(
        (
            "begin_import to the first byte at the provider",
            spread(waits, " ms", 1000, 0) + f", {imports} imports",
        )
    )
    server.close()
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--imports", type=int, default=30)
    arguments = parser.parse_args()
    with streaming() as books, service() as served:
        rows = asyncio.run(
            measure(served, books.url, arguments.clients, arguments.seconds, arguments.imports)
        )
    print(table(f"one process, {arguments.clients} clients", rows))


if __name__ == "__main__":
    main()
