"""Opening the data folder, and the schema's history."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from contactport.store import migrations
from contactport.store.migrations import SchemaError
from contactport.store.open import Store, open_store
from contactport.store.ring_file import RingError
from contactport.store.schema import metadata
from contactport.store.writable import FolderError


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


def test_the_migrations_end_in_the_very_schema_that_the_code_uses(store: Store) -> None:
    def differences(connection: Connection) -> list[object]:
        ours = set(metadata.tables) | {"alembic_version"}

        def include(name: str | None, kind: str, _parents: object) -> bool:
            return kind != "table" or name in ours

        context = MigrationContext.configure(connection, opts={"include_name": include})
        return list(compare_metadata(context, metadata))

    assert store.database.write_now(differences) == []


def test_a_newer_schema_is_refused_in_words(store: Store, engine_url: str) -> None:
    _pretend(store, "9999")
    for upgrade in (False, True):
        with pytest.raises(SchemaError, match=r"newer version \(schema 9999\).*run the version that made it"):
            open_store(store.folder, engine_url, upgrade=upgrade)


class TestOnPostgresql:
    """Others may be using it: nobody upgrades it in passing."""

    def test_a_database_without_tables_is_refused(self, tmp_path: Path, empty_database_url: str) -> None:
        for _ in range(2):
            with pytest.raises(SchemaError, match=r"no tables .* run `contactport migrate` once"):
                open_store(tmp_path / "data", empty_database_url)
        assert not (tmp_path / "data" / "ring.json").exists()

    def test_an_older_schema_is_refused(
        self, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        present = migrations.head()
        monkeypatch.setattr(migrations, "head", lambda: "9999")
        told = rf"older version \(schema {present}; this program's is 9999\): run"
        with pytest.raises(SchemaError, match=told):
            open_store(tmp_path / "data", database_url)

    def test_it_is_made_where_that_is_asked_for_and_once(
        self, tmp_path: Path, empty_database_url: str
    ) -> None:
        first = open_store(tmp_path / "data", empty_database_url, upgrade=True)
        assert [what.split()[0] for what in first.made] == ["data", "key"]
        assert open_store(tmp_path / "data", empty_database_url).made == ()
        assert open_store(tmp_path / "data", empty_database_url, upgrade=True).made == ()

    def test_many_may_make_it_at_once(self, tmp_path: Path, empty_database_url: str) -> None:
        folders = [tmp_path / "data"] * 4
        with ThreadPoolExecutor(4) as pool:
            opened = [pool.submit(open_store, one, empty_database_url, upgrade=True) for one in folders]
            assert len({one.result(60).ring.fingerprint for one in opened}) == 1

    def test_hosts_that_do_not_share_a_ring_are_told(self, tmp_path: Path, database_url: str) -> None:
        open_store(tmp_path / "one", database_url)
        with pytest.raises(RingError, match="where several hosts share the database, they share this file"):
            open_store(tmp_path / "two", database_url)
        assert not (tmp_path / "two" / "ring.json").exists()

    def test_a_server_that_can_not_be_had_is_told_without_the_uri(self, tmp_path: Path) -> None:
        with pytest.raises(FolderError, match="database_url") as told:
            open_store(tmp_path / "data", "postgresql://ann:password-canary@127.0.0.1:1/x?connect_timeout=5")
        assert "canary" not in str(told.value)


def _pretend(store: Store, revision: str) -> None:
    """Let the database be of another version."""
    change = text("UPDATE alembic_version SET version_num = :revision").bindparams(revision=revision)
    store.database.write_now(lambda connection: connection.execute(change))
