"""A rotation: everything is sealed again and stays readable, and the old keys open nothing."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select, update

from contactport.contact import Contact
from contactport.store import contacts, data_keys, endings, login_failures, rotation
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.rotation import rotate
from contactport.store.schema import import_
from contactport.store.schema import ring as ring_table
from contactport.store.vault import Ring, RingError, SealBroken, context
from contactport.testing.imports import add_import
from tests.unit.store.import_factory import batch, begin, claim, get

ACCOUNT = (1, "dav.example.org", "ann@example.org")


def boxes(store: Store) -> dict[int, bytes]:
    """The sealed data keys as the database has them: import → box."""
    with store.database.engine.connect() as connection:
        rows = connection.execute(select(import_.c.id, import_.c.sealed_key))
        return {row.id: row.sealed_key for row in rows if row.sealed_key is not None}


def opens(ring: Ring, import_id: int, box: bytes) -> bool:
    try:
        return bool(ring.open_data_key(box, context(import_id, "import", "key")))
    except SealBroken:
        return False


def stolen(store: Store) -> Ring:
    """The ring as a thief has it, who has copied the file."""
    copy = store.folder / "stolen.json"
    copy.write_bytes((store.folder / "ring.json").read_bytes())
    copy.chmod(0o600)
    return Ring.open(copy)[0]


async def test_everything_stays_readable(store: Store, domain: Domain) -> None:
    done = begin(store, domain)
    one = claim(store, done)
    store.database.write_now(contacts.append, one, batch("Ann"))
    store.database.write_now(endings.complete, one)
    waiting = begin(store, domain)
    running = claim(store, begin(store, domain))

    told = rotate(store.database, store.ring, grace=0)
    assert (told.resealed, told.unreadable) == (3, 0)

    assert (await get(store, domain, done)).user_id == "id-canary"
    again = await get(store, domain, done)
    assert [one async for one in contacts.read(store.database, again, 0, 9)] == [
        [Contact(formatted_name="Ann")]
    ]
    store.database.write_now(contacts.append, running, batch("Bob"))
    claim(store, waiting)
    assert (await get(store, domain, waiting)).username == "user-canary@example.org"
    assert claim(store, running.id).key == running.key


def test_the_old_keys_are_destroyed_and_the_new_one_seals_all(store: Store, domain: Domain) -> None:
    begin(store, domain)
    store.ring.add()
    begin(store, domain)
    told = rotate(store.database, store.ring, grace=0)
    assert told.destroyed == [1, 2]
    assert list(store.ring.days()) == [told.number] == [3]
    assert store.database.read_now(data_keys.counts) == {3: 2}


def test_a_stolen_copy_opens_nothing_any_more(store: Store, domain: Domain, twin: Store) -> None:
    before = begin(store, domain)
    thief = stolen(store)
    assert opens(thief, before, boxes(store)[before])
    rotate(store.database, store.ring, grace=0)
    # By a process that has taken no notice yet, too.
    after = begin(twin, domain)
    now = boxes(store)
    assert set(now) == {before, after}
    assert not any(opens(thief, import_id, box) for import_id, box in now.items())
    assert all(opens(twin.ring, import_id, box) for import_id, box in now.items())


def test_the_ring_opens_no_box_from_before(store: Store, domain: Domain) -> None:
    before = begin(store, domain)
    old = boxes(store)[before]
    rotate(store.database, store.ring, grace=0)
    assert not opens(Ring.open(store.folder / "ring.json")[0], before, old)


def test_nothing_old_is_left_in_sqlites_files(store: Store, domain: Domain) -> None:
    if store.database.dialect != "sqlite":
        return
    begin(store, domain)
    old = boxes(store).values()
    assert old
    rotate(store.database, store.ring, grace=0)
    files = b"".join(path.read_bytes() for path in store.folder.iterdir())
    assert not any(box in files for box in old)


def test_a_purged_import_keeps_the_number_of_its_last_key(store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    store.database.write_now(endings.erase, import_id, "")
    told = rotate(store.database, store.ring, grace=0)
    assert told.resealed == 0
    with store.database.engine.connect() as connection:
        assert connection.execute(select(import_.c.key_number)).scalar_one() == 1


def test_more_than_one_batch_is_sealed_anew(
    store: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 3)
    for _ in range(8):
        begin(store, domain)
    assert rotate(store.database, store.ring, grace=0).resealed == 8


class TestCutOff:
    """kill -9 at each point, and what is there then; the next rotation does what is left."""

    @pytest.mark.parametrize("point", ["retire_before", "_reseal", "destroy_before"])
    async def test_nothing_is_lost_and_the_next_one_ends_it(
        self, store: Store, domain: Domain, twin: Store, point: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class KilledRotation(BaseException): ...

        def die(*_arguments: object) -> None:
            raise KilledRotation

        before = begin(store, domain)
        with monkeypatch.context() as patch:
            patch.setattr(rotation if point != "destroy_before" else Ring, point, die)
            with pytest.raises(KilledRotation):
                rotate(store.database, store.ring, grace=0)
        between = begin(twin, domain)
        for import_id in (before, between):
            assert (await get(twin, domain, import_id)).user_id == "id-canary"
        told = rotate(twin.database, twin.ring, grace=0)
        assert list(twin.ring.days()) == [told.number]
        for import_id in (before, between):
            assert (await get(store, domain, import_id)).user_id == "id-canary"

    async def test_half_of_the_batches(
        self, store: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ids = [begin(store, domain) for _ in range(6)]
        monkeypatch.setattr(rotation, "BATCH", 2)
        key = store.ring.add()
        store.database.write_now(data_keys.retire_before, key.id)
        store.database.write_now(rotation._reseal, store.ring, key, 0)  # pyright: ignore[reportPrivateUsage]  as far as it came
        assert store.database.read_now(data_keys.counts) == {1: 4, 2: 2}
        assert rotate(store.database, store.ring, grace=0).resealed == 6
        for import_id in ids:
            assert not (await get(store, domain, import_id)).lost


class TestBeginningMeanwhile:
    def test_who_holds_an_old_key_in_memory_seals_with_the_new_one(
        self, store: Store, twin: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A network file system may tell for a while that the file is as it was: the database knows better."""
        begin(twin, domain)
        rotate(store.database, store.ring, grace=0)

        def see_nothing(_ring: Ring) -> None: ...

        monkeypatch.setattr(Ring, "_refresh", see_nothing)
        assert twin.ring.current().id == 1
        begin(twin, domain)
        assert store.database.read_now(data_keys.counts) == {2: 2}

    def test_an_import_whose_beginning_is_not_stored_yet_is_waited_for(
        self, store: Store, twin: Store, domain: Domain
    ) -> None:
        sealed, go_on = threading.Event(), threading.Event()

        def slowly(connection: Connection) -> int:
            import_id = add_import(connection, twin.ring, domain.id)
            sealed.set()
            go_on.wait(60)
            return import_id

        with ThreadPoolExecutor(2) as pool:
            begun = pool.submit(twin.database.write_now, slowly)
            assert sealed.wait(60)
            rotating = pool.submit(rotate, store.database, store.ring, 0)
            while 2 not in twin.ring.days():
                time.sleep(0.01)
            assert not rotating.done()
            go_on.set()
            import_id = begun.result(60)
            assert rotating.result(60).resealed == 1
        assert opens(store.ring, import_id, boxes(store)[import_id])

    async def test_no_import_is_lost_among_many(self, store: Store, twin: Store, domain: Domain) -> None:
        with ThreadPoolExecutor(4) as pool:
            beginnings = [pool.submit(begin, twin, domain) for _ in range(60)]
            rotations = [pool.submit(rotate, store.database, store.ring, 0) for _ in range(4)]
            ids = [one.result(60) for one in beginnings]
            newest = max(one.result(60).number for one in rotations)
        assert newest in (4, 5)
        for import_id in ids:
            assert not (await get(store, domain, import_id)).lost
        present = store.ring.days()
        assert set(store.database.read_now(data_keys.counts)) <= set(present)


def test_the_marks_of_wrong_passwords_go_with_the_key_that_made_them(store: Store, domain: Domain) -> None:
    store.database.write_now(login_failures.record, store.ring, *ACCOUNT, "wrong")
    rotate(store.database, store.ring, grace=0)
    assert not store.database.write_now(login_failures.failed_recently, store.ring, *ACCOUNT, "wrong")
    store.database.write_now(login_failures.record, store.ring, *ACCOUNT, "wrong")
    assert store.database.write_now(login_failures.failed_recently, store.ring, *ACCOUNT, "wrong")


async def test_what_could_not_be_opened_before_is_told_and_left_alone(store: Store, domain: Domain) -> None:
    lost = begin(store, domain)
    store.ring.destroy_before(store.ring.add().id)
    begin(store, domain)
    told = rotate(store.database, store.ring, grace=0)
    assert (told.resealed, told.unreadable) == (1, 1)
    assert (await get(store, domain, lost)).lost


def test_a_ring_that_the_database_does_not_know_seals_nothing(store: Store, domain: Domain) -> None:
    store.database.write_now(
        lambda connection: connection.execute(update(ring_table).values(fingerprint="x"))
    )
    with pytest.raises(RingError, match="another key ring"):
        begin(store, domain)
