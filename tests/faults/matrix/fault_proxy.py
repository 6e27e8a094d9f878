"""A proxy on the provider's side that damages answers, on raw sockets: HTTP libraries send only valid HTTP.

It tells by the request what the import is doing. At the place that a `FaultPlan` names it hands the connection to a
fault instead of passing the sound answer on: each time, or only once.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

import msgspec

from tests.faults.matrix.certificates import Certificates
from tests.faults.matrix.paged_book import PagedAnswer, PagedRequest, Stage

Duration = Literal["ever", "once"]
LOOP = "/loop/"
"""Two places under it redirect to each other."""
FROM_THE_START: tuple[Stage, ...] = ("discovery", "token", "first page", "revocation")
"""Stages that begin with the first request."""


class FaultyServer(Protocol):
    """What stands behind the proxy, and knows what an import wants of it."""

    def answer(self, request: PagedRequest) -> PagedAnswer:
        """What a sound server says."""
        ...

    def knows(self, request: PagedRequest) -> bool:
        """Whether it comes with a secret that is good."""
        ...

    def is_page(self, request: PagedRequest) -> bool:
        """Whether it asks for contacts."""
        ...

    def is_at(self, stage: Stage, request: PagedRequest, page: int) -> bool:
        """Whether the import is in this stage; `page` counts the requests for contacts."""
        ...


class FaultyConnection:
    """One connection, and what a fault may do with it. `answer` is the sound one."""

    def __init__(
        self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: str
    ) -> None:
        self.proxy = proxy
        self.target = target
        self.answer = PagedAnswer(200)
        self._reader = reader
        self._writer = writer

    async def send(self, *pieces: bytes) -> None:
        self._writer.write(b"".join(pieces))
        await self._writer.drain()

    async def pass_on(self, answer: PagedAnswer) -> bool:
        """A whole, well-formed answer."""
        await self.send(head(answer), answer.body)
        return True

    async def half(self) -> bytes:
        """Sends the head and the first half of the sound answer; what is left of its body."""
        body = self.answer.body
        await self.send(head(self.answer), body[: len(body) // 2])
        return body[len(body) // 2 :]

    async def wait(self) -> None:
        """Until the client has had enough."""
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while await self._reader.read(1024):
                continue

    def reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        self._writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self._writer.transport.abort()


Act = Callable[[FaultyConnection], Awaitable[bool]]
"""Damages one exchange; whether the connection goes on afterwards."""


class Fault(msgspec.Struct, frozen=True):
    """A way to fail. `in_body` faults let half of an answer pass, and so belong within a long one as well.

    `certificate` names what is wrong with one, and `refuses` says that nothing listens: faults that are there before
    a request is.
    """

    name: str
    act: Act
    in_body: bool = False
    certificate: str = ""
    refuses: bool = False


class FaultPlan(msgspec.Struct, frozen=True):
    """What happens to one import."""

    fault: Fault
    stage: Stage
    duration: Duration


def head(answer: PagedAnswer, length: int | None = None) -> bytes:
    """Status line and headers; `length` may be a lie."""
    count = len(answer.body) if length is None else length
    lines = [f"HTTP/1.1 {answer.status} Whatever", f"Content-Length: {count}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class FaultProxy:
    """Serves one import. `requests` are all that came, `struck` how often the fault was met.

    A fault that is there before any request, such as a refused connection, counts as met once.
    """

    def __init__(self, server: FaultyServer, certificates: Certificates, plan: FaultPlan | None) -> None:
        self.requests = 0
        self.struck = 0
        self.port = 0
        self.elsewhere = ""
        """A URL where nothing may be dialled."""
        self._behind = server
        self._plan = plan
        self._pages = 0
        self._context = certificates.context(self._certificate)
        self._bad = ""
        self._refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._placeholder = socket.socket()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/dav/"

    @property
    def is_passing(self) -> bool:
        """Whether the fault comes once and no more."""
        return self._plan is not None and self._plan.duration == "once"

    async def __aenter__(self) -> FaultProxy:
        # Bound and never listening, it keeps the port ours while nothing listens there.
        self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._placeholder.bind(("127.0.0.1", 0))
        self.port = self._placeholder.getsockname()[1]
        plan = self._plan
        if plan is not None and plan.stage in FROM_THE_START and plan.duration == "ever":
            # Before anything else is heard of it.
            self._bad = plan.fault.certificate
            self._refusing = plan.fault.refuses
            self.struck = int(bool(self._bad) or self._refusing)
        if not self._refusing:
            await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.hang_up()
        await asyncio.gather(*self._tasks)
        if self._server is not None:
            self._server.close()
        self._placeholder.close()

    async def _listen(self) -> None:
        self._refusing = False
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, ssl=self._context, reuse_port=True
        )

    def hang_up(self) -> None:
        """Ends every connection at once."""
        for writer in list(self._writers):
            writer.transport.abort()

    def refuse(self) -> None:
        """Nothing listens from now on."""
        self._refusing = True
        if self._server is not None:
            self._server.close()
        self.hang_up()

    def spoil(self, certificate: str) -> None:
        """Each new connection is shown a certificate with this fault."""
        self._bad = certificate
        self.hang_up()

    def _begin_before(self, fault: Fault) -> None:
        """Faults that are there before a request is."""
        if fault.certificate or fault.refuses:
            self.struck += 1
            self._bad = fault.certificate
            if fault.refuses:
                self.refuse()

    def noticed(self) -> None:
        """The client has met a refused connection, and will come back."""
        if self._refusing and self.is_passing:
            task = asyncio.get_running_loop().create_task(self._listen())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _certificate(self) -> str:
        bad = self._bad
        if self.is_passing:
            self._bad = ""
        return bad

    def _is_struck(self, request: PagedRequest) -> bool:
        """Whether the plan's fault applies to this request."""
        plan = self._plan
        if plan is None or (plan.duration == "once" and (self.struck or not self._behind.knows(request))):
            return False
        return self._behind.is_at(plan.stage, request, self._pages)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._exchange(reader, writer):
                continue
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await _read(reader)
        self.requests += 1
        self._pages += self._behind.is_page(request)
        wire = FaultyConnection(self, reader, writer, request.target)
        if request.target.startswith(LOOP):
            return await wire.pass_on(PagedAnswer(302, {"Location": LOOP + str(1 - int(request.target[-1]))}))
        wire.answer = self._behind.answer(request)
        plan = self._plan
        if plan is None or not self._is_struck(request):
            goes_on = await wire.pass_on(wire.answer)
            if plan is not None and plan.stage == "refresh" and not self.struck:
                # The second request of this server's: nothing may listen there any more.
                self._begin_before(plan.fault)
            return goes_on
        self.struck += 1
        return await plan.fault.act(wire)


async def _read(reader: asyncio.StreamReader) -> PagedRequest:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return PagedRequest(method, target, headers, body)
