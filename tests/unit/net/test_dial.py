"""Connections for other protocols than HTTP: they pass the same guard, and count towards the same budgets."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from contactport.net.client import open_client
from contactport.net.connection import Connection
from contactport.net.failures import CertificateInvalid, ConnectTimeout, TimedOut, TooLarge, Unreachable
from contactport.settings import Settings
from tests.faults.egress.addresses import PRIVATE, PRIVATE_V6, SPELLINGS
from tests.faults.egress.dial_monitor import watching
from tests.unit.net.authority import make_authority
from tests.unit.net.name_server import name_server
from tests.unit.net.test_client import settings


class Echo:
    """Sends back what it gets. `connections` is how many came."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


@asynccontextmanager
async def echo(tls: ssl.SSLContext | None = None) -> AsyncGenerator[Echo]:
    here = Echo()
    server = await asyncio.start_server(here.serve, "127.0.0.1", 0, ssl=tls)
    here.port = server.sockets[0].getsockname()[1]
    try:
        yield here
    finally:
        server.close()


async def read_all(connection: Connection) -> None:
    while await connection.read():
        pass


async def test_in_the_clear_to_a_network_that_the_operator_allows() -> None:
    async with echo() as server, open_client(settings()) as client:
        connection = await client.dial("127.0.0.1", server.port, tls=False)
        await connection.write(b"hello")
        assert await connection.read() == b"hello"
        connection.close()


async def test_over_tls_with_the_certificate_of_the_name(tmp_path: Path) -> None:
    authority, context = make_authority(tmp_path, "ldap.test")
    async with (
        name_server({("ldap.test", "A"): ["127.0.0.1"], ("other.test", "A"): ["127.0.0.1"]}) as resolver,
        echo(context) as server,
        open_client(settings(ca_file=str(authority), resolver=resolver)) as client,
    ):
        connection = await client.dial("ldap.test", server.port)
        await connection.write(b"hello")
        assert await connection.read() == b"hello"
        connection.close()
        with pytest.raises(CertificateInvalid):
            await client.dial("other.test", server.port)


async def test_a_certificate_of_nobody_is_refused(tmp_path: Path) -> None:
    _, context = make_authority(tmp_path)
    async with echo(context) as server, open_client(settings()) as client:
        with pytest.raises(CertificateInvalid):
            await client.dial("127.0.0.1", server.port)


@pytest.mark.parametrize("tls", [True, False])
async def test_no_address_but_a_public_one_is_dialled(tls: bool) -> None:
    names = [spelling for spelling in SPELLINGS if "127.0.0.3" not in spelling]
    async with name_server({}) as resolver, open_client(Settings(resolver=resolver)) as client:
        name_server_host, _, port = resolver.partition(":")
        with watching({(name_server_host, int(port))}) as watch:
            for address in (*PRIVATE, *PRIVATE_V6, *names):
                with pytest.raises(Unreachable) as caught:
                    await client.dial(address, 636, tls=tls)
                assert not caught.value.provider_failed
    assert watch.dialled == []


async def test_nothing_public_is_dialled_in_the_clear_or_on_other_ports() -> None:
    async with open_client(Settings()) as client:
        with watching(set()) as watch:
            for port, tls in ((389, False), (636, False), (25, True), (22, True)):
                with pytest.raises(Unreachable):
                    await client.dial("8.8.8.8", port, tls=tls)
    assert watch.dialled == []


async def test_a_public_address_is_dialled_on_the_ports_of_directories() -> None:
    async with open_client(Settings()) as client:
        with watching(set()) as watch, pytest.raises(Unreachable) as caught:
            await client.dial("8.8.8.8", 636)
    assert watch.dialled == [("8.8.8.8", 636)]
    assert caught.value.provider_failed


async def test_a_public_host_does_not_lead_inside() -> None:
    async with echo() as server, open_client(settings()) as client:
        with pytest.raises(Unreachable):
            await client.dial("127.0.0.1", server.port, tls=False, via="dav.example.com")
    assert server.connections == 0


async def test_a_name_without_an_address_is_unreachable() -> None:
    async with name_server({}) as resolver, open_client(settings(resolver=resolver)) as client:
        with pytest.raises(Unreachable) as caught:
            await client.dial("nowhere.test", 636)
    assert not caught.value.provider_failed


async def test_what_comes_counts_towards_the_import() -> None:
    async with echo() as server, open_client(settings(import_bytes=1000)) as client:
        connection = await client.dial("127.0.0.1", server.port, tls=False)
        await connection.write(bytes(2000))
        with pytest.raises(TooLarge):
            await read_all(connection)
        connection.close()


async def test_a_silent_server_is_not_waited_for_for_ever() -> None:
    async with echo() as server, open_client(settings(idle_seconds=0.05)) as client:
        connection = await client.dial("127.0.0.1", server.port, tls=False)
        with pytest.raises(TimedOut):
            await connection.read()
        connection.close()


async def test_a_handshake_that_does_not_end_is_not_waited_for_for_ever() -> None:
    async with echo() as server, open_client(settings(connect_seconds=0.1)) as client:
        with pytest.raises((ConnectTimeout, Unreachable)):
            await client.dial("127.0.0.1", server.port)
