from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from contactport.errors import Code
from contactport.imports.to_error import to_error
from contactport.net.client import Client, open_client
from contactport.net.failures import (
    ConnectionLost,
    TimedOut,
    TooLarge,
    Unreachable,
    Unreadable,
)
from contactport.net.password_auth import PasswordAuth
from contactport.net.retries import RetryPolicy
from contactport.net.trusted_hosts import TrustedHosts
from contactport.settings import Settings, load
from tests.import_fails import Caught, import_fails
from tests.unit.net.authority import make_authority
from tests.unit.net.little_server import (
    Handler,
    Last,
    LittleServer,
    ReceivedRequest,
    Reply,
    little_server,
    reply,
)
from tests.unit.net.name_server import name_server

QUICK = RetryPolicy(base=0.001, cap=0.001, patience=0.5)
SECRET = "correct horse"


def settings(**values: Any) -> Settings:
    return load(environment={}, overrides={"allow_network": ["127.0.0.1/32"], **values})


def alice(*hosts: str, local_part: bool = False) -> PasswordAuth:
    return PasswordAuth("alice", SECRET, TrustedHosts(hosts or ["127.0.0.1"]), local_part=local_part)


def signed(answer: bytes, otherwise: bytes) -> Handler:
    """`answer` to a request with credentials."""

    def handler(request: ReceivedRequest) -> Reply:
        return answer if "authorization" in request.headers else otherwise

    return handler


@asynccontextmanager
async def exchange(handler: Handler, **values: Any) -> AsyncGenerator[tuple[LittleServer, Client]]:
    async with little_server(handler) as server, open_client(settings(**values), QUICK) as client:
        yield server, client


async def fetch(client: Client, url: str, method: str = "PROPFIND", **arguments: Any) -> tuple[int, bytes]:
    async with client.request(method, URL(url, encoded=True), **arguments) as response:
        return response.status, await response.read()


class TestARequest:
    async def test_goes_out_as_it_was_meant(self) -> None:
        async with exchange(lambda _: reply(207, b"found")) as (server, client):
            found = await fetch(
                client,
                server.url("/a%40b/%7e(x)@y/?q=%20"),
                body=b"<propfind/>",
                headers={"Depth": "1", "Content-Type": "application/xml"},
            )
        assert found == (207, b"found")
        (request,) = server.requests
        assert (request.method, request.target, request.body) == (
            "PROPFIND",
            "/a%40b/%7e(x)@y/?q=%20",
            b"<propfind/>",
        )
        assert request.headers["depth"] == "1"
        assert request.headers["user-agent"].startswith("contactport/")
        assert not {"cookie", "authorization", "referer"} & set(request.headers)

    async def test_uses_one_connection_for_many(self) -> None:
        async with exchange(lambda _: reply(207, b"x")) as (server, client):
            for _ in range(5):
                await fetch(client, server.url())
        assert server.connections == 1

    async def test_sends_no_cookie_back(self) -> None:
        async with exchange(lambda _: reply(200, b"", "Set-Cookie: id=1; Path=/")) as (server, client):
            await fetch(client, server.url())
            await fetch(client, server.url())
        assert all("cookie" not in request.headers for request in server.requests)

    async def test_takes_no_proxy_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9/")
        async with exchange(lambda _: reply(200, b"direct")) as (server, client):
            assert await fetch(client, server.url()) == (200, b"direct")

    async def test_asks_for_compression_only_where_bytes_are_dear(self) -> None:
        async with exchange(lambda _: reply(200)) as (server, client):
            await fetch(client, server.url())
            await fetch(client, server.url())
        assert server.requests[1].headers["accept-encoding"] == "identity"


class TestBodies:
    async def test_compressed_ones_are_unpacked(self) -> None:
        packed = reply(200, gzip.compress(b"contacts" * 1000), "Content-Encoding: gzip")
        async with exchange(lambda _: packed) as (server, client):
            assert await fetch(client, server.url()) == (200, b"contacts" * 1000)

    async def test_one_larger_than_allowed_ends_the_import(self) -> None:
        async with exchange(lambda _: reply(200, bytes(5000)), response_bytes=4000) as (server, client):
            with pytest.raises(TooLarge) as caught:
                await fetch(client, server.url())
        assert to_error(caught.value, "password").code == Code.IMPORT_FAILED

    async def test_all_of_them_together_have_a_limit_too(self) -> None:
        async with exchange(lambda _: reply(200, bytes(3000)), import_bytes=5000) as (server, client):
            await fetch(client, server.url())
            with pytest.raises(TooLarge):
                await fetch(client, server.url())

    async def test_one_cut_short_is_noticed(self) -> None:
        short = Last(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        async with exchange(lambda _: short) as (server, client):
            with pytest.raises(ConnectionLost):
                await fetch(client, server.url())

    async def test_one_that_stops_coming_is_not_waited_for_for_ever(self) -> None:
        async def stall(_: ReceivedRequest) -> Reply:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"

        async with exchange(stall, idle_seconds=0.05) as (server, client):
            with pytest.raises(TimedOut) as caught:
                await fetch(client, server.url())
        assert to_error(caught.value, "password").code == Code.TIMEOUT

    async def test_arrive_piece_by_piece(self) -> None:
        more = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            await more.wait()
            writer.write(b"later")
            writer.close()

        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        async with (
            listener,
            open_client(settings(), QUICK) as client,
            client.request("GET", URL(f"http://127.0.0.1:{port}/")) as response,
        ):
            pieces: list[bytes] = []
            async for piece in response.chunks():
                pieces.append(piece)
                more.set()
        assert pieces == [b"first", b"later"]

    async def test_the_time_to_each_beginning_is_told_to_whoever_observes(self) -> None:
        told: list[float] = []
        answers = [reply(503), None, reply(207, b"found")]
        async with exchange(lambda _: answers.pop(0)) as (server, client):
            client.observe = told.append
            assert (await fetch(client, server.url()))[0] == 207
        # A connection that was hung up gave no answer.
        assert len(told) == 2
        assert all(seconds > 0 for seconds in told)


class TestTries:
    async def test_a_server_that_is_down_for_a_moment_is_asked_again(self) -> None:
        answers = [reply(503), reply(502), reply(207, b"found")]
        async with exchange(lambda _: answers.pop(0)) as (server, client):
            assert await fetch(client, server.url()) == (207, b"found")

    async def test_three_times_and_no_more(self) -> None:
        async with exchange(lambda _: reply(503)) as (server, client):
            assert (await fetch(client, server.url()))[0] == 503
        assert len(server.requests) == 3

    async def test_an_error_of_the_server_is_not_asked_for_twice(self) -> None:
        async with exchange(lambda _: reply(500)) as (server, client):
            assert (await fetch(client, server.url()))[0] == 500
        assert len(server.requests) == 1

    async def test_a_wait_that_is_asked_for_is_kept(self) -> None:
        answers = [reply(429, b"", "Retry-After: 0"), reply(207)]
        async with exchange(lambda _: answers.pop(0)) as (server, client):
            assert (await fetch(client, server.url()))[0] == 207

    async def test_a_wait_too_long_is_a_no(self) -> None:
        async with exchange(lambda _: reply(429, b"", "Retry-After: 3600")) as (server, client):
            assert (await fetch(client, server.url()))[0] == 429
        assert len(server.requests) == 1

    async def test_a_connection_dropped_between_requests_is_not_noticed_above(self) -> None:
        dropped: set[int] = set()

        def drop_the_second(request: ReceivedRequest) -> Reply:
            if request.connection == 1 and len(dropped) > 0:
                return None
            dropped.add(request.connection)
            return reply(207, b"found")

        async with exchange(drop_the_second) as (server, client):
            for _ in range(2):
                assert await fetch(client, server.url()) == (207, b"found")
        assert server.connections == 2

    async def test_a_server_that_only_hangs_up_is_given_up(self) -> None:
        async with exchange(lambda _: None) as (server, client):
            with pytest.raises(ConnectionLost):
                await fetch(client, server.url())
        assert len(server.requests) == 3

    async def test_no_answer_in_time(self) -> None:
        async def never(_: ReceivedRequest) -> Reply:
            await asyncio.Event().wait()
            return None

        async with exchange(never, first_byte_seconds=0.05, connect_seconds=1) as (server, client):
            with pytest.raises(TimedOut):
                await fetch(client, server.url())
        assert len(server.requests) == 1

    async def test_a_byte_now_and_then_is_as_good_as_none(self) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 207 Whatever\r\nContent-Length: 1000000\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.01)

        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with open_client(settings(idle_seconds=0.3), QUICK) as client:
            with pytest.raises(TimedOut) as caught:
                await fetch(client, f"http://127.0.0.1:{port}/")
        server.close()
        assert caught.value.provider_failed

    async def test_what_is_not_http_cannot_be_read(self) -> None:
        async with exchange(lambda _: b"SSH-2.0-OpenSSH\r\n\r\n") as (server, client):
            with pytest.raises((Unreadable, ConnectionLost)):
                await fetch(client, server.url())


class TestWhatMayNotBeReached:
    async def failure(self, url: str, **values: Any) -> Caught:
        async with open_client(load(environment={}, overrides=values), QUICK) as client:
            with import_fails() as caught:
                await fetch(client, url)
        return caught

    async def test_a_refusal_looks_like_a_server_that_is_not_there(self) -> None:
        async with little_server(lambda _: reply(200)) as server:
            refused = await self.failure(server.url())
        absent = await self.failure("http://127.0.0.1:1/", allow_network=["127.0.0.0/8"])
        nameless = await self.failure("https://nowhere.invalid/")
        for error in (refused, absent, nameless):
            assert type(error.kind) is Unreachable
            assert error.value.code == Code.IMPORT_FAILED
            assert error.value.text == refused.value.text
            assert error.kind.__cause__ is None
        assert not server.requests
        # What nobody is told: whether a provider was there to fail.
        assert [error.value.provider_failed for error in (refused, absent, nameless)] == [False, True, False]

    @pytest.mark.parametrize(
        "url", ["http://2130706433/", "http://127.1/", "http://0x7f000001/", "http://[::1]/"]
    )
    async def test_an_address_in_disguise_is_refused(self, url: str) -> None:
        assert type((await self.failure(url, allow_network=["127.0.0.1/32:1"])).kind) is Unreachable

    async def test_a_name_that_leads_inside_is_refused(self) -> None:
        async with (
            little_server(lambda _: reply(200)) as server,
            name_server({("inside.example", "A"): ["127.0.0.1"]}) as resolver,
        ):
            error = await self.failure(f"http://inside.example:{server.port}/", resolver=resolver)
        assert type(error.kind) is Unreachable
        assert not server.requests

    async def test_the_text_names_no_host(self) -> None:
        error = await self.failure("https://u:p@secret-host.invalid/secret-path")
        assert "secret" not in f"{error.kind} {error.kind!r} {error.value}"


class TestRedirects:
    async def test_method_and_body_are_kept(self) -> None:
        def lead(request: ReceivedRequest) -> Reply:
            if request.target == "/.well-known/carddav":
                return reply(301, b"moved", "Location: /dav/")
            return reply(207, b"here")

        async with (
            exchange(lead) as (server, client),
            client.request("PROPFIND", URL(server.url("/.well-known/carddav")), body=b"<x/>") as response,
        ):
            assert (await response.read(), response.url.path) == (b"here", "/dav/")
        assert [(request.method, request.target, request.body) for request in server.requests] == [
            ("PROPFIND", "/.well-known/carddav", b"<x/>"),
            ("PROPFIND", "/dav/", b"<x/>"),
        ]

    async def test_a_circle_ends(self) -> None:
        async with exchange(lambda _: reply(302, b"", "Location: /")) as (server, client):
            with pytest.raises(Unreadable):
                await fetch(client, server.url())

    async def test_the_password_does_not_go_to_a_stranger(self) -> None:
        asks = reply(401, b"", 'WWW-Authenticate: Basic realm="x"')
        async with little_server(lambda _: asks, host="127.0.0.2") as stranger:

            def lead(request: ReceivedRequest) -> Reply:
                if "authorization" not in request.headers:
                    return asks
                return reply(307, b"", f"Location: {stranger.url()}")

            async with (
                little_server(lead) as server,
                open_client(Settings(allow_network=["127.0.0.0/8"]), QUICK) as client,
                client.request("PROPFIND", URL(server.url()), auth=alice()) as response,
            ):
                assert (response.status, response.withheld) == (401, True)
        assert stranger.requests
        assert all("authorization" not in request.headers for request in stranger.requests)

    async def test_the_password_goes_where_the_provider_allows(self) -> None:
        async with little_server(lambda _: reply(207), host="127.0.0.2") as shard:
            auth = alice()
            auth.hosts.trust("127.0.0.2")
            asks = reply(401, b"", 'WWW-Authenticate: Basic realm="x"')
            answers = [asks, reply(307, b"", f"Location: {shard.url()}")]
            shard.handler = signed(reply(207), asks)
            async with (
                little_server(lambda _: answers.pop(0)) as server,
                open_client(Settings(allow_network=["127.0.0.0/8"]), QUICK) as client,
            ):
                assert (await fetch(client, server.url(), auth=auth))[0] == 207

    async def test_a_network_of_one_client_is_not_another_s(self) -> None:
        async with (
            little_server(lambda _: reply(200)) as server,
            little_server(lambda _: reply(200)) as beside,
            open_client(Settings(), QUICK) as client,
            open_client(Settings(), QUICK) as other,
        ):
            client.allow([f"127.0.0.1:{server.port}"])
            assert (await fetch(client, server.url()))[0] == 200
            with pytest.raises(Unreachable):
                await fetch(client, beside.url())
            with pytest.raises(Unreachable):
                await fetch(other, server.url())
        assert beside.requests == []

    async def test_another_allowed_network_is_not_entered(self) -> None:
        async with (
            little_server(lambda _: reply(200, b"inside"), host="127.0.0.2") as inside,
            little_server(lambda _: reply(302, b"", f"Location: {inside.url()}")) as server,
            open_client(Settings(allow_network=["127.0.0.1/32", "127.0.0.2/32"]), QUICK) as client,
        ):
            with pytest.raises(Unreachable):
                await fetch(client, server.url())
            assert (await fetch(client, inside.url()))[0] == 200
            with pytest.raises(Unreachable):
                await fetch(client, server.url())
        assert len(inside.requests) == 1


class TestSigningIn:
    async def test_basic_after_the_challenge_and_then_unasked(self) -> None:
        def ask(request: ReceivedRequest) -> Reply:
            if "authorization" not in request.headers:
                return reply(401, b"who?", 'WWW-Authenticate: Basic realm="x"')
            return reply(207, request.headers["authorization"].encode())

        async with exchange(ask) as (server, client):
            auth = alice()
            for _ in range(3):
                status, body = await fetch(client, server.url(), auth=auth)
                assert status == 207
                assert base64.b64decode(body.removeprefix(b"Basic ")) == f"alice:{SECRET}".encode()
        assert len(server.requests) == 4

    async def test_digest(self) -> None:
        challenge = 'WWW-Authenticate: Digest realm="r", nonce="n1", qop="auth", algorithm=SHA-256'

        def ask(request: ReceivedRequest) -> Reply:
            sent = request.headers.get("authorization", "")
            if not sent.startswith("Digest ") or 'uri="/b%40ok/?x=1"' not in sent or 'nonce="n1"' not in sent:
                return reply(401, b"", challenge)
            return reply(207)

        async with exchange(ask) as (server, client):
            assert (await fetch(client, server.url("/b%40ok/?x=1"), auth=alice()))[0] == 207

    async def test_a_wrong_password_ends_in_401(self) -> None:
        ask = reply(401, b"", 'WWW-Authenticate: Basic realm="x"')
        async with exchange(lambda _: ask) as (server, client):
            assert (await fetch(client, server.url(), auth=alice()))[0] == 401
        assert len(server.requests) == 2

    async def test_latin_1_where_utf_8_is_refused(self) -> None:
        expected = "Basic " + base64.b64encode("jürgen:groß".encode("latin-1")).decode()

        def ask(request: ReceivedRequest) -> Reply:
            if request.headers.get("authorization") == expected:
                return reply(207)
            return reply(401, b"", 'WWW-Authenticate: Basic realm="x"')

        async with exchange(ask) as (server, client):
            auth = PasswordAuth("jürgen", "groß", TrustedHosts(["127.0.0.1"]))
            assert (await fetch(client, server.url(), auth=auth))[0] == 207

    @pytest.mark.parametrize(("slips", "status"), [(1, 207), (2, 401)])
    async def test_a_password_that_worked_is_sent_once_more(self, slips: int, status: int) -> None:
        left = [slips]

        def answer(request: ReceivedRequest) -> Reply:
            ask = reply(401, b"", 'WWW-Authenticate: Basic realm="x"')
            if request.target == "/later" and left[0]:
                left[0] -= 1
                return ask
            return reply(207) if "authorization" in request.headers else ask

        auth = alice()
        async with exchange(answer) as (server, client):
            assert (await fetch(client, server.url(), auth=auth))[0] == 207
            url = URL(server.url("/later"))
            async with client.request("PROPFIND", url, auth=auth) as response:
                assert (response.status, response.doubtful) == (status, status == 401)

    async def test_a_password_that_nobody_asked_for_has_not_worked(self) -> None:
        def answer(request: ReceivedRequest) -> Reply:
            if request.target == "/":
                return reply(207)
            return reply(401, b"", 'WWW-Authenticate: Basic realm="x"')

        auth = alice()
        async with exchange(answer) as (server, client):
            assert (await fetch(client, server.url(), auth=auth))[0] == 207
            url = URL(server.url("/later"))
            async with client.request("PROPFIND", url, auth=auth) as response:
                assert (response.status, response.doubtful) == (401, False)


class TestCertificates:
    @staticmethod
    @asynccontextmanager
    async def server(folder: Path) -> AsyncGenerator[tuple[LittleServer, Path]]:
        authority, context = make_authority(folder)
        async with little_server(lambda _: reply(207), tls=context) as little:
            yield little, authority

    async def test_one_by_an_authority_that_the_settings_name_is_good(self, tmp_path: Path) -> None:
        async with (
            self.server(tmp_path) as (server, authority),
            open_client(settings(ca_file=str(authority)), QUICK) as client,
        ):
            assert (await fetch(client, server.url()))[0] == 207

    async def test_one_by_nobody_is_told_apart_and_nothing_is_sent(self, tmp_path: Path) -> None:
        async with self.server(tmp_path) as (server, _), open_client(settings(), QUICK) as client:
            with import_fails("certificate"):
                await fetch(client, server.url(), auth=alice())
        assert not server.requests

    async def test_a_server_without_tls_is_unreachable_by_https(self) -> None:
        async with exchange(lambda _: reply(200), connect_seconds=0.2) as (server, client):
            with pytest.raises(Unreachable):
                await fetch(client, f"https://127.0.0.1:{server.port}/")

    async def test_basic_goes_unasked_to_a_refusal_without_a_challenge(self, tmp_path: Path) -> None:
        async with (
            self.server(tmp_path) as (server, authority),
            open_client(settings(ca_file=str(authority)), QUICK) as client,
        ):
            server.handler = signed(reply(207), reply(401))
            assert (await fetch(client, server.url(), auth=alice()))[0] == 207

    async def test_an_unreadable_authority_is_a_setting_error(self, tmp_path: Path) -> None:
        (tmp_path / "broken.pem").write_text("nothing")
        with pytest.raises(ValueError, match="ca_file"):
            async with open_client(settings(ca_file=str(tmp_path / "broken.pem"))):
                raise AssertionError("never reached")


def test_tls_is_verified_by_default() -> None:
    assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
