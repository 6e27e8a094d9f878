"""What has become of an import, told to its domain."""

from __future__ import annotations

from xml.etree import ElementTree

from contactport.contact import Contact, Reject
from contactport.errors import Code
from contactport.store.domains import KeyPair
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.shelf import Shelf

KEYS = [
    *("import_id", "state", "service", "include", "created_at", "ended_at", "purge_at", "ledger", "rejects"),
    *("user_id", "id", "echo"),
]


async def test_a_complete_one_has_its_ledger_and_its_rejects(
    wire: Build, pair: KeyPair, shelf: Shelf
) -> None:
    rejects = [Reject("/book/7.vcf", "the card has no end")]
    one = shelf.complete([Contact(), Contact()], rejects=rejects, user_id="u")
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert list(body) == KEYS
    assert (body["state"], body["service"], body["include"]) == ("complete", "carddav", [])
    assert body["ledger"] == {"found": 3, "delivered": 2, "merged": 0, "rejected": 1}
    assert body["rejects"] == [{"place": "/book/7.vcf", "reason": "the card has no end"}]
    assert (body["user_id"], body["import_id"], body["id"]) == ("u", one, one)
    assert body["created_at"] <= body["ended_at"] < body["purge_at"]


async def test_a_failed_one_says_why_before_and_after_the_purge(
    wire: Build, pair: KeyPair, shelf: Shelf
) -> None:
    one = shelf.failed(Code.UNAVAILABLE, "It is down.", retention=0)
    for state in ("failed", "purged"):
        body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
        assert (body["state"], body["error"]) == (state, {"code": 264, "message": "It is down."})
        shelf.purge()


async def test_one_under_way_has_no_end_yet(wire: Build, pair: KeyPair, shelf: Shelf) -> None:
    one = shelf.waiting(include="mailing_address,photo")
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert (body["state"], body["ended_at"], body["purge_at"]) == ("waiting", None, None)
    assert body["include"] == ["mailing_address", "photo"]
    assert "error" not in body


async def test_the_purge_takes_the_rejects_and_leaves_the_numbers(
    wire: Build, pair: KeyPair, shelf: Shelf
) -> None:
    one = shelf.complete([Contact()], rejects=[Reject("line 1", "no")], user_id="u", retention=0)
    shelf.purge()
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert (body["state"], body["rejects"], body["user_id"]) == ("purged", [], None)
    assert body["ledger"] == {"found": 2, "delivered": 1, "merged": 0, "rejected": 1}


async def test_it_is_told_in_xml_as_well(wire: Build, pair: KeyPair, shelf: Shelf) -> None:
    one = shelf.complete([], rejects=[Reject("line 1", "a < b")])
    answer = await ask(wire(), "GET", f"/imports.xml/{one}", headers=basic(pair))
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "importResponse"
    assert root.findtext("ledger/rejected") == "1"
    assert root.findtext("rejects/reject/reason") == "a < b"
