"""The source `microsoft` against the emulated contacts of Graph."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any, ClassVar
from urllib.parse import quote, unquote

import msgspec
import pytest

from contactport.contact import Contact
from contactport.errors import Code
from contactport.imports.to_error import Way
from contactport.net.client import open_client
from contactport.net.failures import Unreadable
from contactport.sources.failures import (
    AccessDenied,
    BookRefused,
    ConsentWithdrawn,
    MailboxNotServed,
    RateLimited,
    RetryLater,
    SetUpIncomplete,
    SourceFailure,
    Unavailable,
)
from contactport.sources.microsoft import Microsoft
from samples.hosted_book import PICTURE, people
from tests.import_fails import import_fails
from tests.servers.behaviour import SourceBehaviour
from tests.servers.graph import ERRORS, READ, USER, ContactFolder, GraphApi, graph_api, graph_error
from tests.servers.hosted_account import TOKEN, HostedHarness, token_account
from tests.servers.hosted_api import ApiError, Call
from tests.servers.source_run import SourceRun, read, settings

CONTACTS = "/v1.0/me/contact"


def base(api: GraphApi) -> str:
    return f"{api.url}/v1.0"


class MicrosoftHarness(HostedHarness[GraphApi]):
    """The contacts lie in folders in folders."""

    def uids(self, count: int) -> set[str]:
        return {contact["id"] for contact in self.apis[count].everything()}


@pytest.fixture(scope="module")
def apis() -> Generator[dict[int, GraphApi]]:
    with ExitStack() as stack:
        running = {count: stack.enter_context(graph_api(count)) for count in (0, 1, 300, 1000)}
        for api in running.values():
            api.grant(TOKEN, READ)
        yield running


class TestMicrosoft(SourceBehaviour):
    way: ClassVar[Way] = "consent"
    refused: ClassVar[Code] = Code.CONSENT_REFUSED
    unreachable: ClassVar[Code] = Code.PROVIDER_UNREACHABLE

    @pytest.fixture
    def harness(self, apis: dict[int, GraphApi]) -> MicrosoftHarness:
        return MicrosoftHarness(source=Microsoft(), apis=apis, path="/v1.0")

    def sizes(self, whole: SourceRun) -> dict[str, int]:
        with graph_api(len(whole.keys)) as api:
            api.grant(TOKEN, READ)
            found: dict[str, int] = {}
            for path in {record.book for record in whole.contacts}:
                selected = [("$select", ",".join(PROPERTIES)), ("$top", "1000")]
                call = Call(f"/v1.0/me/{unquote(path)}/contacts", selected, TOKEN)
                for contact in api.answer(call, frozenset({READ}))["value"]:
                    found[contact["id"]] = len(msgspec.json.encode(contact))
        return found


PROPERTIES = (
    *("displayName", "givenName", "surname", "middleName", "title", "generation", "nickName"),
    *("yomiGivenName", "yomiSurname", "emailAddresses", "mobilePhone", "homePhones", "businessPhones"),
    *("companyName", "department", "jobTitle", "birthday", "categories"),
)


@pytest.fixture
def api() -> Generator[GraphApi]:
    with graph_api(470) as running:
        running.grant(TOKEN, READ)
        yield running


@pytest.mark.parametrize("bound", [1000, 25])
async def test_every_folder_is_read_to_its_end(bound: int, api: GraphApi) -> None:
    api.page_bound = bound
    run = await read(Microsoft(), token_account(base(api)))
    assert len(run.keys) == len(set(run.keys)) == 470
    assert {state for state, _ in run.outcomes.values()} == {"complete"}
    assert len(run.outcomes) == 6
    assert (run.listed, run.repeats, run.rejects) == (470, 0, [])


async def test_contacts_come_as_they_are_written(api: GraphApi) -> None:
    run = await read(Microsoft(), token_account(base(api), include=("mailing_address",)))
    found = {record.key: record.item for record in run.contacts}
    for written in api.everything():
        contact = found[written["id"]]
        assert isinstance(contact, Contact)
        assert contact.name.given == (written["givenName"] or "")
        assert [email.address for email in contact.emails] == [
            email["address"] for email in written["emailAddresses"]
        ]
        assert len(contact.addresses) == sum(
            bool(written[name]) for name in ("homeAddress", "businessAddress", "otherAddress")
        )


@pytest.mark.parametrize("include", [(), ("photo",), ("mailing_address",)])
async def test_only_what_was_asked_for_is_requested(include: tuple[str, ...], api: GraphApi) -> None:
    run = await read(Microsoft(), token_account(base(api), include=include))
    fields = {field for call in api.calls for field in call.one("$select").split(",")}
    assert ("homeAddress" in fields) == ("mailing_address" in include)
    assert fields.isdisjoint({"personalNotes", "spouseName", "children", "imAddresses", "fileAs", "manager"})
    asked = [call for call in api.calls if call.path.endswith("/photo/$value")]
    assert len(asked) == (470 if "photo" in include else 0)
    pictures = [
        photo for record in run.contacts if isinstance(record.item, Contact) for photo in record.item.photos
    ]
    assert len(pictures) == (sum(person.picture for person in people(470)) if "photo" in include else 0)
    assert all((photo.media_type, photo.data) == ("image/png", PICTURE) for photo in pictures)
    assert api.most_at_once <= 4


async def test_a_picture_that_fails_is_asked_for_again_with_its_contact(api: GraphApi) -> None:
    api.fail(ERRORS["ApplicationThrottled"], f"{CONTACTS}s/", after=100, times=10)
    run = SourceRun([])
    with pytest.raises(RateLimited):
        await read(Microsoft(), token_account(base(api), include=("photo",)), into=run)
    api.rules.clear()
    assert 60 <= len(run.keys) <= 100
    rest = await read(Microsoft(), token_account(base(api), include=("photo",)), known=set(run.keys))
    assert sorted([*run.keys, *rest.keys]) == sorted(contact["id"] for contact in api.everything())
    pictures = [
        record.item.photos for record in (*run.contacts, *rest.contacts) if isinstance(record.item, Contact)
    ]
    assert sum(map(len, pictures)) == sum(person.picture for person in people(470))


async def test_a_picture_that_is_too_large_is_noted(scripted: ScriptedGraph) -> None:
    def script(call: Call) -> Any:
        if call.path.endswith("/photo/$value"):
            return b"\x89PNG" + b"x" * 3_000_000
        return (
            {"value": [{"id": "one"}]}
            if call.path.endswith("/contacts") and "$top" in str(call.query)
            else None
        )

    scripted.script = script
    run = await read(Microsoft(), token_account(base(scripted), include=("photo",)))
    (record,) = run.contacts
    assert [note.reason for note in record.notes] == ["the picture is larger than 2 MiB"]


async def test_the_owner_is_read_where_that_was_granted(api: GraphApi) -> None:
    api.grant("all", READ, USER)
    run = await read(
        Microsoft(), token_account(base(api), "all", scopes=(f"https://graph.microsoft.com/{USER}",))
    )
    owners = [page.owner_card for page in run.pages if page.owner_card is not None]
    assert [(owner.name.given, owner.emails[0].address) for owner in owners] == [
        ("Olga", "owner@example.com")
    ]
    assert len(run.keys) == 470


KINDS: list[tuple[str, type[SourceFailure], int, Code]] = [
    ("TooManyRequests", RateLimited, 30, Code.PROVIDER_UNREACHABLE),
    ("MailboxNotEnabledForRESTAPI", MailboxNotServed, 0, Code.PROVIDER_UNREACHABLE),
    ("ErrorAccessDenied", AccessDenied, 0, Code.CONSENT_REFUSED),
    ("InvalidAuthenticationToken", ConsentWithdrawn, 0, Code.CONSENT_REFUSED),
    ("html", Unavailable, 0, Code.PROVIDER_UNREACHABLE),
]


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize(("name", "kind", "rest", "code"), KINDS)
async def test_a_refusal_is_told_from_the_others(
    name: str, kind: type[SourceFailure], rest: int, code: Code, after: int, api: GraphApi
) -> None:
    api.page_bound = 25
    api.fail(ERRORS[name], after=after, times=1000)
    with import_fails(way="consent") as caught:
        await read(Microsoft(), token_account(base(api)))
    assert type(caught.kind) is kind
    assert (caught.kind.retry_after or 0) == rest
    assert caught.value.code == code


@pytest.mark.parametrize("status", [429, 503])
async def test_a_rest_is_as_long_as_it_is_asked_for(status: int, api: GraphApi) -> None:
    api.fail(graph_error(status, "ApplicationThrottled", "Wait.", Retry_After="600"), after=2, times=10)
    with import_fails(way="consent") as caught:
        await read(Microsoft(), token_account(base(api)))
    assert caught.kind.retry_after == 600


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (graph_error(401, "UnknownError", ""), MailboxNotServed),
        (graph_error(404, "ResourceNotFound", "Resource could not be discovered."), MailboxNotServed),
        (graph_error(403, "Authorization_RequestDenied", "Insufficient privileges."), SetUpIncomplete),
        (ApiError(403, b"<html>"), BookRefused),
    ],
)
async def test_an_account_without_a_mailbox_is_no_refusal_by_its_user(
    error: ApiError, kind: type[SourceFailure], api: GraphApi
) -> None:
    api.fail(error, times=100)
    with pytest.raises(kind):
        await read(Microsoft(), token_account(base(api)))


@pytest.mark.parametrize(
    "elsewhere",
    ["https://graph.evil.example/v1.0", "http://127.0.0.2/v1.0", "//evil.example/v1.0", "https://127.0.0.1"],
)
async def test_a_next_link_to_another_host_is_not_followed(elsewhere: str, api: GraphApi) -> None:
    with graph_api(10) as other:
        api.page_bound = 25
        api.next_link_base = f"{other.url}/v1.0" if elsewhere == "https://127.0.0.1" else elsewhere
        run = await read(Microsoft(), token_account(base(api)))
        assert other.calls == []
    failed = [kind for state, kind in run.outcomes.values() if state == "failed"]
    assert failed
    assert set(failed) == {Unreadable}
    assert run.keys


async def test_one_folder_that_fails_costs_only_itself(api: GraphApi) -> None:
    failing = api.path_of("Archiv")
    api.fail(graph_error(500, "ErrorInternalServerError", "No."), f"/v1.0/me/{failing}/contacts", times=100)
    run = await read(Microsoft(), token_account(base(api)))
    assert sorted(state for state, _ in run.outcomes.values()) == [*["complete"] * 5, "failed"]
    assert run.outcomes[quote(failing, safe="/")] == ("failed", Unavailable)
    assert len(run.keys) == 470 - 47


async def test_a_rest_after_the_first_folder_says_which_were_not_read(api: GraphApi) -> None:
    api.fail(ERRORS["TooManyRequests"], f"/v1.0/me/{api.path_of('Arbeit')}/contacts", times=100)
    run = SourceRun([])
    with pytest.raises(RetryLater) as caught:
        await read(Microsoft(), token_account(base(api)), into=run)
    assert caught.value.retry_after == 30
    assert run.outcomes[quote(api.path_of("Arbeit"), safe="/")] == ("failed", RateLimited)
    api.rules.clear()
    rest = await read(Microsoft(), token_account(base(api)), known=set(run.keys))
    assert len(run.keys) + len(rest.keys) == 470


async def test_folders_in_folders_end_somewhere() -> None:
    folder = ContactFolder("deepest", contacts=list(people(1)))
    for number in range(60):
        folder = ContactFolder(f"{number}", children=[folder])
    api = GraphApi(ContactFolder("Contacts"), [folder])
    api.grant(TOKEN, READ)
    api.start()
    try:
        run = await read(Microsoft(), token_account(base(api)))
    finally:
        api.stop()
    assert not run.keys
    assert len(run.outcomes) == 51


class ScriptedGraph(GraphApi):
    """Whose answers a test writes; None is the usual one."""

    script: Callable[[Call], Any]

    def answer(self, call: Call, scopes: frozenset[str]) -> Any:
        written = self.script(call)
        return super().answer(call, scopes) if written is None else written


@pytest.fixture
def scripted() -> Generator[ScriptedGraph]:
    running = ScriptedGraph(ContactFolder("Contacts"))
    running.grant(TOKEN, READ)
    running.start()
    yield running
    running.stop()


@pytest.mark.parametrize("growing", [False, True])
@pytest.mark.parametrize("path", ["contacts", "childFolders"])
async def test_pages_without_end_are_ended(path: str, growing: bool, scripted: ScriptedGraph) -> None:
    def script(call: Call) -> Any:
        if not call.path.endswith(path) or call.path.endswith("contactFolders/contacts"):
            return None
        following = str(int(call.one("$skip", "0")) + 1) if growing else "1"
        link = f"{base(scripted)}{call.path[5:]}?$skip={following}"
        return {"value": [{"id": "same"}], "@odata.nextLink": link}

    scripted.script = script
    run = SourceRun([])
    if path == "contacts":
        with pytest.raises(Unreadable):
            await read(Microsoft(), token_account(base(scripted)), into=run)
    else:
        await read(Microsoft(), token_account(base(scripted)), into=run)
        assert ("failed", Unreadable) in run.outcomes.values()
    assert len(scripted.calls) < 1_100


async def test_a_default_folder_without_an_id_is_read_by_its_name(scripted: ScriptedGraph) -> None:
    def script(call: Call) -> Any:
        if call.path.endswith("/contactFolders/contacts"):
            raise graph_error(404, "ErrorItemNotFound", "No.")
        return (
            {"value": [{"id": "one", "displayName": "One"}]} if call.path.endswith("/me/contacts") else None
        )

    scripted.script = script
    run = await read(Microsoft(), token_account(base(scripted)))
    assert run.keys == ["one"]
    assert run.outcomes == {"contacts": ("complete", None)}


async def test_odd_ids_stay_within_the_mailbox(scripted: ScriptedGraph) -> None:
    def script(call: Call) -> Any:
        if call.path.endswith("/me/contactFolders"):
            return {"value": [{"id": "../../a/b?c#d"}, {"id": 5}, "x", {"id": "e"}]}
        return {"value": [{"id": "e1"}]} if call.path.endswith("/e/contacts") else None

    scripted.script = script
    run = await read(Microsoft(), token_account(base(scripted)))
    assert run.keys == ["e1"]
    assert {call.path.split("/")[2] for call in scripted.calls} == {"me"}


async def test_an_operator_is_told_what_is_there(api: GraphApi) -> None:
    async with open_client(settings()) as client:
        steps = [step async for step in Microsoft().check(token_account(base(api)), client)]
    assert steps == ["470 contacts in 6 folders can be read"]
