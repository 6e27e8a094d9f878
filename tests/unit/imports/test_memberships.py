"""How many groups a contact may be in is bounded, and so is what an answer needs for them."""

from __future__ import annotations

import tracemalloc

import pytest

from contactport import memberships
from contactport.memberships import GROUPS, Memberships
from contactport.sources.base import Page
from contactport.store import contacts, imports
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.testing.source import FakeSource, raw
from tests.unit.imports.attempts import StoredOutcome, attempt, begin, told


def club(number: int, *uids: str) -> Page:
    members = [f"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{uid}" for uid in uids]
    return Page([raw(f"club-{number}", "X-ADDRESSBOOKSERVER-KIND:group", *members)])


async def imported(store: Store, domain: Domain, *pages: Page) -> tuple[StoredOutcome, Memberships]:
    import_id = begin(store, domain)
    await attempt(store, import_id, FakeSource(pages))
    one = await store.database.read(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    return await told(store, domain, import_id), await store.database.read(contacts.groups, one)


async def test_a_contact_in_very_many_groups(store: Store, domain: Domain) -> None:
    people = Page([raw("ann", uid="ann"), raw("bob", uid="bob")])
    clubs = [club(number, "ann", "ann", *(["bob"] if number == 230 else [])) for number in range(250)]
    end, groups = await imported(store, domain, people, *clubs)
    assert end.names == ["ann", "bob"]
    assert groups.get("ann", ()) == [f"club-{number}" for number in range(GROUPS)]
    assert groups.get("bob", ()) == ["club-230"]
    assert groups.get("nobody", ()) == ()
    assert [note.place for note in end.report.notes] == [f"/b/club-{n}.vcf" for n in range(GROUPS, 250)]
    assert "1 members of this group are left out" in end.report.notes[0].reason


async def test_very_many_memberships(store: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memberships, "MEMBERSHIPS", 10)
    clubs = [club(number, *(f"{number}-{n}" for n in range(4))) for number in range(4)]
    end, groups = await imported(store, domain, *clubs)
    assert [note.place for note in end.report.notes] == ["/b/club-2.vcf", "/b/club-3.vcf"]
    assert groups.get("2-1", ()) == ["club-2"]
    assert groups.get("2-2", ()) == groups.get("3-0", ()) == ()


def test_a_membership_takes_some_bytes_however_long_its_name_and_uid() -> None:
    found = Memberships()
    tracemalloc.start()
    for number in range(20):
        found.add("x" * 190 + str(number), [f"{n}-" + "u" * 900 for n in range(5000)])
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 100_000 * 20
    assert len(found.get("7-" + "u" * 900, ())) == 20
