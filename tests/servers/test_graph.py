"""The emulator of Graph's contacts, judged by the official TypeScript types."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from samples.hosted_book import PICTURE, BirthDate, people
from tests.servers.graph import ERRORS, READ, USER, GraphApi, graph_api
from tests.servers.npm import modules, tsc

TYPES = "node_modules/@microsoft/microsoft-graph-types/microsoft-graph"
HEAD = """
import type * as graph from "{types}";
type Entry<T> = T & {{ "@odata.etag"?: string }};
type Page<T> = {{
  "@odata.context": string; "@odata.count"?: number; "@odata.nextLink"?: string; value: Entry<T>[];
}};
type Inner = {{ date: string; "request-id": string; "client-request-id": string }};
type Failure = {{ error: Omit<graph.PublicError, "innerError"> & {{ innerError: Inner }} }};
type User = graph.User & {{ "@odata.context": string }};
"""


@pytest.fixture(scope="module")
def api() -> Generator[GraphApi]:
    with graph_api(470) as running:
        running.grant("all", READ, USER)
        running.grant("full", f"https://graph.microsoft.com/{READ}")
        running.grant("user", USER)
        yield running


def get(api: GraphApi, target: str, token: str = "all", **options: str) -> Any:
    """The JSON of an answer; options are named without their dollar. Raises HTTPError."""
    url = target if target.startswith("http") else f"{api.url}/v1.0/me{target}"
    if options:
        url += "?" + urlencode({f"${name}": value for name, value in options.items()})
    with urlopen(Request(url, headers={"Authorization": f"Bearer {token}"})) as answer:
        return json.load(answer) if "json" in answer.headers["Content-Type"] else answer.read()


def failure(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(HTTPError) as caught:
        call()
    with caught.value:
        return caught.value.code, json.load(caught.value)["error"]["code"]


def pages(api: GraphApi, target: str, **options: str) -> list[dict[str, Any]]:
    found = [get(api, target, **options)]
    while "@odata.nextLink" in found[-1]:
        found.append(get(api, found[-1]["@odata.nextLink"]))
    return found


def listed(api: GraphApi, target: str, **options: str) -> list[dict[str, Any]]:
    return [entry for page in pages(api, target, **options) for entry in page["value"]]


def folders(api: GraphApi) -> list[str]:
    """Every folder's id, the default one by its well-known name."""
    found: list[str] = []
    left = ["contacts", *(folder["id"] for folder in listed(api, "/contactFolders"))]
    while left:
        found.append(left.pop())
        left += [folder["id"] for folder in listed(api, f"/contactFolders/{found[-1]}/childFolders")]
    return found


def everything(api: GraphApi, **options: str) -> list[dict[str, Any]]:
    return [
        contact
        for folder in folders(api)
        for contact in listed(api, f"/contactFolders/{folder}/contacts", **options)
    ]


def compile_types(folder: Path, programs: dict[str, list[tuple[str, Any]]]) -> Counter[str]:
    """How many errors TypeScript finds in each program: answers, each with the official type that it should have."""
    head = HEAD.format(types=modules() / TYPES)
    for name, constants in programs.items():
        lines = [
            f"export const c{place}: {kind} = {json.dumps(value)};"
            for place, (kind, value) in enumerate(constants)
        ]
        (folder / f"{name}.ts").write_text("\n".join([head, *lines]), "utf-8")
    options = [
        "--noEmit",
        "--strict",
        "--exactOptionalPropertyTypes",
        "--pretty",
        "false",
        "--target",
        "esnext",
    ]
    files = [f"{name}.ts" for name in programs]
    done = subprocess.run([*tsc(), *options, *files], cwd=folder, capture_output=True, text=True, check=False)
    errors = re.findall(r"^([\w-]+)\.ts\(\d+,\d+\): error TS", done.stdout, re.MULTILINE)
    assert bool(errors) == bool(done.returncode), done.stdout + done.stderr
    return Counter(errors)


def _first(page: dict[str, Any]) -> dict[str, Any]:
    return next(contact for contact in page["value"] if contact["emailAddresses"] and contact["homeAddress"])


DRIFTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a-property-of-another-name": lambda page: _first(page).update(emails=[]),
    "a-nested-property-of-another-name": lambda page: _first(page)["emailAddresses"][0].update(adress="a@b"),
    "an-address-of-another-name": lambda page: _first(page)["homeAddress"].update(zip="1"),
    "another-type": lambda page: _first(page).update(mobilePhone=["1"]),
    "text-for-a-list": lambda page: _first(page).update(businessPhones="1"),
    "an-object-for-a-time": lambda page: _first(page).update(birthday={"year": 1}),
    "null-for-an-id": lambda page: _first(page).update(id=None),
    "a-page-of-another-name": lambda page: page.update(values=page.pop("value")),
}


def test_every_answer_is_of_the_official_types_and_a_drifted_one_is_not(
    api: GraphApi, tmp_path: Path
) -> None:
    page = get(api, "/contacts", top="60", count="true")
    sound: list[tuple[str, Any]] = [("Page<graph.Contact>", page)]
    sound += [
        ("Page<graph.Contact>", answer) for answer in pages(api, "/contacts", top="150", select="id,birthday")
    ]
    sound += [("Page<graph.ContactFolder>", answer) for answer in pages(api, "/contactFolders", top="1")]
    sound += [
        ("Page<graph.ContactFolder>", get(api, "/contactFolders/contacts/childFolders")),
        ("graph.ContactFolder", get(api, "/contactFolders/contacts")),
        ("User", get(api, "")),
        *(("Failure", error.payload) for name, error in ERRORS.items() if name != "html"),
    ]
    programs = {"sound": sound}
    for name, drift in DRIFTS.items():
        drifted = copy.deepcopy(page)
        drift(drifted)
        programs[name] = [("Page<graph.Contact>", drifted)]
    errors = compile_types(tmp_path, programs)
    assert set(errors) == set(DRIFTS)


@pytest.mark.parametrize("n", [0, 1, 470, 2_000])
@pytest.mark.parametrize("bound", [1000, 25])
def test_all_folders_together_have_every_contact_once(n: int, bound: int) -> None:
    with graph_api(n) as api:
        api.grant("all", READ)
        api.page_bound = bound
        found = everything(api, top="500")
    assert len({contact["id"] for contact in found}) == len(found) == n


def test_everything_of_the_book_that_graph_can_hold_is_there(api: GraphApi) -> None:
    found = {
        contact["emailAddresses"][0]["address"]: contact
        for contact in everything(api)
        if contact["emailAddresses"]
    }
    for person in people(470):
        if not person.emails:
            continue
        written = found[person.emails[0].value]
        assert [entry["address"] for entry in written["emailAddresses"]] == [
            email.value for email in person.emails
        ]
        assert (written["givenName"] or "", written["surname"] or "") == (person.given, person.family)
        phones: list[str | None] = [
            written["mobilePhone"],
            *written["homePhones"],
            *written["businessPhones"],
        ]
        assert sorted(filter(None, phones)) == sorted(phone.value for phone in person.phones)
        assert written["categories"] == person.groups
        kinds = {"home": "homeAddress", "work": "businessAddress", "other": "otherAddress"}
        assert {kinds[where.type] for where in person.addresses} == {
            name for name in kinds.values() if written[name]
        }
        born = person.birthday
        if isinstance(born, BirthDate) and born.month:
            assert written["birthday"] == f"{born.year or 1604}-{born.month:02}-{born.day:02}T11:59:00Z"
        else:
            assert written["birthday"] is None
    empty = [[contact[name] for contact in found.values()] for name in ("jobTitle", "companyName", "surname")]
    assert all("" in values and None in values for values in empty)


def test_the_default_folder_is_in_no_list_of_folders(api: GraphApi) -> None:
    default = get(api, "/contactFolders/contacts")
    assert default["id"] not in {folder["id"] for folder in listed(api, "/contactFolders")}
    assert get(api, f"/contactFolders/{default['id']}") == default
    assert listed(api, "/contacts") == listed(api, f"/contactFolders/{default['id']}/contacts")
    assert len(folders(api)) == 6


def test_ten_come_unless_asked_and_the_count_has_more_than_the_list(api: GraphApi) -> None:
    page = get(api, "/contacts", count="true")
    assert len(page["value"]) == 10
    assert page["@odata.count"] == len(listed(api, "/contacts")) + 2


def test_only_what_is_selected_comes(api: GraphApi) -> None:
    page = get(api, "/contacts", select="givenName,emailAddresses")
    assert set(page["value"][0]) == {"@odata.etag", "id", "givenName", "emailAddresses"}


@pytest.mark.parametrize("options", [{"select": "shoeSize"}, {"top": "0"}, {"top": "1001"}, {"filter": "x"}])
def test_a_wrong_option_is_refused(options: dict[str, str], api: GraphApi) -> None:
    assert failure(lambda: get(api, "/contacts", **options))[0] == 400


def test_a_next_link_may_point_elsewhere(api: GraphApi) -> None:
    with graph_api(30) as other:
        other.next_link_base = "https://graph.evil.example/v1.0"
        other.grant("all", READ)
        assert get(other, "/contacts")["@odata.nextLink"].startswith(
            "https://graph.evil.example/v1.0/me/contacts?%24skip=10"
        )


def test_four_are_let_in_at_once() -> None:
    with graph_api(30) as api, ThreadPoolExecutor(8) as pool:
        api.grant("all", READ)
        api.open.clear()
        done = threading.Semaphore(0)
        waiting = [pool.submit(get, api, "/contacts") for _ in range(6)]
        for each in waiting:
            each.add_done_callback(lambda _: done.release())
        assert done.acquire(timeout=30)
        assert done.acquire(timeout=30)
        refused = [each.exception() for each in waiting if each.done()]
        api.open.set()
        assert len(refused) == 2
        for error in refused:
            assert isinstance(error, HTTPError)
            with error:
                assert (error.code, error.headers["Retry-After"]) == (429, "2")
        assert sum(each.exception() is None for each in waiting) == 4
        assert api.most_at_once == 4


def test_tokens_end_and_scopes_are_looked_at(api: GraphApi) -> None:
    assert get(api, "/contacts", "full")["value"]
    assert failure(lambda: get(api, "/contacts", "user")) == (403, "ErrorAccessDenied")
    assert failure(lambda: get(api, "/contacts", "never")) == (401, "InvalidAuthenticationToken")
    api.grant("short", READ, requests=1)
    assert get(api, "/contacts", "short")["value"]
    assert failure(lambda: get(api, "/contacts", "short")) == (401, "InvalidAuthenticationToken")
    assert get(api, "", "user")["mail"] == "owner@example.com"
    assert failure(lambda: get(api, "", "full")) == (403, "ErrorAccessDenied")


@pytest.mark.parametrize("name", [name for name in ERRORS if name != "html"])
def test_a_failure_comes_when_it_is_told_to(name: str, api: GraphApi) -> None:
    api.fail(ERRORS[name], "/v1.0/me/contacts", after=2)
    assert failure(lambda: pages(api, "/contacts")) == (ERRORS[name].status, name)
    assert len(pages(api, "/contacts")) == 29


def test_a_folder_that_is_gone_is_told(api: GraphApi) -> None:
    assert failure(lambda: get(api, "/contactFolders/gone/contacts")) == (404, "ErrorItemNotFound")


def test_pictures_want_a_token_and_are_mostly_not_there(api: GraphApi) -> None:
    found: set[Any] = set()
    for contact in listed(api, "/contacts"):
        try:
            found.add(get(api, f"/contacts/{contact['id']}/photo/$value"))
        except HTTPError as error:
            with error:
                found.add(error.code)
    assert found == {PICTURE, 404}
