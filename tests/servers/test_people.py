"""The emulator of the People API, judged by the official schema and read to its end by the official client."""

from __future__ import annotations

import copy
import functools
import importlib
import json
from collections.abc import Callable, Generator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from samples.hosted_book import GROUPS, PICTURE, BirthDate, people
from tests.servers.google_errors import ERRORS
from tests.servers.people import EMAIL, OTHER, PROFILE, READONLY, SYSTEM_GROUPS, PeopleApi, people_api

discovery: Any = importlib.import_module("googleapiclient.discovery")
httplib2: Any = importlib.import_module("httplib2")
HttpError: type[Exception] = importlib.import_module("googleapiclient.errors").HttpError

FIELDS = (
    "names,nicknames,emailAddresses,phoneNumbers,addresses,organizations,birthdays,memberships,photos,biographies,"
    "urls,metadata"
)
INTEGERS = {"int32": {"minimum": -(2**31), "maximum": 2**31 - 1}}
FORMATS = {"google-datetime": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$"}}


@functools.cache
def document() -> dict[str, Any]:
    """The official description of the API, as the official client's package has it."""
    path = "googleapiclient/discovery_cache/documents/people.v1.json"
    return json.loads(Path(str(distribution("google-api-python-client").locate_file(path))).read_bytes())


def json_schema(node: Any) -> Any:
    """A schema of the discovery document as JSON Schema: nothing may come that it does not name."""
    if node.get("type") == "any":
        return True
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref']}"}
    schema: dict[str, Any] = {key: node[key] for key in ("type", "enum") if key in node}
    schema |= INTEGERS.get(node.get("format"), {}) | FORMATS.get(node.get("format"), {})
    if "items" in node:
        schema["items"] = json_schema(node["items"])
    if node.get("type") == "object":
        schema["properties"] = {
            name: json_schema(value) for name, value in node.get("properties", {}).items()
        }
        rest = node.get("additionalProperties")
        schema["additionalProperties"] = json_schema(rest) if rest else False
    return schema


@pytest.fixture(scope="module")
def valid() -> Callable[[str, Any], bool]:
    """Whether an answer is what the discovery document says of a schema's name."""
    definitions = {name: json_schema(schema) for name, schema in document()["schemas"].items()}
    validators = {
        name: jsonschema_rs.validator_for({"$ref": f"#/$defs/{name}", "$defs": definitions})
        for name in (
            "ListConnectionsResponse",
            "ListContactGroupsResponse",
            "ListOtherContactsResponse",
            "Person",
        )
    }
    return lambda name, answer: validators[name].is_valid(answer)


@pytest.fixture(scope="module")
def api() -> Generator[PeopleApi]:
    with people_api(470, others=people(60, seed=2)) as running:
        running.grant("all", READONLY, OTHER, EMAIL, PROFILE)
        running.grant("contacts", READONLY)
        running.grant("others", OTHER)
        yield running


def bearer_http(token: str) -> Any:
    """An `httplib2.Http` that sends an access token, and knows no way to a newer one."""
    http = httplib2.Http()
    send = http.request

    def request(uri: str, *given: Any, headers: dict[str, str], **named: Any) -> Any:
        return send(uri, *given, headers={**headers, "Authorization": f"Bearer {token}"}, **named)

    http.request = request
    return http


def client(api: PeopleApi, token: str = "all") -> Any:
    options = {"api_endpoint": api.url}
    return discovery.build_from_document(document(), http=bearer_http(token), client_options=options)


def pages(collection: Any, **parameters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    request = collection.list(**parameters)
    while request is not None:
        found.append(request.execute())
        request = collection.list_next(request, found[-1])
    return found


def connections(api: PeopleApi, token: str = "all", **parameters: Any) -> list[dict[str, Any]]:
    asked = {"resourceName": "people/me", "personFields": FIELDS, **parameters}
    return pages(client(api, token).people().connections(), **asked)


def failure(call: Callable[[], Any]) -> tuple[int, dict[str, Any]]:
    with pytest.raises(HttpError) as caught:
        call()
    error: Any = caught.value
    return error.resp.status, json.loads(error.content)["error"]


@pytest.mark.parametrize("n", [0, 1, 470, 2_000])
@pytest.mark.parametrize("first_page", [1000, 25])
def test_the_official_client_reads_every_contact_once(
    n: int, first_page: int, valid: Callable[[str, Any], bool]
) -> None:
    with people_api(n, first_page=first_page) as api:
        api.grant("all", READONLY)
        answers = connections(api, pageSize=1000)
    assert all(valid("ListConnectionsResponse", answer) for answer in answers)
    found = [person["resourceName"] for answer in answers for person in answer.get("connections", [])]
    assert len(found) == len(set(found)) == n
    assert len(answers[0].get("connections", [])) == min(n, first_page)
    assert answers[0].get("totalItems", 0) == n


def test_a_book_without_contacts_is_an_empty_answer() -> None:
    with people_api(0) as api:
        api.grant("all", READONLY)
        assert connections(api) == [{}]


def test_every_answer_is_of_the_schema(api: PeopleApi, valid: Callable[[str, Any], bool]) -> None:
    service = client(api)
    for answer in connections(api):
        assert valid("ListConnectionsResponse", answer)
    for answer in pages(service.contactGroups()):
        assert valid("ListContactGroupsResponse", answer)
    for answer in pages(service.otherContacts(), readMask="names,emailAddresses,phoneNumbers,photos"):
        assert valid("ListOtherContactsResponse", answer)
    me = (
        service.people().get(resourceName="people/me", personFields="names,emailAddresses,metadata").execute()
    )
    assert valid("Person", me)
    assert me["emailAddresses"][0]["value"] == "owner@example.com"


def _first(answer: dict[str, Any]) -> dict[str, Any]:
    return next(person for person in answer["connections"] if "emailAddresses" in person)


DRIFTS: dict[str, Callable[[dict[str, Any]], object]] = {
    "a field of another name": lambda answer: _first(answer).update(emails=[]),
    "a nested field of another name": lambda answer: _first(answer)["emailAddresses"][0].update(
        address="a@b"
    ),
    "another type": lambda answer: answer.update(totalItems="470"),
    "a number too large": lambda answer: answer.update(totalItems=2**31),
    "an object for a list": lambda answer: _first(answer).update(names={}),
    "an unknown word": lambda answer: _first(answer)["metadata"].update(objectType="HUMAN"),
    "another time": lambda answer: _first(answer)["metadata"]["sources"][0].update(updateTime="yesterday"),
    "null": lambda answer: _first(answer)["emailAddresses"][0].update(value=None),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_an_answer_that_drifted_is_not_of_the_schema(
    drift: str, api: PeopleApi, valid: Callable[[str, Any], bool]
) -> None:
    answer = copy.deepcopy(connections(api)[0])
    assert valid("ListConnectionsResponse", answer)
    DRIFTS[drift](answer)
    assert not valid("ListConnectionsResponse", answer)


def test_everything_of_the_book_is_there(api: PeopleApi) -> None:
    found = [person for answer in connections(api) for person in answer["connections"]]
    book = list(people(470))
    for person, written in zip(book, found, strict=True):
        assert [entry["value"] for entry in written.get("emailAddresses", [])] == [
            entry.value for entry in person.emails
        ]
        assert [entry["type"] for entry in written.get("phoneNumbers", [])] == [
            entry.type for entry in person.phones
        ]
        assert [entry["city"] for entry in written.get("addresses", [])] == [
            where.city for where in person.addresses
        ]
        assert len(written["memberships"]) == len(person.groups) + 1
        assert written["photos"][0].get("default", False) is not person.picture
        name = written.get("names", [{}])[0]
        assert (name.get("givenName", ""), name.get("familyName", "")) == (person.given, person.family)
    dates = {person.number: person.birthday for person in book}
    kinds = {(bool(date.year), bool(date.month)) for date in dates.values() if isinstance(date, BirthDate)}
    assert kinds == {(True, True), (False, True), (True, False)}
    assert any(isinstance(date, str) for date in dates.values())
    for name in ("company", "department", "title", "middle", "prefix", "nickname", "note", "url"):
        assert any(getattr(person, name) for person in book), name


def test_only_the_fields_of_the_mask_come(api: PeopleApi) -> None:
    found = connections(api, personFields="emailAddresses")[0]["connections"]
    assert {name for person in found for name in person} == {"resourceName", "etag", "emailAddresses"}


@pytest.mark.parametrize("mask", ["", "names,shoeSize"])
def test_a_mask_is_wanted_and_checked(mask: str, api: PeopleApi) -> None:
    status, error = failure(lambda: connections(api, personFields=mask))
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    assert "mask" in error["message"]


def test_other_contacts_have_few_fields(api: PeopleApi) -> None:
    status, error = failure(lambda: pages(client(api).otherContacts(), readMask="birthdays"))
    assert (status, error["status"]) == (400, "INVALID_ARGUMENT")
    answers = pages(client(api).otherContacts(), readMask="names,emailAddresses", pageSize=25)
    assert [len(answer["otherContacts"]) for answer in answers] == [25, 25, 10]
    assert {answer["totalSize"] for answer in answers} == {60}


def test_groups_come_thirty_a_page_unless_asked(api: PeopleApi) -> None:
    total = len(GROUPS) + len(SYSTEM_GROUPS)
    answers = pages(client(api).contactGroups())
    assert len(answers[0]["contactGroups"]) == 30
    found = [group for answer in answers for group in answer["contactGroups"]]
    assert len(found) == total
    labels = [group["name"] for group in found if group["groupType"] == "USER_CONTACT_GROUP"]
    assert labels == list(GROUPS)
    mine = next(group for group in found if group["resourceName"] == "contactGroups/myContacts")
    assert mine["memberCount"] == 470
    assert len(pages(client(api).contactGroups(), pageSize=1000)) == 1


@pytest.mark.parametrize(
    "changed", [{"personFields": "names"}, {"pageSize": 99}, {"sortOrder": "LAST_NAME_ASCENDING"}]
)
def test_a_page_token_is_good_with_the_same_parameters_alone(changed: dict[str, Any], api: PeopleApi) -> None:
    token = connections(api, pageSize=100)[0]["nextPageToken"]
    people_of = client(api).people().connections()
    same = {"resourceName": "people/me", "personFields": FIELDS, "pageSize": 100, "pageToken": token}
    assert len(people_of.list(**same).execute()["connections"]) == 100
    status, _ = failure(lambda: people_of.list(**(same | changed)).execute())
    assert status == 400
    status, _ = failure(lambda: people_of.list(**(same | {"pageToken": "x"})).execute())
    assert status == 400


@pytest.mark.parametrize("size", ["1001", "-1"])
def test_a_page_has_a_thousand_at_most(size: str, api: PeopleApi) -> None:
    status, _ = failure(lambda: connections(api, pageSize=int(size)))
    assert status == 400


def test_scopes_say_what_may_be_read(api: PeopleApi) -> None:
    status, error = failure(lambda: connections(api, "others"))
    assert (status, error["status"]) == (403, "PERMISSION_DENIED")
    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    status, _ = failure(lambda: pages(client(api, "contacts").otherContacts(), readMask="names"))
    assert status == 403
    me = (
        client(api, "contacts")
        .people()
        .get(resourceName="people/me", personFields="emailAddresses")
        .execute()
    )
    assert "emailAddresses" not in me


def test_a_token_ends_in_mid_book() -> None:
    with people_api(470) as api:
        api.grant("short", READONLY, requests=2)
        status, error = failure(lambda: connections(api, "short"))
        assert (status, error["details"][0]["reason"]) == (401, "ACCESS_TOKEN_EXPIRED")
        assert [call.status for call in api.calls] == [200, 200, 401]
        api.grant("gone", READONLY)
        api.revoke("gone")
        assert failure(lambda: connections(api, "gone"))[0] == 401
        assert failure(lambda: connections(api, "never"))[0] == 401


@pytest.mark.parametrize("name", [name for name in ERRORS if name != "html"])
def test_a_failure_comes_when_it_is_told_to(name: str, api: PeopleApi) -> None:
    api.fail(ERRORS[name], "/v1/people/me/connections", after=2)
    status, error = failure(lambda: connections(api))
    assert status == ERRORS[name].status == error["code"]
    reasons = {entry["reason"] for entry in error.get("errors", [])}
    reasons |= {entry["reason"] for entry in error.get("details", []) if "reason" in entry}
    assert reasons <= {name}
    assert reasons or error["status"] == name
    assert sum(len(answer["connections"]) for answer in connections(api)) == 470


def test_pictures_want_no_token(api: PeopleApi) -> None:
    photo = connections(api)[0]["connections"][0]["photos"][0]
    response, body = httplib2.Http().request(photo["url"])
    assert (response.status, body) == (200, PICTURE)
    assert photo["url"].startswith(api.url)
