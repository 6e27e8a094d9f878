"""The ring and its boxes."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.store import vault
from contactport.store.ring_file import RingError, RingLost
from contactport.store.vault import DAY, Ring, SealBroken, seal, seal_data_key, unseal

KEY = bytes(range(32))


@given(st.binary(), st.text(max_size=40).filter(lambda text: text.isprintable()))
def test_a_box_opens_to_what_was_put_in(plain: bytes, context: str) -> None:
    assert unseal(KEY, seal(KEY, plain, context), context) == plain


@given(st.binary(max_size=50), st.data())
def test_a_box_with_any_byte_changed_does_not_open(plain: bytes, data: st.DataObject) -> None:
    box = bytearray(seal(KEY, plain, "here"))
    box[data.draw(st.integers(0, len(box) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        unseal(KEY, bytes(box), "here")


def test_a_box_does_not_open_in_another_place_or_with_another_key() -> None:
    box = seal(KEY, b"secret", "import/username/1")
    for key, context in ((KEY, "import/username/2"), (bytes(32), "import/username/1")):
        with pytest.raises(SealBroken):
            unseal(key, box, context)


def test_the_same_words_never_make_the_same_box() -> None:
    assert seal(KEY, b"x", "c") != seal(KEY, b"x", "c")


def test_a_truncated_box_is_broken_and_nothing_worse() -> None:
    for length in range(28):
        with pytest.raises(SealBroken):
            unseal(KEY, seal(KEY, b"", "c")[:length], "c")


def test_a_new_ring_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    _, made = Ring.open(tmp_path / "ring.json")
    assert made
    assert stat.S_IMODE((tmp_path / "ring.json").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["ring.json"]


def test_an_opened_ring_is_the_one_that_was_made(tmp_path: Path) -> None:
    first, _ = Ring.open(tmp_path / "ring.json")
    box = seal_data_key(first.current(), KEY, "import/key/1")
    again, made = Ring.open(tmp_path / "ring.json")
    assert not made
    assert again.fingerprint == first.fingerprint
    assert again.open_data_key(box, "import/key/1") == KEY


def test_processes_that_start_at_once_agree_on_one_ring(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(Ring.open, [tmp_path / "ring.json"] * 16))
    assert len({ring.fingerprint for ring, _ in rings}) == 1


def test_a_ring_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Ring.open(tmp_path / "ring.json")
    (tmp_path / "ring.json").chmod(0o640)
    with pytest.raises(RingError, match="chmod 600"):
        Ring.open(tmp_path / "ring.json")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"version": 1, "lasting": ',
        b'{"version": 1, "lasting": "AAAA", "next": 1, "daily": []}',
        b"\xff",
    ],
)
def test_a_damaged_ring_is_known_as_such(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ring.json").write_bytes(content)
    (tmp_path / "ring.json").chmod(0o600)
    with pytest.raises(RingLost, match="damaged"):
        Ring.open(tmp_path / "ring.json")


def test_a_ring_that_is_not_there_is_not_made_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(RingLost, match="missing"):
        Ring.open(tmp_path / "ring.json", make=False)
    assert not (tmp_path / "ring.json").exists()


def test_no_key_shows_in_a_repr(tmp_path: Path) -> None:
    key = Ring.open(tmp_path / "ring.json")[0].current()
    assert repr(key) == f"DailyKey({key.id})"


class TestSharing:
    """One file, several processes: each `Ring` stands for one."""

    def test_a_key_that_another_has_made_is_everybody_s_newest(self, tmp_path: Path) -> None:
        one, other = Ring.open(tmp_path / "ring.json")[0], Ring.open(tmp_path / "ring.json")[0]
        assert other.current() == one.current()
        added = one.add()
        assert other.current() == added

    def test_a_key_that_another_has_destroyed_is_seen_to_be_gone(self, tmp_path: Path) -> None:
        one, other = Ring.open(tmp_path / "ring.json")[0], Ring.open(tmp_path / "ring.json")[0]
        old = other.current()
        new = one.add()
        assert one.destroy_before(new.id) == [old.id]
        assert list(other.days()) == [new.id]

    def test_a_box_of_a_key_that_another_has_made_opens(self, tmp_path: Path) -> None:
        one, other = Ring.open(tmp_path / "ring.json")[0], Ring.open(tmp_path / "ring.json")[0]
        other.current()
        assert other.open_data_key(seal_data_key(one.add(), KEY, "c"), "c") == KEY

    def test_keys_made_at_once_have_numbers_of_their_own(self, tmp_path: Path) -> None:
        Ring.open(tmp_path / "ring.json")
        with ThreadPoolExecutor(8) as pool:
            rings = pool.map(Ring.open, [tmp_path / "ring.json"] * 24)
            made = [one.result().id for one in [pool.submit(ring.add) for ring, _ in rings]]
        assert sorted(made) == list(range(1, 25))

    def test_an_older_copy_makes_no_key_of_a_number_that_was_used(self, tmp_path: Path) -> None:
        one, _ = Ring.open(tmp_path / "ring.json")
        one.current()
        copy = (tmp_path / "ring.json").read_bytes()
        used = one.add().id
        (tmp_path / "ring.json").write_bytes(copy)
        with pytest.raises(RingError, match=f"has no key {used}"):
            one.current(used)
        assert one.add(after=used).id == used + 1
        assert one.current(used).id == used + 1

    def test_a_ring_that_was_exchanged_meanwhile_is_not_used(self, tmp_path: Path) -> None:
        one, _ = Ring.open(tmp_path / "ring.json")
        one.current()
        other = Ring.open(tmp_path / "other.json")[0]
        other.current()
        (tmp_path / "other.json").replace(tmp_path / "ring.json")
        with pytest.raises(RingError, match="replaced by another one"):
            one.current()

    def test_a_ring_that_was_deleted_meanwhile_opens_what_it_has_and_seals_nothing(
        self, tmp_path: Path
    ) -> None:
        one, _ = Ring.open(tmp_path / "ring.json")
        box = seal_data_key(one.current(), KEY, "c")
        (tmp_path / "ring.json").unlink()
        assert one.open_data_key(box, "c") == KEY
        with pytest.raises(RingError, match="missing"):
            one.current()


class TestDays:
    def test_a_key_serves_for_a_day(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ring, _ = Ring.open(tmp_path / "ring.json")
        now = 1_000_000_000
        monkeypatch.setattr(vault.time, "time", lambda: now)
        first = ring.current().id
        now += DAY - 1
        assert ring.current().id == first
        now += 1
        assert ring.current().id == first + 1

    def test_a_destroyed_key_opens_nothing_and_a_kept_one_does(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ring, _ = Ring.open(tmp_path / "ring.json")
        now = 1_000_000_000
        monkeypatch.setattr(vault.time, "time", lambda: now)
        old = seal_data_key(ring.current(), KEY, "c")
        now += DAY
        fresh = seal_data_key(ring.current(), KEY, "c")
        now += 1000
        assert ring.destroy_older_than(keep=2000) == 0
        assert ring.destroy_older_than(keep=500) == 1
        assert ring.open_data_key(fresh, "c") == KEY
        with pytest.raises(SealBroken, match="destroyed"):
            ring.open_data_key(old, "c")
        again, _ = Ring.open(tmp_path / "ring.json")
        with pytest.raises(SealBroken, match="destroyed"):
            again.open_data_key(old, "c")

    def test_a_number_is_never_given_twice(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ring, _ = Ring.open(tmp_path / "ring.json")
        now = 1_000_000_000
        monkeypatch.setattr(vault.time, "time", lambda: now)
        first = ring.current().id
        now += 10 * DAY
        assert ring.destroy_older_than(keep=0) == 1
        assert ring.days() == {}
        assert ring.current().id == first + 1

    def test_the_fingerprint_outlives_the_days(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        ring, _ = Ring.open(tmp_path / "ring.json")
        before = ring.fingerprint
        monkeypatch.setattr(vault.time, "time", lambda: 4_000_000_000)
        ring.current()
        ring.destroy_older_than(0)
        assert ring.fingerprint == before


@given(st.lists(st.text(max_size=8), max_size=3), st.lists(st.text(max_size=8), max_size=3))
def test_marks_tell_words_apart(
    tmp_path_factory: pytest.TempPathFactory, one: list[str], other: list[str]
) -> None:
    ring, _ = Ring.open(tmp_path_factory.getbasetemp() / "marks.json")
    assert (ring.mark(*one) == ring.mark(*other)) == (one == other)
