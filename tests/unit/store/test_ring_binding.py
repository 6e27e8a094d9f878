"""A database and its ring: what is reported if the right ring is missing, and how to replace it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from contactport.errors import Code
from contactport.store import contacts, data_keys, domains, endings, events, ring_recovery
from contactport.store.domains import Domain
from contactport.store.open import Store, open_store
from contactport.store.ring_binding import Loss
from contactport.store.ring_file import RingError
from contactport.store.vault import Ring
from tests.unit.store.import_factory import batch, begin, claim, get


def ring_of(store: Store) -> Path:
    return store.folder / "ring.json"


@pytest.fixture
def filled(store: Store, domain: Domain) -> Store:
    """A store with two imports under way, one complete, one failed and one purged."""
    begin(store, domain)
    claim(store, begin(store, domain))
    one = claim(store, begin(store, domain))
    store.database.write_now(contacts.append, one, batch("Ann"))
    store.database.write_now(endings.complete, one)
    store.database.write_now(endings.fail, begin(store, domain), 263, "no")
    store.database.write_now(endings.erase, begin(store, domain), "")
    return store


def lose(ring: Path) -> None:
    ring.unlink()


def damage(ring: Path) -> None:
    ring.write_bytes(ring.read_bytes()[:40])


def exchange(ring: Path) -> None:
    ring.unlink()
    Ring.open(ring)


LOST: dict[Callable[[Path], None], str] = {
    lose: "is missing",
    damage: "is damaged",
    exchange: "belongs to another database",
}


@pytest.mark.parametrize("spoil", LOST)
def test_a_lost_ring_says_what_is_lost_and_what_is_not(
    filled: Store, engine_url: str, spoil: Callable[[Path], None]
) -> None:
    spoil(ring_of(filled))
    left = ring_of(filled).read_bytes() if ring_of(filled).exists() else None
    for _ in range(2):
        with pytest.raises(RingError) as told:
            open_store(filled.folder, engine_url)
        text = str(told.value)
        assert str(ring_of(filled)) in text
        assert LOST[spoil] in text
        assert "2 imports under way and what 2 finished ones have brought can't be opened any more" in text
        assert "domains and their key pairs are not concerned" in text
        assert "`contactport keys replace`" in text
    assert (ring_of(filled).read_bytes() if ring_of(filled).exists() else None) == left


def test_a_ring_that_is_there_again_is_as_good_as_ever(filled: Store, engine_url: str) -> None:
    copy = filled.folder / "copy"
    shutil.copy2(ring_of(filled), copy)
    ring_of(filled).unlink()
    with pytest.raises(RingError):
        open_store(filled.folder, engine_url)
    shutil.copy2(copy, ring_of(filled))
    assert open_store(filled.folder, engine_url).made == ()


def test_a_ring_that_others_can_read_is_no_loss(filled: Store, engine_url: str) -> None:
    ring_of(filled).chmod(0o644)
    with pytest.raises(RingError, match="chmod 600") as told:
        open_store(filled.folder, engine_url)
    assert "keys rotate" in str(told.value)
    assert "keys replace" not in str(told.value)
    ring_of(filled).chmod(0o600)
    assert open_store(filled.folder, engine_url).made == ()


async def test_an_older_copy_serves_and_says_what_it_lacks(
    store: Store, domain: Domain, engine_url: str
) -> None:
    kept = begin(store, domain)
    copy = ring_of(store).read_bytes()
    store.ring.add()
    gone = begin(store, domain)
    ring_of(store).write_bytes(copy)
    again = open_store(store.folder, engine_url)
    (told,) = again.made
    assert "older copy" in told
    assert "1 import under way and what 0 finished ones have brought can't be opened" in told
    # Its new key has no number that was used: whoever reads a receipt takes none for another.
    assert list(again.ring.days()) == [1, 3]
    assert not (await get(again, domain, kept)).lost
    assert (await get(again, domain, gone)).lost
    assert not (await get(again, domain, begin(again, domain))).lost
    assert open_store(store.folder, engine_url).made == ()


def test_a_ring_whose_keys_have_all_had_their_day_is_no_older_copy(
    store: Store, domain: Domain, engine_url: str
) -> None:
    store.database.write_now(endings.erase, begin(store, domain), "")
    assert store.ring.destroy_before(99) == [1]
    again = open_store(store.folder, engine_url)
    assert again.made == ()
    begin(again, domain)
    assert again.database.read_now(data_keys.counts) == {2: 1}


class TestReplacing:
    @pytest.mark.parametrize("spoil", LOST)
    async def test_what_is_lost_is_forgotten_and_domains_stay(
        self, filled: Store, domain: Domain, engine_url: str, spoil: Callable[[Path], None]
    ) -> None:
        spoil(ring_of(filled))
        assert ring_recovery.is_lost(filled.database, ring_of(filled))
        there = ring_of(filled).exists()
        told = ring_recovery.replace(filled.database, ring_of(filled))
        assert told.lost == Loss(2, 2)
        assert (told.kept is not None) == there
        again = open_store(filled.folder, engine_url)
        assert again.made == ()
        assert [one.name for one in again.database.read_now(domains.all_domains)] == ["shop"]
        assert again.database.read_now(data_keys.counts) == {}
        assert not (await get(again, domain, begin(again, domain))).lost

    async def test_applications_are_told_to_begin_again(self, store: Store, domain: Domain) -> None:
        waiting = begin(store, domain)
        complete = begin(store, domain)
        store.database.write_now(endings.complete, claim(store, complete))
        failed = begin(store, domain)
        store.database.write_now(endings.fail, failed, 263, "no")
        ring_of(store).unlink()
        ring_recovery.replace(store.database, ring_of(store))
        for import_id, code in ((waiting, Code.UNEXPECTED), (complete, Code.UNEXPECTED), (failed, 263)):
            one = await get(store, domain, import_id)
            assert (one.state, one.erased_by, one.code) == ("purged", "lost", code)
            last = (await store.database.read(events.read, import_id))[-1]
            assert (last.type, last.status, last.value) == ("COMPLETE", "ERROR", code)

    def test_it_is_done_again_where_it_was_cut_off(
        self, filled: Store, engine_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class KilledCreation(BaseException): ...

        def die(*_arguments: object) -> None:
            raise KilledCreation

        ring_of(filled).unlink()
        with monkeypatch.context() as patch:
            patch.setattr(ring_recovery, "_forget", die)
            with pytest.raises(KilledCreation):
                ring_recovery.replace(filled.database, ring_of(filled))
        assert ring_recovery.is_lost(filled.database, ring_of(filled))
        assert ring_recovery.replace(filled.database, ring_of(filled)).lost == Loss(2, 2)
        assert open_store(filled.folder, engine_url).made == ()

    def test_a_new_ring_s_keys_have_numbers_above_the_old_ones(self, filled: Store, domain: Domain) -> None:
        ring_of(filled).unlink()
        ring_recovery.replace(filled.database, ring_of(filled))
        assert Ring.open(ring_of(filled))[0].current().id == 2

    def test_the_right_ring_is_not_lost(self, store: Store) -> None:
        assert not ring_recovery.is_lost(store.database, ring_of(store))

    def test_a_process_that_still_runs_seals_nothing_with_the_old_ring(
        self, store: Store, twin: Store, domain: Domain
    ) -> None:
        begin(twin, domain)
        ring_of(store).unlink()
        ring_recovery.replace(store.database, ring_of(store))
        with pytest.raises(RingError, match="start it again"):
            begin(twin, domain)


def test_a_new_database_beside_a_used_ring_is_refused(tmp_path: Path, filled: Store) -> None:
    folder = tmp_path / "other"
    folder.mkdir(mode=0o700)
    shutil.copy2(ring_of(filled), folder / "ring.json")
    (folder / "contactport.db").touch(0o600)
    for _ in range(2):
        with pytest.raises(RingError, match="new and empty"):
            open_store(folder)
    assert (folder / "ring.json").read_bytes() == ring_of(filled).read_bytes()
