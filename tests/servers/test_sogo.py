from __future__ import annotations

import http.client

import msgspec
import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.sources.base import Account, Source
from samples.book import cards
from tests.import_fails import import_fails
from tests.servers.behaviour import SourceBehaviour
from tests.servers.conftest import SIZES
from tests.servers.sogo import PERSONAL, Sogo
from tests.servers.source_run import PASSWORD, provider, read, source

NAMES = {count: user for user, count in SIZES.items()}


def account(
    server: Sogo, username: str, *, path: str = "", code: str = "carddav", password: str = PASSWORD
) -> Account:
    return Account(provider=provider(code), grant=Password(username, password, server.url + path))


class SogoHarness(msgspec.Struct):
    server: Sogo
    signs_in: bool = True

    @property
    def source(self) -> Source:
        return source("carddav")

    def account(self, count: int) -> Account:
        return account(self.server, NAMES[count], code="sogo")

    def stranger(self) -> Account:
        return account(self.server, "user_some", code="sogo", password="wrong")

    def absent(self, port: int) -> Account:
        account = self.account(1)
        grant = msgspec.structs.replace(account.grant, server=f"http://127.0.0.1:{port}/")
        return msgspec.structs.replace(account, grant=grant)

    def uids(self, count: int) -> set[str]:
        return {f"sample-1-{number}" for number in range(count)}


class TestSogo(SourceBehaviour):
    @pytest.fixture
    def harness(self, sogo_server: Sogo) -> SogoHarness:
        return SogoHarness(sogo_server)


async def test_a_page_for_people_at_the_well_known_address_is_not_taken_for_an_answer(
    sogo_server: Sogo,
) -> None:
    status, body = sogo_server.ask("user_some", "PROPFIND", "/.well-known/carddav")
    assert status == 200
    assert b"<html" in body
    reading = await read(source("carddav"), account(sogo_server, "user_some"))
    assert set(reading.uids) == {f"sample-1-{number}" for number in range(300)}


async def test_the_directory_of_all_users_is_left_out(sogo_server: Sogo) -> None:
    status, body = sogo_server.ask("user_some", "PROPFIND", "/SOGo/dav/user_some/Contacts/", depth=1)
    assert status == 207
    assert b"/SOGo/dav/user_some/Contacts/directory/" in body
    reading = await read(source("carddav"), account(sogo_server, "user_some", code="sogo"))
    assert {card.book for card in reading.cards} == {"/SOGo/dav/user_some/Contacts/personal/"}


async def test_connections_that_are_dropped_cost_nothing(sogo_server: Sogo) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sogo_server.port, timeout=60)
    try:
        connection.request("OPTIONS", "/SOGo/dav/")
        answer = connection.getresponse()
        answer.read()
        # By what it says, the server keeps the connection; but it has closed it.
        assert answer.version == 11
        assert not answer.will_close
        assert connection.sock.recv(1) == b""
    finally:
        connection.close()
    whole = await read(source("carddav"), account(sogo_server, "user_many", code="sogo"))
    known = set(whole.keys[:300])
    rest = await read(source("carddav"), account(sogo_server, "user_many", code="sogo"), known=known)
    assert set(rest.keys) == set(whole.keys) - known
    assert rest.rejects == []


async def test_every_book_of_a_user_is_read(sogo_server: Sogo) -> None:
    sogo_server.book("user_several", PERSONAL, cards(20, seed=2))
    sogo_server.book("user_several", "work", cards(30, seed=3))
    sogo_server.book("user_several", "empty", [])
    reading = await read(source("carddav"), account(sogo_server, "user_several"))
    assert set(reading.uids) == {f"sample-2-{n}" for n in range(20)} | {f"sample-3-{n}" for n in range(30)}
    assert {card.book for card in reading.cards} == {
        "/SOGo/dav/user_several/Contacts/personal/",
        "/SOGo/dav/user_several/Contacts/work/",
    }


async def test_the_address_of_a_principal_leads_to_its_books(sogo_server: Sogo) -> None:
    reading = await read(source("carddav"), account(sogo_server, "user_one", path="SOGo/dav/user_one/"))
    assert reading.uids == ["sample-1-0"]


async def test_a_user_whom_nobody_knows_is_told_as_a_wrong_password(sogo_server: Sogo) -> None:
    with import_fails() as caught:
        await read(source("carddav"), account(sogo_server, "user_unknown"))
    assert caught.value.code == Code.WRONG_PASSWORD


async def test_the_local_part_of_an_address_signs_in(sogo_server: Sogo) -> None:
    sogo_server.book("shy", PERSONAL, cards(2))
    reading = await read(source("carddav"), account(sogo_server, "shy@elsewhere.example"))
    assert set(reading.uids) == {"sample-1-0", "sample-1-1"}
