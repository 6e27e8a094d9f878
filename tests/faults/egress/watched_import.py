"""Import of one row of the table, by the real source and client. Every connection is watched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from contactport.errors import Code
from contactport.grant import Password
from contactport.imports.run import run
from contactport.imports.to_error import to_error
from contactport.net.client import open_client
from contactport.net.retries import RetryPolicy
from contactport.settings import Settings
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from contactport.sources.failures import FAILURES
from tests.faults.egress.addresses import ROWS, ZONE, AddressRow
from tests.faults.egress.dial_monitor import watching
from tests.faults.egress.leading_server import handler
from tests.faults.matrix.cell import MemorySink
from tests.servers.source_run import PROVIDERS
from tests.unit.net.little_server import LittleServer, little_server, reply
from tests.unit.net.name_server import name_server

LISTENING = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "::1")
ALLOWED = "127.0.0.3/32"
"""A network that the operator allows: for those who name it themselves, and nobody else."""
REFUSALS = {int(Code.INVALID_PARAMETERS), int(Code.IMPORT_FAILED), int(Code.UNAVAILABLE)}
GO_ON = {"book", "card", "photo"}
"""Ways to which an import need not follow: `http:` and a path is a place on the same server, a card that lies
elsewhere is rejected, and nobody fetches a picture that does."""


class EgressResult(msgspec.Struct, kw_only=True):
    """What became of a row."""

    row: AddressRow
    code: int
    dialled: list[tuple[str, int]]
    heard: int
    """Connections that a listener got."""
    led: bool
    """Whether the server that was to lead the import astray was asked."""

    def troubles(self) -> list[str]:
        """What is not as it should be, in words."""
        found: list[str] = []
        if self.dialled or self.heard:
            found.append(f"dialled {self.dialled}, heard {self.heard} times")
        if self.code not in (REFUSALS if self.row.way not in GO_ON else REFUSALS | {0}):
            found.append(f"ended in {self.code}")
        if not self.led:
            found.append("nothing led there")
        return [f"{self.row.way} {self.row.target!r}: {trouble}" for trouble in found]


class Zone(dict[tuple[str, str], list[str]]):
    """A name may have another address each time that it is asked for."""

    def __init__(self) -> None:
        super().__init__(ZONE)
        self.changing: dict[str, list[str]] = {}

    def get(self, key: tuple[str, str], default: list[str] | None = None) -> list[str] | None:  # type: ignore[override]
        name, kind = key
        if kind == "A" and name in self.changing:
            addresses = self.changing[name]
            return [addresses.pop(0) if len(addresses) > 1 else addresses[0]]
        return super().get(key, default)


class Ground:
    """What all trials share: a name server, and listeners on one port of several addresses."""

    def __init__(self, resolver: str, zone: Zone, port: int) -> None:
        self.resolver = resolver
        self.zone = zone
        self.port = port
        self.heard = 0
        for key, values in ZONE.items():
            zone[key] = [value.replace("{open}", str(port)) for value in values]

    async def trial(self, row: AddressRow, number: int = 0) -> EgressResult:
        target = row.target.replace("{open}", str(self.port))
        async with AsyncExitStack() as stack:
            front: LittleServer | None = None
            server, username = target, "alice"
            if row.way in ("user name", "service record"):
                server, username = "", target
            elif row.way == "rebinding":
                # Its port changes, so that the name is asked for again.
                name = f"rebinding-{number}.test"
                self.zone[name, "A"] = []
                self.zone.changing[name] = [row.first, target]
                moved = f"Location: http://{name}:{self.port}/"
                front = await stack.enter_async_context(little_server(lambda _: reply(302, b"", moved)))
                server = f"http://{name}:{front.port}/dav/"
            elif row.way not in ("server", "name server"):
                front = await stack.enter_async_context(little_server(handler(row.way, target)))
                server = front.url("" if row.way == "well-known" else "/dav/")
            allowed = [] if front is None else [f"127.0.0.1/32:{front.port}"]
            host, _, port = self.resolver.partition(":")
            places = {(host, int(port))}
            if front is not None:
                places.add(("127.0.0.1", front.port))
            heard = self.heard
            with watching(places) as watch:
                code = await self._import(server, username, [*allowed, *([ALLOWED] if front else [])])
            return EgressResult(
                row=row,
                code=code,
                dialled=watch.dialled,
                heard=self.heard - heard,
                led=front is None or len(front.requests) > 0,
            )

    async def _import(self, server: str, username: str, allowed: list[str]) -> int:
        provider = PROVIDERS.find("carddav")
        assert provider is not None
        settings = Settings(
            allow_network=allowed, resolver=self.resolver, connect_seconds=5, first_byte_seconds=5
        )
        account = Account(
            provider=provider, grant=Password(username, "secret", server), include=frozenset({"photo"})
        )
        try:
            async with open_client(settings, RetryPolicy(base=0.001, cap=0.001)) as client:
                await run(CardDav(), account, client, MemorySink(), settings.import_members)
        except FAILURES as error:
            return int(to_error(error, "password").code)
        return 0


@asynccontextmanager
async def ground() -> AsyncGenerator[Ground]:
    zone = Zone()
    here: Ground | None = None

    def hear(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if here is not None:
            here.heard += 1
        writer.close()

    async with AsyncExitStack() as stack:
        resolver = await stack.enter_async_context(name_server(zone))
        port = 0
        for address in LISTENING:
            if address == "::1" and not await _has_ipv6():
                continue
            server = await asyncio.start_server(hear, address, port)
            stack.callback(server.close)
            port = server.sockets[0].getsockname()[1]
        here = Ground(resolver, zone, port)
        yield here


async def _has_ipv6() -> bool:
    try:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "::1", 0)
    except OSError:
        return False
    server.close()
    return True


async def run_all(rows: Sequence[AddressRow] = ROWS) -> list[EgressResult]:
    """Every row, one after the other, so that whatever is heard has one cause."""
    async with ground() as here:
        return [await here.trial(row, number) for number, row in enumerate(rows)]
