"""The reserve on the data folder's disk, and when it is deleted."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import OperationalError

from contactport.store import contacts, endings, reserve
from contactport.store.domains import Domain
from contactport.store.open import Store, open_store
from contactport.store.reserve import SIZE, DiskFull, Reserve
from contactport.store.schema import contact_chunk
from tests.unit.store.import_factory import batch, begin, claim, get


def free(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    def statvfs(_path: Path) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=count, f_frsize=1)

    monkeypatch.setattr(reserve.os, "statvfs", statvfs)


def test_it_is_taken_where_there_is_room_and_taken_back_when_there_is_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, file = Reserve(tmp_path), tmp_path / "reserve"
    one.look()
    assert file.stat().st_size == SIZE
    assert file.stat().st_mode & 0o777 == 0o600
    one.check()
    assert one.give_up()
    assert not file.exists()
    assert not one.give_up(), "there is no more to give"
    free(monkeypatch, SIZE)
    one.look()
    with pytest.raises(DiskFull):
        one.check()
    free(monkeypatch, 2 * SIZE)
    one.look()
    free(monkeypatch, SIZE)
    one.look()
    one.check()


def test_nothing_new_is_stored_before_the_last_byte_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Reserve(tmp_path)
    one.look()
    free(monkeypatch, SIZE // 8)
    one.look()
    assert one.full
    assert (tmp_path / "reserve").exists()


def test_a_transaction_that_finds_no_room_is_done_with_the_reserve(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    store.database.reserve.look()
    tries: list[int] = []

    def write(connection: Connection) -> int:
        tries.append(1)
        if os.path.exists(store.folder / "reserve"):
            raise OperationalError("", {}, Exception("database or disk is full"))
        return connection.execute(text("SELECT 7")).scalar_one()

    assert store.database.write_now(write) == 7
    assert len(tries) == 2
    with pytest.raises(DiskFull):
        store.database.reserve.check()


async def test_a_purge_in_pieces_ends_as_one_at_once_does(store: Store, domain: Domain) -> None:
    one = claim(store, begin(store, domain, retention=0))
    for _ in range(3):
        store.database.write_now(contacts.append, one, batch("Ann"))
    store.database.write_now(endings.complete, one)
    assert store.database.write_now(endings.purge_due, rows=False) == [one.id]
    assert (await get(store, domain, one.id)).key is None, "nothing of it can be read any more"
    pieces = 0
    while store.database.write_now(endings.delete_left):
        pieces += 1
    assert pieces >= 3
    left = store.database.read_now(lambda connection: connection.execute(select(contact_chunk)).all())
    assert left == []
