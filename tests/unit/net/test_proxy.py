"""An outbound proxy: what goes through it, what does not, and whose failure it is."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from contactport.net.client import Client, open_client
from contactport.net.failures import ProxyUnavailable, Unreachable
from contactport.net.proxy import parse_proxy
from contactport.net.retries import RetryPolicy
from contactport.settings import SettingError, load
from tests.servers.server_process import free_port
from tests.unit.net.authority import make_authority
from tests.unit.net.little_server import little_server, reply
from tests.unit.net.name_server import name_server

QUICK = RetryPolicy(base=0.001, cap=0.001, patience=0.5)
NAME = "dav.example.org"
PUBLIC = {(NAME, "A"): ["93.184.215.14"], ("inner.example.org", "A"): ["10.0.0.8"]}


class ConnectProxy:
    """Leads every tunnel to one port of loopback, or answers `refuses` instead. `asked` are the tunnels' targets."""

    def __init__(self, port: int, refuses: int = 0) -> None:
        self.asked: list[str] = []
        self.authorisations: list[str | None] = []
        self._port = port
        self._refuses = refuses

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError), contextlib.closing(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines if line)
            self.authorisations.append(headers.get("Proxy-Authorization"))
            method, target, _ = first.split(" ")
            assert method == "CONNECT"
            self.asked.append(target)
            if self._refuses:
                writer.write(reply(self._refuses))
                await writer.drain()
                return
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(_pour(reader, back), _pour(there, writer))


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


@asynccontextmanager
async def proxied(
    folder: Path, *, user: str = "", refuses: int = 0, **values: Any
) -> AsyncGenerator[tuple[ConnectProxy, Client]]:
    """A provider over TLS that nobody reaches but through the proxy, and a client that knows the proxy."""
    authority, context = make_authority(folder, NAME)
    async with (
        little_server(lambda _: reply(207, b"found"), tls=context) as server,
        name_server(PUBLIC) as resolver,
    ):
        proxy = ConnectProxy(server.port, refuses)
        listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        given = {
            "ca_file": str(authority),
            "resolver": resolver,
            "proxy": f"http://{user}127.0.0.1:{port}",
            **values,
        }
        async with listener, open_client(load(environment={}, overrides=given), QUICK) as client:
            yield proxy, client


async def fetch(client: Client, url: str) -> tuple[int, bytes]:
    async with client.request("PROPFIND", URL(url)) as response:
        return response.status, await response.read()


async def test_a_public_server_is_reached_through_the_proxy(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (proxy, client):
        assert await fetch(client, f"https://{NAME}/") == (207, b"found")
        assert await fetch(client, f"https://{NAME}/again") == (207, b"found")
    assert proxy.asked == [f"{NAME}:443"]


async def test_the_proxy_is_told_the_name_and_password_that_it_asks_for(tmp_path: Path) -> None:
    async with proxied(tmp_path, user="ann:s%40cret@") as (proxy, client):
        await fetch(client, f"https://{NAME}/")
    assert proxy.authorisations == ["Basic " + base64.b64encode(b"ann:s@cret").decode()]


async def test_a_name_that_no_name_server_here_knows_is_left_to_the_proxy(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (proxy, client):
        with pytest.raises(Unreachable):
            # The certificate is for another name: whoever answers for it is not trusted.
            await fetch(client, "https://elsewhere.example.net/")
    assert set(proxy.asked) == {"elsewhere.example.net:443"}


@pytest.mark.parametrize(
    "url",
    [
        "https://inner.example.org/",
        "https://10.0.0.8/",
        "https://[fd00::1]/",
        f"https://{NAME}:22/",
        "https://unknown.example.net:22/",
        f"http://{NAME}/",
    ],
)
async def test_what_may_not_be_dialled_is_not_asked_of_the_proxy(url: str, tmp_path: Path) -> None:
    async with proxied(tmp_path) as (proxy, client):
        with pytest.raises(Unreachable) as caught:
            await fetch(client, url)
    assert proxy.asked == []
    assert not caught.value.provider_failed


async def test_what_is_not_http_goes_through_the_proxy_too(tmp_path: Path) -> None:
    async with proxied(tmp_path, user="ann:s%40cret@") as (proxy, client):
        connection = await client.dial(NAME, 636)
        await connection.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await connection.read()).startswith(b"HTTP/1.1 207")
        connection.close()
    assert proxy.asked == [f"{NAME}:636"]
    assert proxy.authorisations == ["Basic " + base64.b64encode(b"ann:s@cret").decode()]


@pytest.mark.parametrize(
    ("status", "failure"), [(403, ProxyUnavailable), (407, ProxyUnavailable), (502, Unreachable)]
)
async def test_what_is_not_http_ends_as_requests_do_where_the_proxy_refuses(
    status: int, failure: type[Exception], tmp_path: Path
) -> None:
    async with proxied(tmp_path, refuses=status) as (_, client):
        with pytest.raises(failure):
            await client.dial(NAME, 636)


async def test_no_tunnel_is_asked_for_to_what_may_not_be_dialled(tmp_path: Path) -> None:
    async with proxied(tmp_path) as (proxy, client):
        for host, port, tls in (
            ("inner.example.org", 636, True),
            ("10.0.0.8", 636, True),
            (NAME, 389, False),
        ):
            with pytest.raises(Unreachable) as caught:
                await client.dial(host, port, tls=tls)
            assert not caught.value.provider_failed
    assert proxy.asked == []


async def test_an_allowed_network_is_dialled_directly(tmp_path: Path) -> None:
    async with (
        little_server(lambda _: reply(207, b"direct")) as server,
        proxied(tmp_path, allow_network=["127.0.0.0/8"]) as (proxy, client),
    ):
        assert await fetch(client, server.url()) == (207, b"direct")
    assert proxy.asked == []


async def test_a_proxy_that_is_away_is_not_the_providers_fault(tmp_path: Path) -> None:
    async with proxied(tmp_path, proxy=f"http://127.0.0.1:{free_port()}") as (_, client):
        with pytest.raises(ProxyUnavailable) as caught:
            await fetch(client, f"https://{NAME}/")
    assert not caught.value.provider_failed


@pytest.mark.parametrize(
    ("status", "failure"), [(403, ProxyUnavailable), (407, ProxyUnavailable), (502, Unreachable)]
)
async def test_what_the_proxy_refuses_is_told_from_what_it_could_not_reach(
    status: int, failure: type[Exception], tmp_path: Path
) -> None:
    async with proxied(tmp_path, refuses=status) as (_, client):
        with pytest.raises(failure):
            await fetch(client, f"https://{NAME}/")


@pytest.mark.parametrize(
    "wrong", ["proxy:3128", "https://proxy:3128", "http://", "http://u:pw@h:x", "socks5://h:1"]
)
def test_an_address_that_is_no_proxys_is_refused_without_a_word_of_it(wrong: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_proxy(wrong)
    assert "pw" not in str(caught.value)
