"""Discovery: from a mail domain, a host or a URL to the address books, with the test's own DNS and certificates."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.sources.base import Account
from tests.import_fails import import_fails
from tests.servers.internet import internet
from tests.servers.quirks import QUIRKS, Quirk, quirk_proxy, rewrites
from tests.servers.radicale import Radicale
from tests.servers.source_run import PASSWORD, SourceRun, provider, read, settings, source
from tests.unit.net.little_server import ReceivedRequest, Reply, little_server, reply


def account(username: str, server: str = "", password: str = PASSWORD) -> Account:
    return Account(provider=provider(), grant=Password(username, password, server))


async def look(account: Account, **values: Any) -> SourceRun:
    return await read(source("carddav"), account, using=settings(**{"connect_seconds": 0.5, **values}))


async def test_the_domain_of_an_address_names_its_server(radicale_server: Radicale) -> None:
    quirk = QUIRKS["unknown server"]
    async with (
        internet("own.example", "dav.own.example") as net,
        quirk_proxy(quirk, radicale_server.port, "", "", tls=net.tls) as proxy,
    ):
        net.zone["_carddavs._tcp.own.example", "SRV"] = [f"0 0 {proxy.port} dav.own.example."]
        reading = await look(account("user_one@own.example"), **net.settings)
    assert reading.uids == ["sample-1-0"]


@pytest.mark.parametrize("vouched", [False, True])
async def test_a_server_of_another_domain_is_only_named_by_a_checked_answer(
    vouched: bool, radicale_server: Radicale
) -> None:
    async with (
        internet("own.example", "dav.hoster.example", vouched=vouched) as net,
        quirk_proxy(QUIRKS["unknown server"], radicale_server.port, "", "", tls=net.tls) as proxy,
    ):
        net.zone["_carddavs._tcp.own.example", "SRV"] = [f"0 0 {proxy.port} dav.hoster.example."]
        who = account("user_one@own.example")
        if vouched:
            assert (await look(who, **net.settings)).uids == ["sample-1-0"]
            return
        with import_fails() as caught:
            await look(who, **net.settings)
    assert caught.value.code == Code.IMPORT_FAILED
    assert not proxy.requests


async def test_a_domain_whose_mail_is_at_microsoft_is_told_why() -> None:
    async with internet("office.example") as net:
        net.zone["office.example", "MX"] = ["0 office-example.mail.protection.outlook.com."]
        with import_fails("Microsoft 365") as caught:
            await look(account("alice@office.example"), **net.settings)
    assert caught.value.code == Code.IMPORT_FAILED


async def test_a_redirect_to_a_stranger_is_told_and_gets_no_password(radicale_server: Radicale) -> None:
    async with (
        internet("own.example", "dav.hoster.example") as net,
        quirk_proxy(QUIRKS["plain"], radicale_server.port, "", "", tls=net.tls) as stranger,
    ):

        def lead(request: ReceivedRequest) -> Reply:
            return reply(301, b"", f"Location: https://dav.hoster.example:{stranger.port}/")

        async with little_server(lead, tls=net.tls) as server:
            with import_fails("another domain") as caught:
                await look(account("user_one", f"own.example:{server.port}"), **net.settings)
    assert caught.value.code == Code.IMPORT_FAILED
    assert stranger.requests
    assert all("authorization" not in request.headers for request in stranger.requests)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply(500), Code.UNAVAILABLE),
        (reply(503), Code.UNAVAILABLE),
        (reply(429, b"", "Retry-After: 600"), Code.UNAVAILABLE),
        (reply(404), Code.IMPORT_FAILED),
        (reply(200, b"<html>"), Code.IMPORT_FAILED),
        (reply(207, b"<html/>"), Code.IMPORT_FAILED),
        (reply(207, b"<!DOCTYPE x><multistatus xmlns='DAV:'/>"), Code.IMPORT_FAILED),
        (reply(403), Code.IMPORT_FAILED),
        (reply(403, b"Your account has been locked."), Code.ACCOUNT_BLOCKED),
        (reply(401, b"", 'WWW-Authenticate: Basic realm="x"'), Code.WRONG_PASSWORD),
        (reply(401, b"", "WWW-Authenticate: Negotiate"), Code.IMPORT_FAILED),
    ],
)
async def test_errors_are_told_apart(answer: bytes, code: Code) -> None:
    async with little_server(lambda _: answer) as server:
        with import_fails() as caught:
            await look(account("alice", server.url()))
    assert caught.value.code == code


async def test_a_server_that_takes_too_long_is_told_apart_from_one_that_hangs_up() -> None:
    async def never(_: ReceivedRequest) -> Reply:
        await asyncio.Event().wait()
        return None

    for handler, code in ((never, Code.TIMEOUT), (hangs_up, Code.IMPORT_FAILED)):
        async with little_server(handler) as server:
            with import_fails() as caught:
                await look(account("alice", server.url()), first_byte_seconds=0.1)
        assert caught.value.code == code


def hangs_up(_: ReceivedRequest) -> Reply:
    return None


async def test_a_certificate_by_nobody_is_told_apart(radicale_server: Radicale) -> None:
    async with (
        internet("own.example") as net,
        quirk_proxy(QUIRKS["plain"], radicale_server.port, "", "", tls=net.tls) as proxy,
    ):
        with import_fails("certificate"):
            await look(account("alice", f"own.example:{proxy.port}"), resolver=net.settings["resolver"])
    assert not proxy.requests


async def test_a_book_elsewhere_in_an_allowed_network_is_not_reached_from_another(
    radicale_server: Radicale,
) -> None:
    """The server is in one allowed network, and says that the home set is in another."""
    async with quirk_proxy(QUIRKS["plain"], radicale_server.port, "", "") as proxy:

        def lead(request: ReceivedRequest) -> Reply:
            return reply(
                207,
                b'<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:response>'
                b"<d:href>http://127.0.0.1:%d/user_one/contacts/</d:href><d:propstat><d:prop><d:resourcetype>"
                b"<d:collection/>%b</d:resourcetype><c:addressbook-home-set><d:href>/home/</d:href>"
                b"</c:addressbook-home-set></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
                b"</d:multistatus>"
                % (proxy.port, b"<c:addressbook/>" if request.target == "/home/" else b""),
            )

        async with little_server(lead, host="127.0.0.2") as server:
            for networks, reached in ((["127.0.0.1/32", "127.0.0.2/32"], False), (["127.0.0.0/8"], True)):
                before = len(proxy.requests)
                with import_fails():
                    await look(account("user_one", server.url("/start/")), allow_network=networks)
                assert (len(proxy.requests) > before) is reached


async def test_a_directory_is_read_where_it_is_named_itself_and_else_left_out(
    radicale_server: Radicale,
) -> None:
    directory = rewrites(
        lambda body: body.replace(b"<CR:addressbook />", b"<CR:addressbook /><CR:directory />")
    )
    quirk = Quirk(lambda _name, _word: (directory,))
    async with quirk_proxy(quirk, radicale_server.port, "", "") as proxy:
        with import_fails("no address book for it"):
            await look(account("user_one", proxy.url()))
        named = await look(account("user_one", proxy.url("/user_one/contacts/")))
    assert named.uids == ["sample-1-0"]
