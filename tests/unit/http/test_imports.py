"""The state and report of an import, for its domain."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from contactport.batch import Batch
from contactport.contact import BookOutcome, Contact, Merge, Note, Reject
from contactport.errors import Code
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.stored_imports import StoredImports

KEYS = [
    *("import_id", "state", "service", "include", "created_at", "ended_at", "purge_at", "ledger", "rejects"),
    *("note_count", "notes", "merges", "books", "user_id", "id", "echo"),
]


async def test_a_complete_one_has_its_ledger_and_its_rejects(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    rejects = [Reject("/book/7.vcf", "the card has no end")]
    one = stored.complete([Contact(), Contact()], rejects=rejects, user_id="u")
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert list(body) == KEYS
    assert (body["state"], body["service"], body["include"]) == ("complete", "carddav", [])
    assert body["ledger"] == {"found": 3, "delivered": 2, "merged": 0, "rejected": 1}
    assert body["rejects"] == [{"place": "/book/7.vcf", "reason": "the card has no end", "raw": False}]
    assert (body["user_id"], body["import_id"], body["id"]) == ("u", one, one)
    assert body["created_at"] <= body["ended_at"] < body["purge_at"]


async def test_a_failed_one_says_why_before_and_after_the_purge(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.failed(Code.UNAVAILABLE, "It is down.", retention=0)
    for state in ("failed", "purged"):
        body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
        assert (body["state"], body["error"]) == (state, {"code": 264, "message": "It is down."})
        stored.purge()


async def test_one_under_way_has_no_end_yet(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    one = stored.waiting(include=["photo", "mailing_address"])
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert (body["state"], body["ended_at"], body["purge_at"]) == ("waiting", None, None)
    assert body["include"] == ["mailing_address", "photo"]
    assert "error" not in body


async def test_the_purge_takes_the_rejects_and_leaves_the_numbers(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.complete([Contact()], rejects=[Reject("line 1", "no")], user_id="u", retention=0)
    stored.purge()
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert (body["state"], body["rejects"], body["user_id"]) == ("purged", [], None)
    assert body["ledger"] == {"found": 2, "delivered": 1, "merged": 0, "rejected": 1}


REPORT = Batch(
    found=1,
    merged=1,
    notes=[Note("/b/1.vcf, line 3", "not a property")],
    merges=[Merge("/b/2.vcf", "/b/1.vcf", "the same bytes")],
    books=[BookOutcome("/a/", "complete"), BookOutcome("/b/", "incomplete", "held back")],
)


async def test_notes_merges_and_books_stand_apart_from_the_rejects(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.complete([Contact()], report=REPORT)
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert (body["rejects"], body["note_count"]) == ([], 1)
    assert body["notes"] == [{"place": "/b/1.vcf, line 3", "reason": "not a property"}]
    assert body["merges"] == [{"place": "/b/2.vcf", "into": "/b/1.vcf", "reason": "the same bytes"}]
    assert body["books"] == [
        {"place": "/a/", "state": "complete"},
        {"place": "/b/", "state": "incomplete", "reason": "held back"},
    ]
    assert body["incomplete"] is True
    answer = await ask(wire(), "GET", f"/imports.xml/{one}", headers=basic(pair))
    root = ElementTree.fromstring(answer.body)
    assert root.findtext("notes/note/reason") == "not a property"
    assert root.findtext("merges/merge/into") == "/b/1.vcf"
    assert [book.findtext("state") for book in root.findall("books/book")] == ["complete", "incomplete"]
    assert root.findtext("incomplete") == "true"


async def test_the_purge_takes_the_report_and_leaves_that_it_was_incomplete(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.complete([Contact()], report=REPORT, retention=0)
    stored.purge()
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert (body["notes"], body["merges"], body["books"]) == ([], [], [])
    assert (body["note_count"], body["incomplete"]) == (1, True)


async def test_a_whole_import_has_no_word_of_being_incomplete(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    whole = stored.complete([Contact()], report=Batch(books=[BookOutcome("/a/", "complete")]))
    one = stored.running()
    stored.store(one, Batch(books=[BookOutcome("/a/", "failed", "refused")]))
    for import_id in (whole, one.id):
        body = (await ask(wire(), "GET", f"/imports/{import_id}", headers=basic(pair))).json()
        assert "incomplete" not in body
        assert len(body["books"]) == 1


async def test_it_is_told_in_xml_as_well(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    one = stored.complete([], rejects=[Reject("line 1", "a < b")])
    answer = await ask(wire(), "GET", f"/imports.xml/{one}", headers=basic(pair))
    root = ElementTree.fromstring(answer.body)
    assert root.tag == "importResponse"
    assert root.findtext("ledger/rejected") == "1"
    assert root.findtext("rejects/reject/reason") == "a < b"


class TestReceipt:
    async def test_there_is_none_before_the_erasure(
        self, wire: Build, pair: KeyPair, stored: StoredImports
    ) -> None:
        for one in (stored.waiting(), stored.complete([Contact()]), stored.failed(Code.UNAVAILABLE)):
            assert "erasure" not in (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()

    @pytest.mark.parametrize("by", ["request", "retention"])
    async def test_it_says_when_by_whom_how_many_and_under_which_key(
        self, wire: Build, pair: KeyPair, stored: StoredImports, store: Store, by: str
    ) -> None:
        one = stored.complete([Contact(), Contact()], user_id="u", retention=0 if by == "retention" else 900)
        if by == "retention":
            stored.purge()
        else:
            await ask(wire(), "DELETE", f"/imports/{one}", headers=basic(pair))
        body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
        told = body["erasure"]
        assert body["ended_at"] <= told.pop("erased_at") < body["purge_at"]
        assert told == {"by": by, "contacts": 2, "key_number": 1, "key_destroyed": False}
        store.ring.destroy_before(store.ring.add().id)
        again = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
        assert again["erasure"]["key_destroyed"] is True

    async def test_it_is_told_in_xml_as_well(self, wire: Build, pair: KeyPair, stored: StoredImports) -> None:
        one = stored.complete([Contact()], retention=0)
        stored.purge()
        answer = await ask(wire(), "GET", f"/imports.xml/{one}", headers=basic(pair))
        told = ElementTree.fromstring(answer.body).find("erasure")
        assert told is not None
        assert [(part.tag, part.get("type"), part.text) for part in told][1:] == [
            ("by", None, "retention"),
            ("contacts", "integer", "1"),
            ("key-number", "integer", "1"),
            ("key-destroyed", "boolean", "false"),
        ]
        when = told.find("erased-at")
        assert when is not None
        assert when.get("type") == "datetime"


class TestLost:
    """The ring's key is gone: an older copy of the ring was put back."""

    async def test_contacts_that_can_not_be_opened_are_gone_in_words(
        self, wire: Build, pair: KeyPair, stored: StoredImports, store: Store
    ) -> None:
        one = stored.complete([Contact()], user_id="u", rejects=[Reject("line 1", "no")])
        store.ring.destroy_before(store.ring.add().id)
        answer = await ask(wire(), "GET", f"/contacts/{one}", headers=basic(pair))
        assert answer.status == 410
        assert "key that these contacts were sealed with is gone" in answer.json()["error"]["message"]
        body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
        assert (body["state"], body["rejects"], body["user_id"]) == ("complete", [], None)
        assert (await ask(wire(), "GET", f"/events/{one}", headers=basic(pair))).status == 200
        assert (await ask(wire(), "DELETE", f"/imports/{one}", headers=basic(pair))).status == 204


class TestErasing:
    async def test_an_erased_import_ends_with_517_and_its_contacts_are_gone(
        self, wire: Build, pair: KeyPair, stored: StoredImports
    ) -> None:
        for one in (
            stored.waiting(),
            stored.complete([Contact()]),
            stored.failed(Code.UNAVAILABLE, "It is down."),
        ):
            answer = await ask(wire(), "DELETE", f"/imports/{one}", headers=basic(pair))
            assert (answer.status, answer.body) == (204, b"")
            events = (await ask(wire(), "GET", f"/events/{one}", headers=basic(pair))).json()["events"]
            last = events[-1]
            assert (last["event_type"], last["status"], last["value"]) == ("COMPLETE", "ERROR", 517)
            contacts = await ask(wire(), "GET", f"/contacts/{one}", headers=basic(pair))
            assert contacts.status == 410
            state = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
            assert (state["state"], state["error"]["code"], state["rejects"]) == ("purged", 517, [])

    async def test_erasing_twice_is_erasing_once(
        self, wire: Build, pair: KeyPair, stored: StoredImports
    ) -> None:
        one = stored.complete([Contact()])
        for _ in range(2):
            assert (await ask(wire(), "DELETE", f"/imports/{one}", headers=basic(pair))).status == 204

    async def test_what_was_purged_before_keeps_its_end(
        self, wire: Build, pair: KeyPair, stored: StoredImports
    ) -> None:
        one = stored.complete([Contact()], retention=0)
        stored.purge()
        await ask(wire(), "DELETE", f"/imports/{one}", headers=basic(pair))
        events = (await ask(wire(), "GET", f"/events/{one}", headers=basic(pair))).json()["events"]
        assert (events[-1]["status"], events[-1]["value"]) == ("COMPLETED", 0)

    async def test_another_domains_import_can_not_be_erased(
        self, wire: Build, pair: KeyPair, other: KeyPair, stored: StoredImports
    ) -> None:
        one = stored.complete([Contact()])
        foreign = await ask(wire(), "DELETE", f"/imports/{one}", headers=basic(other))
        unknown = await ask(wire(), "DELETE", "/imports/12345", headers=basic(other))
        assert (foreign.status, foreign.body) == (unknown.status, unknown.body)
        assert (await ask(wire(), "GET", f"/contacts/{one}", headers=basic(pair))).status == 200
