"""The source `google` against the emulated People API."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any, ClassVar

import msgspec
import pytest

from contactport.contact import Contact
from contactport.errors import Code
from contactport.imports.to_error import Way, to_error
from contactport.net.client import open_client
from contactport.net.failures import TooLarge, Unreadable
from contactport.sources.failures import (
    AccessDenied,
    BookRefused,
    ConsentWithdrawn,
    MembersWithheld,
    RateLimited,
    RetryLater,
    SetUpIncomplete,
    SourceFailure,
    Unavailable,
)
from contactport.sources.google import Google
from samples.hosted_book import people
from tests.import_fails import import_fails
from tests.servers.behaviour import SourceBehaviour
from tests.servers.google_errors import ERRORS, invalid
from tests.servers.hosted_account import TOKEN, HostedHarness, token_account
from tests.servers.hosted_api import ApiError, Call
from tests.servers.people import EMAIL, OTHER, PROFILE, READONLY, PeopleApi, people_api
from tests.servers.source_run import SourceRun, read, settings

CONNECTIONS = "/v1/people/me/connections"


class GoogleHarness(HostedHarness[PeopleApi]):
    def uids(self, count: int) -> set[str]:
        return {f"people/c{number + 0x1A2B3C:x}" for number in range(count)}


@pytest.fixture(scope="module")
def apis() -> Generator[dict[int, PeopleApi]]:
    with ExitStack() as stack:
        running = {count: stack.enter_context(people_api(count)) for count in (0, 1, 300, 1000)}
        for api in running.values():
            api.grant(TOKEN, READONLY)
        yield running


class TestGoogle(SourceBehaviour):
    way: ClassVar[Way] = "consent"
    refused: ClassVar[Code] = Code.CONSENT_REFUSED
    unreachable: ClassVar[Code] = Code.PROVIDER_UNREACHABLE

    @pytest.fixture
    def harness(self, apis: dict[int, PeopleApi]) -> GoogleHarness:
        return GoogleHarness(source=Google(), apis=apis)

    def sizes(self, whole: SourceRun) -> dict[str, int]:
        with people_api(len(whole.keys)) as api:
            api.grant(TOKEN, READONLY)
            fields = "names,nicknames,emailAddresses,phoneNumbers,organizations,birthdays,memberships"
            call = Call(CONNECTIONS, [("personFields", fields), ("pageSize", "1000")], TOKEN)
            answer = api.answer(call, frozenset({READONLY}))
        return {person["resourceName"]: len(msgspec.json.encode(person)) for person in answer["connections"]}


@pytest.fixture
def api() -> Generator[PeopleApi]:
    with people_api(470, others=people(60, seed=2)) as running:
        running.grant(TOKEN, READONLY)
        yield running


def asked(api: PeopleApi, path: str = CONNECTIONS) -> list[Call]:
    return [call for call in api.calls if call.path == path]


@pytest.mark.parametrize(("first_page", "pages"), [(1000, 1), (25, 2)])
async def test_a_short_first_page_is_not_the_book(first_page: int, pages: int) -> None:
    with people_api(470, first_page=first_page) as api:
        api.grant(TOKEN, READONLY)
        run = await read(Google(), token_account(api.url))
    assert len(set(run.keys)) == len(run.keys) == 470
    assert len(asked(api)) == pages
    assert run.outcomes == {"people/me/connections": ("complete", None)}
    assert (run.listed, run.repeats) == (470, 0)


async def test_contacts_come_as_they_are_written(api: PeopleApi) -> None:
    run = await read(Google(), token_account(api.url))
    book = list(people(470))
    for person, record in zip(book, run.contacts, strict=True):
        contact = record.item
        assert isinstance(contact, Contact)
        assert (contact.name.given, contact.name.family) == (person.given, person.family)
        assert [email.address for email in contact.emails] == [email.value for email in person.emails]
        assert sorted(contact.categories) == sorted(person.groups)
        assert not contact.addresses
        assert not contact.photos


@pytest.mark.parametrize("include", [(), ("photo",), ("mailing_address",), ("photo", "mailing_address")])
async def test_only_what_was_asked_for_is_requested(include: tuple[str, ...], api: PeopleApi) -> None:
    run = await read(Google(), token_account(api.url, include=include))
    fields = {field for call in asked(api) for field in call.one("personFields").split(",")}
    assert ("photos" in fields, "addresses" in fields) == ("photo" in include, "mailing_address" in include)
    assert fields.isdisjoint(
        {"biographies", "urls", "relations", "events", "imClients", "metadata", "genders"}
    )
    contacts = [record.item for record in run.contacts if isinstance(record.item, Contact)]
    assert any(contact.photos for contact in contacts) is ("photo" in include)
    assert any(contact.addresses for contact in contacts) is ("mailing_address" in include)
    # Four of five have no picture of their own.
    assert sum(len(contact.photos) for contact in contacts) < 200
    paths = {"/v1/contactGroups", CONNECTIONS}
    assert {call.path for call in api.calls} == paths


async def test_no_sync_token_is_asked_for_and_parameters_stay_the_same(api: PeopleApi) -> None:
    api.first_page = 25
    await read(Google(), token_account(api.url))
    first, second = asked(api)
    assert not first.one("requestSyncToken")
    assert [pair for pair in second.query if pair[0] != "pageToken"] == first.query


async def test_other_contacts_and_the_owner_are_read_where_they_were_granted(api: PeopleApi) -> None:
    api.grant("all", READONLY, OTHER, EMAIL, PROFILE)
    run = await read(Google(), token_account(api.url, "all", scopes=(READONLY, OTHER, EMAIL, PROFILE)))
    assert len(run.keys) == len(set(run.keys)) == 530
    assert sum(key.startswith("otherContacts/") for key in run.keys) == 60
    assert run.outcomes == {
        "people/me/connections": ("complete", None),
        "otherContacts": ("complete", None),
    }
    owners = [page.owner_card for page in run.pages if page.owner_card is not None]
    assert [(owner.name.given, owner.emails[0].address) for owner in owners] == [
        ("Olga", "owner@example.com")
    ]


async def test_other_contacts_that_are_refused_cost_only_themselves(api: PeopleApi) -> None:
    run = await read(Google(), token_account(api.url, scopes=(READONLY, OTHER)))
    assert len(run.keys) == 470
    assert run.outcomes == {
        "people/me/connections": ("complete", None),
        "otherContacts": ("failed", AccessDenied),
    }


KINDS: list[tuple[str, type[SourceFailure], int, Code]] = [
    ("rateLimitExceeded", RateLimited, 60, Code.PROVIDER_UNREACHABLE),
    ("userRateLimitExceeded", RateLimited, 60, Code.PROVIDER_UNREACHABLE),
    ("RATE_LIMIT_EXCEEDED", RateLimited, 60, Code.PROVIDER_UNREACHABLE),
    ("RESOURCE_EXHAUSTED", RateLimited, 60, Code.PROVIDER_UNREACHABLE),
    ("SERVICE_DISABLED", SetUpIncomplete, 0, Code.PROVIDER_UNREACHABLE),
    ("accessNotConfigured", SetUpIncomplete, 0, Code.PROVIDER_UNREACHABLE),
    ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", AccessDenied, 0, Code.CONSENT_REFUSED),
    ("ACCESS_TOKEN_EXPIRED", ConsentWithdrawn, 0, Code.CONSENT_REFUSED),
    ("backendError", Unavailable, 0, Code.PROVIDER_UNREACHABLE),
    ("html", Unavailable, 0, Code.PROVIDER_UNREACHABLE),
]


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize(("name", "kind", "rest", "code"), KINDS)
async def test_a_refusal_is_told_from_the_others(
    name: str, kind: type[SourceFailure], rest: int, code: Code, after: int, api: PeopleApi
) -> None:
    api.first_page = 25
    api.fail(ERRORS[name], CONNECTIONS, after=after, times=100)
    with import_fails(way="consent") as caught:
        await read(Google(), token_account(api.url))
    assert type(caught.kind) is kind
    assert (caught.kind.retry_after or 0) == rest
    assert caught.value.code == code


async def test_the_operator_reads_what_has_to_be_set_up(api: PeopleApi) -> None:
    api.fail(ERRORS["SERVICE_DISABLED"])
    with pytest.raises(SetUpIncomplete) as caught:
        await read(Google(), token_account(api.url))
    assert "People API is not enabled" in caught.value.fault
    assert "People API" not in to_error(caught.value, "consent").text


async def test_a_failure_that_passes_is_waited_for(api: PeopleApi) -> None:
    api.fail(ERRORS["RATE_LIMIT_EXCEEDED"], CONNECTIONS, times=2)
    assert len((await read(Google(), token_account(api.url))).keys) == 470


async def test_a_token_that_ends_in_mid_book_is_replaced_once(api: PeopleApi) -> None:
    api.first_page = 25
    api.grant("short", READONLY, requests=2)
    api.grant("fresh", READONLY)
    fetched: list[str] = []

    async def refresh() -> str | None:
        fetched.append("fresh")
        return "fresh"

    run = await read(Google(), token_account(api.url, "short", refresh=refresh))
    assert (len(run.keys), fetched) == (470, ["fresh"])
    api.revoke("fresh")
    api.grant("short", READONLY, requests=2)
    with pytest.raises(ConsentWithdrawn):
        await read(Google(), token_account(api.url, "short", refresh=refresh))
    assert fetched == ["fresh", "fresh"]


GONE = ApiError(410, {"error": {"code": 410, "status": "FAILED_PRECONDITION"}})
EXPIRED = [invalid("Page token is expired."), GONE]
DEEP = b'{"connections":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize("error", EXPIRED)
async def test_a_page_token_that_expires_begins_the_listing_again(error: ApiError) -> None:
    with people_api(2_500) as api:
        api.grant(TOKEN, READONLY)
        api.fail(error, CONNECTIONS, after=2)
        run = await read(Google(), token_account(api.url))
        assert len(run.keys) == len(set(run.keys)) == 2_500
        assert (run.repeats, run.rejects, run.listed) == (0, [], 2_500)
        assert len(asked(api)) == 6
        api.fail(error, CONNECTIONS, after=2, times=1000)
        with pytest.raises(BookRefused):
            await read(Google(), token_account(api.url))
        assert len(asked(api)) < 20


async def test_a_rest_in_mid_book_keeps_what_came(api: PeopleApi) -> None:
    api.first_page = 25
    api.fail(ERRORS["RATE_LIMIT_EXCEEDED"], CONNECTIONS, after=1, times=10)
    run = SourceRun([])
    with pytest.raises(RateLimited):
        await read(Google(), token_account(api.url), into=run)
    assert len(run.keys) == 25
    api.rules.clear()
    rest = await read(Google(), token_account(api.url), known=set(run.keys))
    assert len(rest.keys) == 445
    assert not set(rest.keys) & set(run.keys)


async def test_a_rest_after_the_contacts_says_what_was_not_read(api: PeopleApi) -> None:
    api.grant("all", READONLY, OTHER)
    api.fail(ERRORS["RATE_LIMIT_EXCEEDED"], "/v1/otherContacts", times=10)
    run = SourceRun([])
    with pytest.raises(RetryLater) as caught:
        await read(Google(), token_account(api.url, "all", scopes=(READONLY, OTHER)), into=run)
    assert caught.value.retry_after == 60
    assert run.outcomes["otherContacts"] == ("failed", RateLimited)
    assert len(run.keys) == 470


async def test_labels_that_cannot_be_read_cost_only_themselves(api: PeopleApi) -> None:
    api.fail(invalid("No."), "/v1/contactGroups")
    run = await read(Google(), token_account(api.url))
    assert len(run.keys) == 470
    assert run.outcomes == {
        "contactGroups": ("failed", BookRefused),
        "people/me/connections": ("complete", None),
    }


class ScriptedPeople(PeopleApi):
    """Whose listing of contacts a test writes."""

    script: Callable[[Call], Any]

    def answer(self, call: Call, scopes: frozenset[str]) -> Any:
        if call.path == CONNECTIONS:
            return self.script(call)
        return super().answer(call, scopes)


@pytest.fixture
def scripted() -> Generator[ScriptedPeople]:
    running = ScriptedPeople([])
    running.grant(TOKEN, READONLY)
    running.start()
    yield running
    running.stop()


def person(number: int) -> dict[str, Any]:
    return {"resourceName": f"people/c{number}", "names": [{"givenName": f"N{number}"}]}


@pytest.mark.parametrize("growing", [False, True])
async def test_pages_without_end_are_ended(growing: bool, scripted: ScriptedPeople) -> None:
    def script(call: Call) -> Any:
        following = str(int(call.one("pageToken", "0")) + 1) if growing else "1"
        return {"connections": [person(1)], "nextPageToken": following}

    scripted.script = script
    with pytest.raises(Unreadable):
        await read(Google(), token_account(scripted.url))
    assert len(scripted.calls) < 110


async def test_a_book_is_not_empty_while_members_are_counted(scripted: ScriptedPeople) -> None:
    scripted.script = lambda call: {"totalItems": 470}
    with pytest.raises(MembersWithheld):
        await read(Google(), token_account(scripted.url))
    scripted.script = lambda call: {"totalItems": 470, "connections": [person(1)]}
    run = await read(Google(), token_account(scripted.url))
    assert run.outcomes == {"people/me/connections": ("incomplete", MembersWithheld)}
    assert (run.keys, run.repeats) == (["people/c1"], 0)


async def test_one_broken_record_costs_only_itself(scripted: ScriptedPeople) -> None:
    text = (
        rb'{"connections":[{"resourceName":"people/c1","names":[{"givenName":"A\ud800\u0000B"}]},'
        b'{"resourceName":"people/c2","names":[{"givenName":"C(no UTF-8)"}]},5,{"names":[]},'
        b'{"resourceName":"people/c3","metadata":{"deleted":true}},'
        b'{"resourceName":"people/c4","names":"D","birthdays":[{"date":[]}]}],"totalItems":"many"}'
    )
    scripted.script = lambda call: text.replace(b"(no UTF-8)", b"\xff")
    run = await read(Google(), token_account(scripted.url))
    assert run.keys == ["people/c1", "people/c2", "people/c4"]
    assert [reject.place for reject in run.rejects] == [
        "people/me/connections, record 3",
        "people/me/connections, record 4",
    ]
    names = [record.item.name.given for record in run.contacts if isinstance(record.item, Contact)]
    assert names == ["A?B", "C\N{REPLACEMENT CHARACTER}", ""]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"<html>", b'{"connections": 5}', DEEP])
async def test_what_is_no_listing_is_unreadable(body: bytes, scripted: ScriptedPeople) -> None:
    scripted.script = lambda call: body
    with pytest.raises(Unreadable):
        await read(Google(), token_account(scripted.url))


async def test_a_page_that_is_too_large_is_asked_for_in_parts(scripted: ScriptedPeople) -> None:
    sizes: list[int] = []

    def script(call: Call) -> Any:
        size = int(call.one("pageSize"))
        sizes.append(size)
        start = int(call.one("pageToken", "0"))
        found = [{**person(number), "note": "x" * 100_000} for number in range(start, min(start + size, 400))]
        return {"connections": found, **({"nextPageToken": str(start + size)} if start + size < 400 else {})}

    scripted.script = script
    run = await read(Google(), token_account(scripted.url))
    assert len(run.keys) == 400
    assert sizes == [1000, 100, 100, 100, 100]
    scripted.script = lambda call: {"connections": [{"note": "x" * 20_000_000}]}
    with pytest.raises(TooLarge):
        await read(Google(), token_account(scripted.url), using=settings())


async def test_an_operator_is_told_what_is_there(api: PeopleApi) -> None:
    async with open_client(settings()) as client:
        steps = [step async for step in Google().check(token_account(api.url), client)]
    assert steps == ["people/me/connections: complete", "470 contacts can be read"]
