"""A server with a good certificate that is hostile within TLS: each request ends, in a kind of failure of its own."""

from __future__ import annotations

import asyncio
import datetime
import os
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from contactport.net.client import Client, open_client, trust
from contactport.net.failures import ConnectionLost, Unreachable
from contactport.net.retries import RetryPolicy
from contactport.settings import load
from tests.faults.hostile.scenario_run import MEMORY, ProcessMemory
from tests.unit.net.authority import make_authority

HANG = 60.0
"""Seconds after which something would hang for ever; nothing here is expected to take one."""
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
Sabotage = Callable[[int], None]
"""Gets the descriptor of the connection, to write on it past TLS."""


def fatal_alert(descriptor: int) -> None:
    os.write(descriptor, b"\x15\x03\x03\x00\x02\x02\x28")


def many_warnings(descriptor: int) -> None:
    os.write(descriptor, b"\x15\x03\x03\x00\x02\x01\x00" * 1000)


def forged_record(descriptor: int) -> None:
    os.write(descriptor, b"\x17\x03\x03\x00\x40" + bytes(0x40))


def record_too_long(descriptor: int) -> None:
    os.write(descriptor, b"\x17\x03\x03\xff\xff" + bytes(0x4000))


def empty_records(descriptor: int) -> None:
    os.write(descriptor, b"\x17\x03\x03\x00\x00" * 1000)


@asynccontextmanager
async def tls_server(
    context: ssl.SSLContext, authority: Path, sabotage: Sabotage | None = None
) -> AsyncGenerator[tuple[URL, Client]]:
    """Answers every request by BODY and ten bytes; with sabotage after five of them."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(BODY + b"01234")
                await writer.drain()
                if sabotage is not None:
                    sabotage(writer.get_extra_info("socket").fileno())
                writer.write(b"56789")
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    settings = load(environment={}, overrides={"allow_network": ["127.0.0.1/32"], "ca_file": str(authority)})
    try:
        async with open_client(settings, RetryPolicy(base=0.001, cap=0.001)) as client:
            yield URL(f"https://127.0.0.1:{port}/"), client
    finally:
        server.close()


async def fetch(client: Client, url: URL) -> bytes:
    async with asyncio.timeout(HANG), client.request("GET", url) as response:
        return await response.read()


def filler(size: int) -> bytes:
    """A certificate of about so many bytes, which nobody asks for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "filler")])
    now = datetime.datetime.now(datetime.UTC)
    padding = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), bytes(size))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(padding, critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("count", "size"), [(1000, 100), (50, 60_000), (1, 2_000_000)])
async def test_a_chain_of_certificates_without_end(count: int, size: int, tmp_path: Path) -> None:
    authority, _ = make_authority(tmp_path)
    chain = tmp_path / "server.pem"
    chain.write_bytes(chain.read_bytes() + filler(size) * count)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    memory = ProcessMemory(os.getpid())
    async with tls_server(context, authority) as (url, client):
        before = memory.begin()
        with pytest.raises(Unreachable) as caught:
            await fetch(client, url)
        assert memory.peak - before <= MEMORY
    assert not isinstance(caught.value, ConnectionLost)


async def test_tickets_by_the_thousand_do_no_harm(tmp_path: Path) -> None:
    authority, context = make_authority(tmp_path)
    context.num_tickets = 5000
    memory = ProcessMemory(os.getpid())
    async with tls_server(context, authority) as (url, client):
        before = memory.begin()
        assert await fetch(client, url) == b"0123456789"
        assert memory.peak - before <= MEMORY


@pytest.mark.parametrize(
    "sabotage", [fatal_alert, many_warnings, forged_record, record_too_long, empty_records]
)
async def test_what_does_not_belong_into_the_middle_of_an_answer(sabotage: Sabotage, tmp_path: Path) -> None:
    authority, context = make_authority(tmp_path)
    async with tls_server(context, authority, sabotage) as (url, client):
        with pytest.raises(ConnectionLost):
            await fetch(client, url)


def test_a_server_may_not_ask_to_negotiate_again() -> None:
    assert trust("").options & ssl.OP_NO_RENEGOTIATION
