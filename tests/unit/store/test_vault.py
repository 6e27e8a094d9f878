"""The ring and its boxes."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.store import vault
from contactport.store.vault import DAY, Ring, RingError, SealBroken, seal, unseal

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
    key, box = first.new_data_key("import/key/1")
    again, made = Ring.open(tmp_path / "ring.json")
    assert not made
    assert again.fingerprint == first.fingerprint
    assert again.open_data_key(box, "import/key/1") == key


def test_processes_that_start_at_once_agree_on_one_ring(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(Ring.open, [tmp_path / "ring.json"] * 16))
    assert len({ring.fingerprint for ring, _ in rings}) == 1


def test_a_ring_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Ring.open(tmp_path / "ring.json")
    (tmp_path / "ring.json").chmod(0o640)
    with pytest.raises(RingError, match="chmod 600"):
        Ring.open(tmp_path / "ring.json")


def test_a_damaged_ring_says_what_is_lost_and_what_is_not(tmp_path: Path) -> None:
    (tmp_path / "ring.json").write_bytes(b'{"version": 1, "lasting": ')
    (tmp_path / "ring.json").chmod(0o600)
    with pytest.raises(RingError, match=r"imports under way .* are lost; domains and their keys are not"):
        Ring.open(tmp_path / "ring.json")


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
        _, old = ring.new_data_key("c")
        now += DAY
        key, fresh = ring.new_data_key("c")
        now += 1000
        assert ring.destroy_older_than(keep=2000) == 0
        assert ring.destroy_older_than(keep=500) == 1
        assert ring.open_data_key(fresh, "c") == key
        with pytest.raises(SealBroken, match="destroyed"):
            ring.open_data_key(old, "c")
        again, _ = Ring.open(tmp_path / "ring.json")
        with pytest.raises(SealBroken, match="destroyed"):
            again.open_data_key(old, "c")

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
