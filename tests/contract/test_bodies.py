"""The bodies, key by key, against the contract."""

from __future__ import annotations

from typing import Any, cast
from xml.etree import ElementTree

import pytest

from tests.contract import expected_keys
from tests.contract.live_service import ADA, LiveService
from tests.contract.raw import FORM, ask, form

CODES = [
    *(
        "gmail",
        "yahoo",
        "outlookcom",
        "aol",
        "icloud",
        "office365",
        "outlook",
        "addressbook",
        "mail126",
        "mail163",
    ),
    *(
        "mail_yeah_net",
        "bol",
        "csv",
        "gmx",
        "mailcom",
        "mail_ru",
        "naver",
        "o2_pl",
        "qip_ru",
        "qq_mail",
        "rediff",
    ),
    *(
        "sapo",
        "terra",
        "uol",
        "web_de",
        "yandex_ru",
        "windowslive",
        "msn",
        "hotmail",
        "poczta_o2",
        "mail",
        "plaxo",
    ),
    *("linkedin", "facebook", "fastmail", "nextcloud", "posteo", "mailbox_org", "zoho", "seznam", "carddav"),
    *("ldap", "exchange", "jmap"),
]
"""Those that public clients and the vendor's pages name, and ours beside them."""


def test_begun(app: LiveService) -> None:
    fields = app.account() | {"echo": "e & <é>", "user_id": "u"}
    body = app.ask("POST", "/begin_import/import", FORM, body=form(fields)).json()
    expected_keys.check_begun(body)
    assert (body["echo"], body["user_id"]) == ("e & <é>", "u")


def test_begun_in_xml_has_no_url(app: LiveService) -> None:
    answer = app.ask(
        "POST", "/begin_import/import.xml", FORM, body=form(app.account() | {"echo": "é\x85"[:1]})
    )
    root = answer.xml()
    assert root.tag == "result"
    assert [child.tag for child in root] == ["status", "echo", "import-id", "user-id", "id"]
    assert root.findtext("status") == "success"
    assert root.findtext("echo") == "é"
    assert [child.get("nil") for child in root] == [None, None, None, "true", None]
    assert root.findtext("id") == root.findtext("import-id")


def test_events(app: LiveService, book: int) -> None:
    body = app.ask("GET", f"/events/{book}?echo=again").json()
    expected_keys.check_events(body)
    assert (body["user_id"], body["echo"]) == ("u 1", "again")
    assert [(e["event_type"], e["status"], e["value"]) for e in body["events"]] == [
        ("INITIALIZING", "COMPLETED", 0),
        ("GATHERING", "COMPLETED", 2),
        ("COMPLETE", "COMPLETED", 0),
    ]


def test_events_of_a_failed_import(app: LiveService) -> None:
    body = app.ask("GET", f"/events/{app.ended(app.begin(server='http://127.0.0.1:1/'))}").json()
    expected_keys.check_events(body)
    assert [(e["event_type"], e["status"]) for e in body["events"]] == [
        ("INITIALIZING", "COMPLETED"),
        ("COMPLETE", "ERROR"),
    ]
    assert body["events"][-1]["value"] in (257, 264)
    assert len(body["events"][-1]["description"]) > 20


def contact_of(body: Any, last_name: str) -> Any:
    return next(contact for contact in body["contacts"] if contact["last_name"] == last_name)


def test_contacts(app: LiveService, book: int) -> None:
    body = app.ask("GET", f"/contacts/{book}?echo=e").json()
    expected_keys.check_contacts(body)
    assert (body["start"], body["count"], body["total"], body["user_id"], body["echo"]) == (
        0,
        2,
        2,
        "u 1",
        "e",
    )
    assert contact_of(body, "Lesch") == {
        "first_name": "Alexie",
        "last_name": "Lesch",
        "phone": [{"number": "5555555555", "type": "Mobile", "primary": True}],
        "email": [
            {"address": "a@example.net", "type": "Home", "primary": True},
            {"address": "b@example.net", "type": "Home"},
        ],
        "address": [
            {
                "type": "Home",
                "street": "429 Leopold Terrace",
                "city": "Port Rossie",
                "region": "Texas",
                "postal_code": "61887",
                "country": "Botswana",
                "formatted": "429 Leopold Terrace\nPort Rossie Texas 61887\nBotswana",
            }
        ],
        "groups": ["Club"],
        "dob": "1989-10-27",
        "birthday": "10-27",
        "companies": ["Lesch & Söhne <Ltd>"],
        "job_title": "Engineer",
        "title": "Dr",
        "photos": [],
        "locations": [],
    }
    bare = contact_of(body, "Bare")
    assert bare["phone"] == [{"number": "+49 30 123", "type": "Other", "primary": True}]
    assert (bare.get("dob"), bare["birthday"]) == (None, "03-04")


def test_the_owner_without_a_card_is_the_user_name(app: LiveService, book: int) -> None:
    owner = app.ask("GET", f"/contacts/{book}").json()["contacts_owner"]
    assert (owner["first_name"], owner["last_name"]) == ("", "")
    assert owner["email"] == [{"address": ADA, "type": "Other"}]


def test_addresses_that_nobody_asked_for_are_not_there(app: LiveService) -> None:
    body = app.ask("GET", f"/contacts/{app.ended(app.begin())}").json()
    expected_keys.check_contacts(body)
    assert [contact["address"] for contact in body["contacts"]] == [[], []]


def test_an_empty_book(app: LiveService) -> None:
    one = app.ended(app.begin(username="empty"))
    body = app.ask("GET", f"/contacts/{one}").json()
    expected_keys.check_contacts(body)
    assert (body["contacts"], body["count"], body["total"]) == ([], 0, 0)
    assert app.ask("GET", f"/contacts/{one}.xml").xml().find("contacts[@type='array']") is not None


def from_xml(element: ElementTree.Element) -> Any:
    """What Rails' `from_xml` makes of an element."""
    kind = element.get("type")
    if element.get("nil") == "true":
        return None
    if kind == "array":
        return [from_xml(child) for child in element]
    if kind == "integer":
        return int(element.text or "")
    if kind == "boolean":
        return {"true": True, "false": False}[element.text or ""]
    if len(element):
        return {child.tag.replace("-", "_"): from_xml(child) for child in element}
    return element.text or ""


@pytest.mark.parametrize(
    ("path", "root"),
    [("events", "eventsResponse"), ("contacts", "contactsResponse"), ("imports", "importResponse")],
)
def test_xml_says_what_json_says(app: LiveService, book: int, path: str, root: str) -> None:
    body = app.ask("GET", f"/{path}/{book}").json()
    answer = app.ask("GET", f"/{path}/{book}.xml")
    assert b'nil="false"' not in answer.body
    document = answer.xml()
    assert document.tag == root
    assert from_xml(document) == without_unknown_types(body)


def without_unknown_types(value: Any) -> Any:
    """JSON as XML says it: an entry whose type nobody knows has nil."""
    if isinstance(value, dict):
        entries = cast(dict[str, Any], value).items()
        return {
            key: None if (key, inner) == ("type", "Other") else without_unknown_types(inner)
            for key, inner in entries
        }
    if isinstance(value, list):
        return [without_unknown_types(inner) for inner in cast(list[Any], value)]
    return value


def test_a_type_that_nobody_knows_is_written_in_json_alone(app: LiveService, book: int) -> None:
    for ending in ("vcf", "csv", "xml"):
        assert b"other" not in app.ask("GET", f"/contacts/{book}.{ending}").body.lower()
    assert b'"type":"Other"' in app.ask("GET", f"/contacts/{book}.ndjson").body


@pytest.mark.parametrize("ending", ["vcf", "csv", "ndjson"])
def test_other_shapes_hold_the_same_people(app: LiveService, book: int, ending: str) -> None:
    text = app.ask("GET", f"/contacts/{book}.{ending}").body.decode()
    assert all(word in text for word in ("a@example.net", "b@example.net", "bare@example.net", "5555555555"))


def test_failures_in_json_and_in_xml(app: LiveService) -> None:
    fields = {"echo": "e", "user_id": "u"}
    body = app.ask("POST", "/begin_import/import", FORM, body=form(fields)).json()
    expected_keys.check_failure(body, 260)
    assert (body["echo"], body["user_id"]) == ("e", "u")
    root = app.ask("POST", "/begin_import/import.xml", FORM, body=form(fields)).xml()
    assert from_xml(root) == body
    code = root.find("error/code")
    assert code is not None
    assert code.get("type") == "integer"


def test_an_error_key_is_in_no_success(app: LiveService, book: int) -> None:
    for path in (f"/events/{book}", f"/contacts/{book}", f"/imports/{book}"):
        assert "error" not in app.ask("GET", path).json()


def test_services(app: LiveService) -> None:
    answer = ask(app.port, "GET", "/services.json")
    assert answer.status == 200
    services = answer.json()
    assert services["carddav"]["server"] is True
    assert services["icloud"]["secret"]["kind"] == "app_password"
    for row in services.values():
        assert list(row)[:5] == ["name", "method", "methods", "aliases", "domains"]
        assert row["method"] in ("password", "consent", "file", "retired")
        assert set(row["methods"]) <= {"password", "consent", "file"}
        assert row["methods"][:1] == ([] if row["method"] == "retired" else [row["method"]])
    assert services["gmail"]["methods"] == ["consent", "password"]


def test_every_code_that_a_client_may_look_up_is_a_service(app: LiveService) -> None:
    services = ask(app.port, "GET", "/services.json").json()
    assert [code for code in CODES if code not in services] == []


def test_a_menu_can_show_each_service_once(app: LiveService) -> None:
    services = ask(app.port, "GET", "/services.json").json()
    for code, row in services.items():
        if "alias_of" in row:
            whole = services[row["alias_of"]]
            assert "alias_of" not in whole
            assert code in whole["aliases"]
            assert row == whole | {"alias_of": row["alias_of"]}
        else:
            assert all(services[alias]["alias_of"] == code for alias in row["aliases"])
