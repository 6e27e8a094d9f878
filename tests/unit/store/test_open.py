"""Opening the data folder, and the schema's history."""

import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from contactport.store.migrations import SchemaError
from contactport.store.open import FolderError, Store, open_store
from contactport.store.schema import metadata
from contactport.store.vault import RingError


def test_the_first_opening_says_what_it_made_and_the_second_makes_nothing(tmp_path: Path) -> None:
    first = open_store(tmp_path / "data")
    assert [what.split()[0] for what in first.made] == ["data", "database", "key"]
    assert open_store(tmp_path / "data").made == ()


def test_nobody_else_can_read_the_folder_and_what_is_in_it(tmp_path: Path) -> None:
    open_store(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    for path in (tmp_path / "data").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="file/data"):
        open_store(tmp_path / "file" / "data")


def test_another_databases_ring_is_refused(tmp_path: Path) -> None:
    open_store(tmp_path / "one")
    open_store(tmp_path / "two")
    (tmp_path / "one" / "ring.json").write_bytes((tmp_path / "two" / "ring.json").read_bytes())
    with pytest.raises(RingError, match="not the key ring"):
        open_store(tmp_path / "one")


def test_a_lost_ring_is_not_quietly_replaced(tmp_path: Path) -> None:
    open_store(tmp_path / "data")
    (tmp_path / "data" / "ring.json").unlink()
    for _ in range(2):
        with pytest.raises(RingError, match=r"Put the right ring\.json back"):
            open_store(tmp_path / "data")
    assert not (tmp_path / "data" / "ring.json").exists()


def test_the_migrations_end_in_the_very_schema_that_the_code_uses(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        ours = set(metadata.tables) | {"alembic_version"}

        def include(name: str | None, kind: str, _parents: object) -> bool:
            return kind != "table" or name in ours

        context = MigrationContext.configure(connection, opts={"include_name": include})
        return list(compare_metadata(context, metadata))

    assert store.database.write_now(differences) == []


def test_a_newer_schema_is_refused_in_words(store: Store) -> None:
    store.database.write_now(
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num='9999'"))
    )
    with pytest.raises(SchemaError, match="newer version"):
        open_store(store.folder)
