"""The sandbox's scripted users, through the service as operators start it: each gives what its row promises."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from typing import Any

import pytest

from contactport.sandbox.accounts import (
    APP_PASSWORD,
    APP_USER,
    ERRORS,
    PASSWORD,
    USER,
    USERS,
    ErrorRow,
    UserRow,
)
from tests.e2e.service_process import RunningService, WireClient, service, until

EVERYTHING = "mailing_address,photo"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningService]:
    folder = tmp_path_factory.mktemp("sandbox")
    config = folder / "settings.toml"
    # Users who fail on purpose must not make the sandbox rest for the others, nor make the tests wait.
    config.write_text("first_byte_seconds = 0.5\nbreaker_failures = 1000\n", "utf-8")
    with service(folder / "data", "--sandbox", "--config", str(config), networks=()) as started:
        yield started


@pytest.fixture(scope="module")
def shop(running: RunningService) -> WireClient:
    return running.application("shop")


def begin(app: WireClient, username: str, password: str = PASSWORD, service: str = "sandbox") -> int:
    return app.begin(service=service, username=username, password=password, include=EVERYTHING)


@pytest.mark.parametrize("row", USERS, ids=[row.name for row in USERS])
def test_a_user_gives_what_the_row_promises(shop: WireClient, row: UserRow) -> None:
    import_id = begin(shop, row.example, row.password)
    assert shop.end(import_id)["value"] == row.code
    assert shop.stored(import_id) == row.contacts
    if not row.code:
        contacts = shop.contacts(import_id)
        assert len(contacts) == row.contacts
        if row.example == "user_noemail":
            assert all(one["phone"] and not one["email"] for one in contacts)
        else:
            assert all(one["email"] for one in contacts)


@pytest.mark.parametrize("row", list(ERRORS.values()), ids=list(ERRORS))
def test_a_password_asks_for_an_error(shop: WireClient, row: ErrorRow) -> None:
    import_id = begin(shop, USER, f"error_{row.fault}")
    last = shop.end(import_id)
    assert last["value"] == row.code
    if row.fault == "partial":
        assert last["description"].startswith("1 of 2 address books could not be read")
        assert shop.stored(import_id) == 25
    if row.fault == "empty":
        assert shop.contacts(import_id) == []


def test_a_wrong_password_is_not_tried_again_for_a_while(shop: WireClient) -> None:
    assert [shop.end(begin(shop, "user_empty", "oops"))["value"] for _ in range(2)] == [263, 262]


def test_the_good_user_has_every_field(shop: WireClient) -> None:
    import_id = begin(shop, USER)
    shop.end(import_id)
    contacts = shop.contacts(import_id)
    filled = {name for contact in contacts for name, value in contact.items() if value}
    # What a contact of the wire can have; `locations` is always empty.
    wanted = {"first_name", "last_name", "phone", "email", "address", "groups", "companies", "photos"}
    assert filled == wanted | {"dob", "birthday", "job_title", "title"}
    assert {group for one in contacts for group in one["groups"]} == {"Friends", "Family", "Work"}


def test_names_arrive_as_they_are(shop: WireClient) -> None:
    import_id = begin(shop, "user_unicode")
    shop.end(import_id)
    names = {
        " ".join(filter(None, (one["first_name"], one["last_name"]))) for one in shop.contacts(import_id)
    }
    assert {"محمد عبد الله", "王小明", "Zoë 🌻 Ångström", "名" * 300} <= names


def test_the_book_of_ten_thousand_is_the_same_each_time(shop: WireClient) -> None:
    books: list[Any] = []
    for user in ("user_10k", "user_10000"):
        import_id = begin(shop, user)
        shop.end(import_id)
        books.append(sorted(one["email"][0]["address"] for one in shop.contacts(import_id)))
    assert books[0] == books[1]
    assert len(set(books[0])) == 10_000


def test_an_app_password_is_asked_for_by_name(shop: WireClient) -> None:
    told = shop.end(begin(shop, APP_USER, PASSWORD, "sandbox_app"))
    assert told["value"] == 263
    assert APP_PASSWORD in told["description"]
    # People copy it with blanks.
    assert shop.end(begin(shop, APP_USER, f" {APP_PASSWORD} ", "sandbox_app"))["value"] == 0


def test_a_slow_user_s_contacts_come_one_after_the_other(shop: WireClient) -> None:
    import_id = begin(shop, "user_slow_120")
    until(lambda: [one for one in shop.events(import_id) if one["status"] == "COMPLETED"] or None)
    assert shop.events(import_id)[-1]["event_type"] != "COMPLETE"
    assert shop.call("DELETE", f"/imports/{import_id}")[0] == 204


def test_services_json_names_them_and_what_to_ask(shop: WireClient) -> None:
    told = json.loads(shop.call("GET", "/services.json")[1])
    assert told["sandbox"]["methods"] == ["password"]
    assert told["sandbox_app"]["secret"]["kind"] == "app_password"


def test_nothing_is_written_of_a_connection_that_breaks(shop: WireClient, running: RunningService) -> None:
    shop.end(begin(shop, "user_drop_0"))
    assert "Traceback" not in running.stderr
    assert "Dropped" not in running.stderr


def test_a_caller_can_t_reach_its_port_by_these_rows(shop: WireClient, running: RunningService) -> None:
    found = re.search(r"the sandbox, which has no real account, is at (\S+)", running.stderr)
    assert found
    import_id = shop.begin(service="carddav", server=f"{found[1]}/dav/", username=USER, password=PASSWORD)
    assert shop.end(import_id)["value"] == 257
