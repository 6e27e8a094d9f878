"""The hostile server: `python -m tests.faults.hostile.hostile_server`, a process of its own on loopback.

It listens on one port of every address in 127.0.0.0/8. Each run of a scenario gets an address of its own, so that
what the service learns of one host is not held against the next; another address is that of somebody who did not ask
for anything, and only counts. Commands and their answers are lines of JSON on standard input and output.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tests.faults.hostile.all_scenarios import SCENARIOS
from tests.faults.hostile.plain_book import UNKNOWN, sound
from tests.faults.hostile.scenario import RESET, THIRD, End, Scenario, ScenarioRequest, Step

LONGEST_BODY = 64 * 1024 * 1024
HOSTS = 250


def address(run: int) -> str:
    """The host of the run of this number."""
    return f"127.1.{run // HOSTS}.{run % HOSTS + 1}"


class HostileServer:
    """`requests` counts by address; `played` holds each run's scenario."""

    def __init__(self) -> None:
        self.port = 0
        self.tls_port = 0
        self.requests: Counter[str] = Counter()
        self.connections: Counter[str] = Counter()
        self.played: dict[str, Scenario] = {}

    def play(self, name: str) -> str:
        """A new run's URL."""
        host = address(len(self.played))
        one = self.played[host] = SCENARIOS[name]
        if one.kind == "handshake":
            return f"https://{host}:{self.port}/dav/"
        return f"https://{host}:{self.tls_port}/dav/" if one.tls else f"http://{host}:{self.port}/dav/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = writer.get_extra_info("sockname")[:2]
        self.connections[host] += 1
        one = self.played.get(host)
        try:
            if one is not None and one.kind != "answer":
                await _send(writer, one.answer(ScenarioRequest("", "", {}, b"", "", "", 0)) or ())
                return
            while await self._exchange(one, host, port, reader, writer):
                continue
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ssl.SSLError):
            return
        finally:
            writer.close()

    async def _exchange(
        self,
        one: Scenario | None,
        host: str,
        port: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = (line.partition(":") for line in lines)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        body = await reader.readexactly(min(LONGEST_BODY, int(headers.get("content-length", "0"))))
        self.requests[host] += 1
        if one is None:
            writer.write(UNKNOWN)
            await writer.drain()
            return True
        base, third = f"http://{host}:{port}", f"http://{THIRD}:{port}"
        request = ScenarioRequest(method, target, headers, body, base, third, self.requests[host])
        steps = one.answer(request)
        return await _send(writer, sound(request) if steps is None else steps)


async def _send(writer: asyncio.StreamWriter, steps: Iterable[Step]) -> bool:
    """Whether the connection goes on afterwards."""
    for step in steps:
        if isinstance(step, End):
            if step is RESET:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            return False
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        else:
            await asyncio.sleep(step)
    return True


async def _main() -> None:
    here = HostileServer()
    certificate = Path(sys.argv[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    plain = await asyncio.start_server(here.serve, "0.0.0.0", 0, limit=LONGEST_BODY)
    sealed = await asyncio.start_server(here.serve, "0.0.0.0", 0, limit=LONGEST_BODY, ssl=context)
    here.port = plain.sockets[0].getsockname()[1]
    here.tls_port = sealed.sockets[0].getsockname()[1]
    print(json.dumps([here.port, here.tls_port]), flush=True)
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            break
        command, *arguments = json.loads(line)
        answer: Any = here.play(*arguments) if command == "play" else [here.requests, here.connections]
        print(json.dumps(answer), flush=True)
    plain.close()
    sealed.close()


class Hostile:
    """The server's process, from outside."""

    def __init__(self, process: subprocess.Popen[str], inward: IO[str], outward: IO[str]) -> None:
        self._inward = inward
        self._outward = outward
        self.process = process
        self.port, self.tls_port = self._line()

    def _line(self) -> Any:
        return json.loads(self._outward.readline())

    def _ask(self, *words: str) -> Any:
        self._inward.write(json.dumps(words) + "\n")
        self._inward.flush()
        return self._line()

    def play(self, name: str) -> str:
        """A new run of a scenario: the URL to name as `server`."""
        return self._ask("play", name)

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Requests and connections so far, by address."""
        requests, connections = self._ask("counts")
        return requests, connections


@contextmanager
def hostile_server(certificate: Path) -> Generator[Hostile]:
    """Runs until the block ends; `certificate` is a PEM file with a key."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.hostile.hostile_server", str(certificate)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Hostile(process, process.stdin, process.stdout)
    finally:
        with suppress(OSError):
            process.stdin.close()
        process.terminate()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main())
