"""A database is read as its service left it or has it, without a file being made beside it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contactport.store.beside import DATABASE, connect_beside


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / DATABASE


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection in WAL mode, as the service has; one row is in the log, and not in the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE one (value)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("INSERT INTO one VALUES (1)")
        yield connection


def values(path: Path) -> list[int]:
    with closing(connect_beside(path)) as connection:
        return [value for (value,) in connection.execute("SELECT value FROM one")]


def test_what_is_only_in_the_log_is_read(path: Path, writer: sqlite3.Connection) -> None:
    assert values(path) == [1]


def test_a_log_that_was_emptied_is_no_sign_that_nobody_writes(path: Path, writer: sqlite3.Connection) -> None:
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(connect_beside(path)) as reader:
        assert reader.execute("SELECT count(*) FROM one").fetchone() == (1,)
        writer.execute("INSERT INTO one VALUES (2)")
        assert reader.execute("SELECT count(*) FROM one").fetchone() == (2,), (
            "the file is not taken as immutable"
        )


def test_a_copy_of_file_and_log_is_read_whole(path: Path, writer: sqlite3.Connection, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", copy)
    assert values(copy / DATABASE) == [1]


def test_no_file_is_made_where_nobody_has_it_open(path: Path, writer: sqlite3.Connection) -> None:
    writer.close()
    before = sorted(path.parent.iterdir())
    assert values(path) == [1]
    assert sorted(path.parent.iterdir()) == before == [path]


def test_nothing_can_be_written(path: Path, writer: sqlite3.Connection) -> None:
    with closing(connect_beside(path)) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO one VALUES (3)")
