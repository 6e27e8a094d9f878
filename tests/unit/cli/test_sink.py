"""The sink of an import on a terminal: a ledger that adds up, and groups where the format can hold them."""

from __future__ import annotations

from collections.abc import Sequence

from contactport.batch import Batch, Origin
from contactport.cli import sink
from contactport.cli.sink import Ledger, WriterSink
from contactport.contact import BookOutcome, Contact, Email, Group, Item, Note, Photo, Reject


class Collector:
    """Where a sink's items, words and figures arrive."""

    def __init__(self, *, groups: dict[str, list[str]] | None = None) -> None:
        self.items: list[Item] = []
        self.told: list[str] = []
        self.shown: list[tuple[int, int | None]] = []
        self.sink = WriterSink(self.put, groups=groups, tell=self.told.append, show=self.show)

    def put(self, items: Sequence[Item]) -> None:
        self.items += items

    def show(self, ledger: Ledger, listed: int | None) -> None:
        self.shown.append((ledger.found, listed))


def batch(*uids: str, groups: Sequence[Group] = (), rejects: Sequence[Reject] = (), merged: int = 0) -> Batch:
    contacts = [Contact(uid=uid) for uid in uids]
    return Batch(
        contacts=contacts,
        groups=list(groups),
        rejects=list(rejects),
        merged=merged,
        found=len(contacts) + len(rejects) + merged,
    )


async def test_the_ledger_adds_up_and_is_shown_with_what_is_listed() -> None:
    desk = Collector()
    await desk.sink.store(batch("a", "b", merged=1), 5)
    await desk.sink.store(batch("c", rejects=[Reject("/book/x.vcf", "no name")]), 5)
    assert desk.shown == [(3, 5), (5, 5)]
    assert str(desk.sink.ledger) == "5 found = 3 delivered + 1 merged + 1 rejected"


async def test_a_reject_is_told_without_what_a_terminal_obeys() -> None:
    desk = Collector()
    await desk.sink.store(batch(rejects=[Reject("/a\x1b]0;x\x07", "bad\nline")]), None)
    assert desk.told == ["rejected: /a?]0;x?: bad?line".replace("?", "\N{REPLACEMENT CHARACTER}")]


async def test_group_cards_are_written_where_the_format_has_them() -> None:
    desk = Collector()
    friends = Group("Friends", "g", ["a"])
    await desk.sink.store(batch("a", groups=[friends]), None)
    assert desk.items == [Contact(uid="a"), friends]


async def test_contacts_wait_for_the_group_cards_that_follow_them() -> None:
    groups: dict[str, list[str]] = {}
    desk = Collector(groups=groups)
    await desk.sink.store(batch("a", "b"), None)
    assert desk.items == []
    await desk.sink.store(batch(groups=[Group("Friends", "g", ["a"])]), None)
    await desk.sink.finish()
    assert groups == {"a": ["Friends"]}
    assert desk.items == [Contact(uid="a"), Contact(uid="b")]
    assert desk.sink.late == 0


async def test_a_big_book_is_written_on_and_memberships_that_come_too_late_are_counted() -> None:
    desk = Collector(groups={})
    uids = [str(number) for number in range(sink.HELD_CONTACTS)]
    await desk.sink.store(batch(*uids), None)
    assert desk.items == []
    await desk.sink.store(batch("last"), None)
    assert len(desk.items) == len(uids)
    await desk.sink.store(batch(groups=[Group("Friends", "g", ["0", "last"])]), None)
    await desk.sink.finish()
    assert desk.sink.late == 1
    assert len(desk.items) == len(uids) + 1


async def test_pictures_are_not_held_back_without_end() -> None:
    desk = Collector(groups={})
    one = Contact(uid="a", photos=[Photo("image/png", b"x" * (sink.HELD_BYTES + 1))])
    await desk.sink.store(Batch(contacts=[one], found=1), None)
    assert desk.items == [one]


async def test_notes_are_told_apart_and_counted_behind_the_ledger() -> None:
    desk = Collector()
    found = batch("a", rejects=[Reject("/b/x.vcf", "no name")])
    found.notes = [Note("/b/a.vcf, line 4", "not a property")]
    await desk.sink.store(found, None)
    assert desk.told == ["rejected: /b/x.vcf: no name", "note: /b/a.vcf, line 4: not a property"]
    assert str(desk.sink.ledger) == "2 found = 1 delivered + 0 merged + 1 rejected; 1 note"


async def test_books_that_were_not_read_to_their_end_are_told_by_the_last_word_on_each() -> None:
    desk = Collector()
    books = [
        BookOutcome("/a/", "failed", "busy"),
        BookOutcome("/b\x1b/", "failed", "refused"),
        BookOutcome("/c/", "incomplete"),
        BookOutcome("/a/", "complete"),
    ]
    await desk.sink.store(Batch(books=books), None)
    assert desk.sink.tell_books()
    assert desk.told == [
        "address book /b\N{REPLACEMENT CHARACTER}/: not read: refused",
        "address book /c/: read in part, the server did not give the rest",
    ]


async def test_books_that_were_all_read_are_not_told() -> None:
    desk = Collector()
    await desk.sink.store(Batch(books=[BookOutcome("/a/", "complete")]), None)
    assert not desk.sink.tell_books()
    assert desk.told == []


async def test_what_was_written_is_known_for_comparing() -> None:
    desk = Collector()
    found = batch("a", "b")
    found.origins = [Origin(f"/b/{uid}.vcf", "/b/", 0) for uid in ("a", "b")]
    found.contacts[0].emails = [Email("a@x.example", ("HOME",))]
    await desk.sink.store(found, None)
    known = [pair async for some in desk.sink.delivered() for pair in some]
    assert [origin for origin, _ in known] == found.origins
    assert [(one.uid, one.emails) for _, one in known] == [("a", found.contacts[0].emails), ("b", [])]
