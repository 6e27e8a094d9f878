"""Imports from hosted providers that die in the middle, or have to rest: what is stored in the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Container, Generator
from contextlib import aclosing, contextmanager
from typing import NamedTuple

import pytest

from contactport.net.client import Client, open_client
from contactport.sources.base import Account, Page, Source
from contactport.sources.failures import RateLimited
from contactport.sources.google import Google
from contactport.sources.microsoft import Microsoft
from contactport.store import contacts, imports
from contactport.store.domains import Domain
from contactport.store.imports import Fenced
from contactport.store.open import Store
from samples.hosted_book import people
from tests.servers.google_errors import ERRORS, invalid
from tests.servers.graph import READ, graph_api, graph_error
from tests.servers.hosted_account import TOKEN, token_account
from tests.servers.hosted_api import HostedApi
from tests.servers.people import EMAIL, OTHER, READONLY, people_api
from tests.servers.source_run import QUICK, settings
from tests.unit.imports.attempts import Crash, attempt, begin, told

COUNT = 1_300


class Hosted(NamedTuple):
    """A source, the API under it, an account there, and where its contacts are listed.

    After so many requests to there it is in the middle of a listing.
    """

    source: Source
    api: HostedApi
    account: Account
    listing: str
    after: int = 1


class Overtaken:
    """A source during whose reading another attempt begins."""

    def __init__(self, source: Source, overtake: Callable[[], object]) -> None:
        self._source = source
        self._overtake = overtake

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        async with aclosing(self._source.pages(account, client, known)) as pages:
            async for page in pages:
                self._overtake()
                yield page

    def check(self, account: Account, client: Client) -> AsyncIterator[str]:
        return self._source.check(account, client)


@contextmanager
def google() -> Generator[Hosted]:
    with people_api(COUNT, first_page=400) as api:
        api.grant(TOKEN, READONLY)
        yield Hosted(Google(), api, token_account(api.url), "/v1/people/me/connections")


@contextmanager
def microsoft() -> Generator[Hosted]:
    with graph_api(COUNT) as api:
        api.grant(TOKEN, READ)
        api.page_bound = 200
        yield Hosted(Microsoft(), api, token_account(f"{api.url}/v1.0"), "/v1.0/me/contactFolders", 2)


@pytest.fixture(params=[google, microsoft], ids=["google", "microsoft"])
def hosted(request: pytest.FixtureRequest) -> Generator[Hosted]:
    with request.param() as running:
        yield running


async def perform(store: Store, import_id: int, hosted: Hosted, lives: int = -1) -> None:
    async with open_client(settings(), QUICK) as client:
        await attempt(store, import_id, hosted.source, lives=lives, reading=hosted.account, client=client)


async def test_an_import_that_dies_goes_on_without_losing_or_doubling_anybody(
    hosted: Hosted, store: Store, domain: Domain
) -> None:
    import_id = begin(store, domain)
    for _ in range(100):
        try:
            # One batch each: it dies before every other one.
            await perform(store, import_id, hosted, lives=1)
            break
        except Crash:
            continue
    found = await told(store, domain, import_id)
    assert found.ledger == (COUNT, COUNT, 0, 0)
    assert len({contact.uid for contact in found.people}) == COUNT
    assert {book.state for book in found.report.books} == {"complete"}


async def test_a_rest_costs_nobody(hosted: Hosted, store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    error = ERRORS["userRateLimitExceeded"] if "people" in hosted.listing else None
    error = error or graph_error(429, "ApplicationThrottled", "Wait.", Retry_After="600")
    hosted.api.fail(error, hosted.listing, after=hosted.after, times=3)
    with pytest.raises(RateLimited):
        await perform(store, import_id, hosted)
    hosted.api.rules.clear()
    await perform(store, import_id, hosted)
    assert (await told(store, domain, import_id)).ledger == (COUNT, COUNT, 0, 0)


async def test_a_listing_that_begins_again_doubles_nobody(
    hosted: Hosted, store: Store, domain: Domain
) -> None:
    import_id = begin(store, domain)
    hosted.api.fail(invalid("The page token has expired."), hosted.listing, after=hosted.after)
    await perform(store, import_id, hosted)
    assert (await told(store, domain, import_id)).ledger == (COUNT, COUNT, 0, 0)


async def test_an_attempt_that_was_overtaken_stores_nothing(
    hosted: Hosted, store: Store, domain: Domain
) -> None:
    import_id = begin(store, domain)

    overtaken = Overtaken(
        hosted.source, lambda: store.database.write_now(imports.claim, store.ring, import_id)
    )
    async with open_client(settings(), QUICK) as client:
        with pytest.raises(Fenced):
            await attempt(store, import_id, overtaken, reading=hosted.account, client=client)
    assert (await told(store, domain, import_id)).ledger == (0, 0, 0, 0)
    await perform(store, import_id, hosted)
    assert (await told(store, domain, import_id)).ledger == (COUNT, COUNT, 0, 0)


async def test_the_owner_and_what_was_not_asked_for(store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    with people_api(30, others=people(20, seed=2)) as api:
        api.grant(TOKEN, READONLY, OTHER, EMAIL)
        account = token_account(
            api.url, scopes=(READONLY, OTHER, EMAIL), include=("photo", "mailing_address")
        )
        await perform(store, import_id, Hosted(Google(), api, account, ""))
    found = await told(store, domain, import_id)
    # The import did not ask for what its source brought.
    assert not [contact for contact in found.people if contact.photos or contact.addresses]
    assert found.ledger == (50, 50, 0, 0)
    one = await store.database.read(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    owner = await store.database.read(contacts.owner, one)
    assert owner is not None
    assert [email.address for email in owner.emails] == ["owner@example.com"]
