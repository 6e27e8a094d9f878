"""Others have their turns while thousands of members or books are gone through that cost no request."""

from __future__ import annotations

import pytest
from yarl import URL

from contactport.grant import Password
from contactport.net import time_slice
from contactport.net.client import open_client
from contactport.net.password_auth import PasswordAuth
from contactport.net.trusted_hosts import TrustedHosts
from contactport.settings import Settings
from contactport.sources.base import Account
from contactport.sources.carddav.account_auth import auth_of
from contactport.sources.carddav.dav_client import DavClient
from contactport.sources.carddav.discover import discover
from contactport.sources.carddav.individual_gets import ELSEWHERE, IndividualGets
from contactport.sources.carddav.members import BookMembers
from contactport.sources.carddav.model import AddressBook
from contactport.sources.carddav.page_builder import PageBuilder
from contactport.sources.memory import ShortMemory
from tests.servers.scripted_books import scripted_books
from tests.servers.source_run import PASSWORD, PROVIDERS, provider
from tests.unit.net.test_time_slice import turns_of_another

MANY = 2000
HOME = URL("https://dav.example.com/alice/")
BOOK = AddressBook(HOME / "contacts/", HOME)


@pytest.fixture(autouse=True)
def always_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_slice, "SLICE", 0.0)


async def test_cards_of_another_host() -> None:
    builder = PageBuilder(MANY)
    members = BookMembers(BOOK, frozenset[str](), builder, longest=1000)
    hrefs = [f"https://other.example/{number}.vcf" for number in range(MANY)]
    async with open_client(Settings()) as client:
        dav = DavClient(client, PasswordAuth("alice", PASSWORD, TrustedHosts()))
        rejects: list[str] = []

        async def work() -> None:
            async for page in builder.pages(lambda: IndividualGets(dav, BOOK, members, {}).read(hrefs)):
                rejects.extend(reject.reason for reject in page.rejects)

        assert await turns_of_another(work) >= MANY - 1
    assert rejects == [ELSEWHERE] * MANY


async def test_books_of_a_listing() -> None:
    async with (
        scripted_books({f"/home/{number}/": {} for number in range(MANY)}) as (_, server),
        open_client(Settings(allow_network=["127.0.0.0/8"])) as client,
    ):
        account = Account(provider=provider(), grant=Password("alice", PASSWORD, server.url()))
        dav = DavClient(client, auth_of(account))

        async def work() -> None:
            assert len((await discover(account, dav, ShortMemory(), PROVIDERS)).books) == MANY

        assert await turns_of_another(work) >= MANY - 1
