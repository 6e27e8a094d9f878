"""The keys of the contract, in order, with the types of their values."""

from __future__ import annotations

import re
from typing import Any

BEGUN = ["status", "url", "echo", "import_id", "user_id", "id"]
EVENTS = ["events", "import_id", "user_id", "id", "echo"]
EVENT = ["import_action_id", "import_id", "event_type", "value", "description", "status", "created_at"]
CONTACTS = [
    *("contacts", "contacts_owner", "start", "count", "total", "import_id", "user_id", "id", "echo"),
]
CONTACT = [
    *("first_name", "last_name", "phone", "email", "address", "groups", "dob", "birthday", "companies"),
    *("job_title", "title", "photos", "locations"),
]
SOMETIMES = {"dob", "birthday", "job_title", "title"}
ADDRESS = ["type", "street", "city", "region", "postal_code", "country", "formatted"]
OWNER = [
    *(
        "first_name",
        "last_name",
        "external_id",
        "phone",
        "email",
        "groups",
        "companies",
        "photos",
        "locations",
    ),
    "owner",
]
FAILURE = ["status", "error", "import_id", "user_id", "echo", "id"]

TYPES = {"INITIALIZING", "GATHERING", "COMPLETE"}
STATUSES = {"INPROGRESS", "COMPLETED", "ERROR"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d")
INT32 = range(1, 2**31)


def check_begun(body: dict[str, Any]) -> None:
    assert list(body) == BEGUN
    assert (body["status"], body["url"]) == ("success", None)
    assert body["import_id"] == body["id"] in INT32
    assert all(body[name] is None or isinstance(body[name], str) for name in ("echo", "user_id"))


def check_events(body: dict[str, Any]) -> None:
    assert list(body) == EVENTS
    assert body["import_id"] == body["id"]
    seen: list[str] = []
    for event in body["events"]:
        assert list(event) == EVENT
        assert event["import_action_id"] == event["import_id"] == body["id"]
        assert event["event_type"] in TYPES
        assert event["status"] in STATUSES
        assert 0 <= event["value"] < 2**31
        assert event["description"] is None or isinstance(event["description"], str)
        assert TIME.fullmatch(event["created_at"])
        seen.append(event["event_type"])
    assert len(seen) == len(set(seen)), "one element a type"
    times = [event["created_at"] for event in body["events"]]
    assert times == sorted(times), "in the order of time"


def check_contacts(body: dict[str, Any]) -> None:
    assert list(body) == CONTACTS
    assert body["import_id"] == body["id"] in INT32
    assert len(body["contacts"]) == body["count"] <= body["total"]
    for contact in body["contacts"]:
        check_contact(contact)
    owner = body["contacts_owner"]
    assert list(owner) == OWNER
    assert owner["owner"] is True
    assert None not in owner.values()
    for name, word in (("phone", "number"), ("email", "address")):
        assert all(isinstance(entry[word], str) and isinstance(entry["type"], str) for entry in owner[name])


def check_contact(contact: dict[str, Any]) -> None:
    keys = [key for key in CONTACT if key in contact or key not in SOMETIMES]
    assert list(contact) == keys
    assert isinstance(contact["first_name"], str)
    assert isinstance(contact["last_name"], str)
    for name, word in (("phone", "number"), ("email", "address")):
        for entry in contact[name]:
            assert list(entry)[:2] == [word, "type"]
            assert isinstance(entry[word], str)
            assert isinstance(entry["type"], str)
            assert entry.get("primary", True) is True, "never false"
        assert sum("primary" in entry for entry in contact[name]) == min(1, len(contact[name]))
    for address in contact["address"]:
        assert list(address) == ADDRESS
        assert isinstance(address["type"], str)
    for name in ("groups", "companies", "photos", "locations"):
        assert all(isinstance(text, str) for text in contact[name])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", contact.get("dob", "2000-01-01"))
    assert re.fullmatch(r"\d\d-\d\d", contact.get("birthday", "01-01"))


def check_failure(body: dict[str, Any], code: int) -> None:
    assert list(body) == FAILURE
    assert body["status"] == "failure"
    assert list(body["error"]) == ["code", "message"]
    assert body["error"]["code"] == code
    assert len(body["error"]["message"]) > 20
    assert body["import_id"] is body["id"] is None
