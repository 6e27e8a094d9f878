"""A real address book, through the command line, a real service and a real CardDAV server, to the contacts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from contactport.contact import Contact
from contactport.formats import vcard
from tests.e2e.service_process import RunningService, WireClient, command, service, until
from tests.servers.radicale import Radicale, radicale
from tests.servers.server_process import free_port


def card(number: int) -> str:
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-{number}\r\nFN:Zoë Nr {number}\r\nN:{number};Zoë;;;\r\n"
        f"EMAIL;TYPE=HOME:zoe.{number}@example.org\r\nTEL;TYPE=CELL:+49 30 {number:05}\r\n"
        f"ADR;TYPE=HOME:;;{number} Example Street;Berlin;;10115;Germany\r\nEND:VCARD\r\n"
    )


GROUP = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:group\r\nFN:Friends\r\nN:Friends;;;;\r\n"
    "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:uid-1\r\nEND:VCARD\r\n"
)
ALICE = {"service": "carddav", "username": "alice", "password": "secret"}
BEN = {"service": "carddav", "username": "ben", "password": "hidden"}


@pytest.fixture(scope="module")
def books() -> Generator[Radicale]:
    """Alice has 120 cards and a group of one of them; Ben has 3; Carl has an empty book."""
    with radicale({"alice": "secret", "ben": "hidden", "carl": "empty"}) as server:
        server.book("alice", "friends", [*map(card, range(120)), GROUP])
        server.book("ben", "friends", map(card, range(3)))
        server.book("carl", "friends", [])
        yield server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningService]:
    with service(tmp_path_factory.mktemp("service") / "data") as one:
        yield one


@pytest.fixture(scope="module")
def client(running: RunningService) -> WireClient:
    """An application whose domain is made by a process of its own while the service runs."""
    made = command("domain", "add", "shop", "--create", "--json", data=running.data)
    assert (made.returncode, made.stderr) == (0, "")
    pair = json.loads(made.stdout)
    return running.client(pair["domain_key"], pair["domain_password"])


@pytest.fixture(scope="module")
def imported(client: WireClient, books: Radicale) -> int:
    """Alice's import, complete."""
    import_id = client.begin(**ALICE, server=books.url, include="mailing_address", user_id="user 7")
    assert client.end(import_id)["status"] == "COMPLETED"
    return import_id


def names(contacts: list[dict[str, Any]]) -> list[str]:
    return sorted(f"{one['first_name']} {one['last_name']}" for one in contacts)


EXPECTED = sorted(f"Zoë {number}" for number in range(120))


def test_the_events_tell_how_it_went(client: WireClient, imported: int) -> None:
    assert [(one["event_type"], one["status"], one["value"]) for one in client.events(imported)] == [
        ("INITIALIZING", "COMPLETED", 0),
        ("GATHERING", "COMPLETED", 120),
        ("COMPLETE", "COMPLETED", 0),
    ]


def test_the_contacts_as_json(client: WireClient, imported: int) -> None:
    contacts = client.contacts(imported)
    assert names(contacts) == EXPECTED
    seven = next(one for one in contacts if one["last_name"] == "7")
    assert seven["email"] == [{"address": "zoe.7@example.org", "type": "Home", "primary": True}]
    assert seven["phone"] == [{"number": "+49 30 00007", "type": "Mobile", "primary": True}]
    assert seven["address"][0]["city"] == "Berlin"
    assert [one["last_name"] for one in contacts if one["groups"] == ["Friends"]] == ["1"]


def test_the_contacts_as_xml(client: WireClient, imported: int) -> None:
    status, body = client.call("GET", f"/contacts/{imported}.xml")
    assert status == 200
    root = ElementTree.fromstring(body)
    assert root.tag == "contactsResponse"
    assert root.findtext("total") == "120"
    assert sorted(one.findtext("last-name") or "" for one in root.iter("contact")) == sorted(
        map(str, range(120))
    )


def test_the_contacts_as_jsonp(client: WireClient, imported: int, running: RunningService) -> None:
    status, body = client.call("GET", f"/contacts/{imported}.json?callback=show&{client.in_query}")
    assert status == 200
    assert body.startswith(b"show(")
    told = json.loads(body.removeprefix(b"show(").rstrip().removesuffix(b";").removesuffix(b")"))
    assert names(told["contacts"]) == EXPECTED


def test_the_contacts_as_vcards(client: WireClient, imported: int) -> None:
    status, body = client.call("GET", f"/contacts/{imported}.vcf")
    assert status == 200
    found = [item for item in vcard.read([body]) if isinstance(item, Contact)]
    assert sorted(one.emails[0].address for one in found) == sorted(
        f"zoe.{n}@example.org" for n in range(120)
    )


def test_the_contacts_as_a_table(client: WireClient, imported: int) -> None:
    status, body = client.call("GET", f"/contacts/{imported}.csv")
    assert status == 200
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    assert sorted(row["E-mail 1 - Value"] for row in rows) == sorted(
        f"zoe.{n}@example.org" for n in range(120)
    )


def test_the_contacts_line_by_line(client: WireClient, imported: int) -> None:
    status, body = client.call("GET", f"/contacts/{imported}.ndjson")
    assert status == 200
    assert names([json.loads(line) for line in body.splitlines()]) == EXPECTED


@pytest.mark.parametrize("form", ["json", "ndjson", "vcf", "csv"])
def test_pages_add_up_to_the_whole(client: WireClient, imported: int, form: str) -> None:
    found: list[str] = []
    for start in range(0, 120, 50):
        status, body = client.call("GET", f"/contacts/{imported}.{form}?start={start}&count=50")
        assert status == 200
        match form:
            case "json":
                found += [one["email"][0]["address"] for one in json.loads(body)["contacts"]]
            case "ndjson":
                found += [json.loads(line)["email"][0]["address"] for line in body.splitlines()]
            case "vcf":
                found += [one.emails[0].address for one in vcard.read([body]) if isinstance(one, Contact)]
            case _:
                rows = csv.DictReader(io.StringIO(body.decode("utf-8-sig")))
                found += [row["E-mail 1 - Value"] for row in rows]
    assert sorted(found) == sorted(f"zoe.{number}@example.org" for number in range(120))


def test_the_ledger_adds_up(client: WireClient, imported: int) -> None:
    told = json.loads(client.call("GET", f"/imports/{imported}")[1])
    assert told["state"] == "complete"
    assert told["ledger"] == {"found": 120, "delivered": 120, "merged": 0, "rejected": 0}
    assert told["user_id"] == "user 7"


def test_what_was_not_asked_for_is_not_there(client: WireClient, books: Radicale) -> None:
    import_id = client.begin(**BEN, server=books.url)
    client.end(import_id)
    assert [one["address"] for one in client.contacts(import_id)] == [[], [], []]


def test_an_empty_book_is_a_success(client: WireClient, books: Radicale) -> None:
    import_id = client.begin(service="carddav", username="carl", password="empty", server=books.url)
    assert client.end(import_id)["status"] == "COMPLETED"
    assert client.contacts(import_id) == []


def test_a_wrong_password_is_told_and_the_second_time_nobody_is_asked(
    client: WireClient, books: Radicale, running: RunningService
) -> None:
    wrong = {**ALICE, "password": "not that one", "server": books.url}
    first = client.end(client.begin(**wrong))
    assert (first["status"], first["value"]) == ("ERROR", 263)
    # COMPLETE at the first look: no worker has had it.
    second = client.events(client.begin(**wrong))[-1]
    assert (second["event_type"], second["status"], second["value"]) == ("COMPLETE", "ERROR", 262)
    status, body = client.call("GET", f"/contacts/{second['import_id']}")
    assert (status, json.loads(body)["error"]["code"]) == (404, 262)
    # One application's mistakes are not another's.
    other = running.application("another shop")
    assert other.end(other.begin(**wrong))["value"] == 263


def test_a_server_that_is_not_there(client: WireClient) -> None:
    complete = client.end(client.begin(**ALICE, server=f"http://127.0.0.1:{free_port()}/"))
    assert (complete["status"], complete["value"]) == ("ERROR", 257)
    assert complete["description"]


def test_two_applications_never_see_each_other_s_imports(
    running: RunningService, client: WireClient, imported: int, books: Radicale
) -> None:
    other = running.application("the other shop")
    theirs = other.begin(**BEN, server=books.url)
    other.end(theirs)
    for path in ("/events/{}", "/contacts/{}", "/contacts/{}.vcf", "/imports/{}", "/events.xml/{}"):
        unknown = client.call("GET", path.format(1))
        assert unknown[0] == 401
        for asker, import_id in ((client, theirs), (other, imported)):
            status, body = asker.call("GET", path.format(import_id))
            # Word for word the answer to an id that nobody has: ids can't be probed.
            assert (status, body) == unknown
    assert len(other.contacts(theirs)) == 3


def test_a_domain_may_be_limited_to_services(running: RunningService, books: Radicale) -> None:
    limited = running.application("limited", "--sources", "icloud")
    status, body = limited.call("POST", "/begin_import/import", **ALICE, server=books.url)
    assert (status, json.loads(body)["error"]["code"]) == (400, 513)


def test_contacts_are_deleted_after_the_domain_s_retention(running: RunningService, books: Radicale) -> None:
    hasty = running.application("hasty", "--retention", "1")
    import_id = hasty.begin(**BEN, server=books.url)
    assert hasty.end(import_id)["status"] == "COMPLETED"
    until(lambda: hasty.call("HEAD", f"/contacts/{import_id}")[0] == 410 or None)
    status, body = hasty.call("GET", f"/contacts/{import_id}")
    assert (status, json.loads(body)["status"]) == (410, "failure")
    assert hasty.events(import_id)[-1]["status"] == "COMPLETED"
    assert json.loads(hasty.call("GET", f"/imports/{import_id}")[1])["state"] == "purged"


def test_contacts_are_deleted_after_the_service_s_retention(tmp_path: Path, books: Radicale) -> None:
    with service(tmp_path / "data", "--retention", "1") as one:
        client = one.application("shop")
        import_id = client.begin(**BEN, server=books.url)
        assert client.end(import_id)["status"] == "COMPLETED"
        until(lambda: client.call("HEAD", f"/contacts/{import_id}")[0] == 410 or None)


def test_a_key_pair_is_renewed_and_removed_while_the_service_runs(running: RunningService) -> None:
    former = running.application("renewed")
    made = command("domain", "rotate", "renewed", "--json", data=running.data)
    pair = json.loads(made.stdout)
    renewed = running.client(pair["domain_key"], pair["domain_password"])
    for client in (former, renewed):
        status, body = client.call("POST", "/begin_import/import")
        assert (status, json.loads(body)["error"]["code"]) == (400, 260)
    assert command("domain", "rotate", "renewed", "--overlap", "0", data=running.data).returncode == 0
    assert former.call("POST", "/begin_import/import")[0] == 401
    assert renewed.call("POST", "/begin_import/import")[0] == 401
    assert command("domain", "rm", "renewed", "--yes", data=running.data).returncode == 0
    assert renewed.call("POST", "/begin_import/import")[0] == 401
