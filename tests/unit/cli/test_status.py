"""`contactport status` reads the service's database and changes nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from contactport.store import domains
from contactport.store.open import Store, open_store
from tests.unit.cli.conftest import Run
from tests.unit.http.stored_imports import StoredImports


@pytest.fixture
def store(folder: Path) -> Generator[Store]:
    """The service's data folder, open and in use."""
    opened = open_store(folder)
    yield opened
    asyncio.run(opened.database.close())


@pytest.fixture
def stored(store: Store) -> StoredImports:
    return StoredImports(store, store.database.write_now(domains.add, "shop"))


def closed(folder: Path) -> None:
    """Let go of everything, as a service that has ended."""
    with closing(sqlite3.connect(folder / "contactport.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.name: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_without_a_data_folder_it_says_so_and_makes_none(run: Run, folder: Path) -> None:
    done = run("status")
    assert done.exit_code == 4
    assert f"there is no data folder {folder}" in done.stderr
    assert not folder.exists()


def test_without_a_database_it_says_so_and_makes_none(run: Run, folder: Path) -> None:
    folder.mkdir()
    done = run("status", "--json")
    assert done.exit_code == 4
    assert "there is no database" in done.stderr
    assert list(folder.iterdir()) == []


def test_it_prints_once_and_plainly_where_nobody_watches(run: Run, stored: StoredImports) -> None:
    stored.waiting()
    stored.complete([])
    done = run("status")
    assert done.exit_code == 0
    assert "1 waiting" in done.stdout
    assert "1 complete" in done.stdout
    assert "carddav" in done.stdout
    assert "\x1b" not in done.stdout
    assert all(line == line.rstrip() and len(line) <= 80 for line in done.stdout.splitlines())


def test_json_is_the_figures(run: Run, stored: StoredImports) -> None:
    stored.waiting()
    done = run("status", "--json")
    told = json.loads(done.stdout)
    assert (told["waiting"], told["running"], told["ring_keys"], told["workers"]) == (1, 0, 1, 0)
    assert told["providers"]["carddav"]["waiting"] == 1
    assert told["database"] == "sqlite"


def test_nothing_of_a_user_is_shown(run: Run, stored: StoredImports) -> None:
    stored.waiting(username="canary@example.org", user_id="canary")
    stored.complete([], username="canary@example.org")
    for option in ("--once", "--json"):
        assert "canary" not in run("status", option).output


def test_it_leaves_a_folder_that_nobody_uses_as_it_was(run: Run, folder: Path) -> None:
    asyncio.run(open_store(folder).database.close())
    closed(folder)
    before = listing(folder)
    assert run("status").exit_code == 0
    assert listing(folder) == before


def test_it_waits_for_nobody_who_writes(run: Run, store: Store, stored: StoredImports) -> None:
    stored.waiting()
    with store.database.engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("UPDATE import SET state = 'running'")
        told = json.loads(run("status", "--json").stdout)
    assert (told["waiting"], told["running"]) == (1, 0)


@pytest.mark.parametrize(
    ("version", "says"),
    [("0000", "of a newer version"), (None, "no tables of this service yet: `contactport serve`")],
)
def test_another_schema_is_refused_in_words(
    run: Run, folder: Path, store: Store, version: str | None, says: str
) -> None:
    with closing(sqlite3.connect(folder / "contactport.db")) as connection, connection:
        connection.execute("DELETE FROM alembic_version")
        if version is not None:
            connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
    done = run("status")
    assert done.exit_code == 4
    assert says in done.stderr


def test_a_file_that_is_no_database_is_told(run: Run, folder: Path) -> None:
    folder.mkdir()
    (folder / "contactport.db").write_bytes(b"something else" * 100)
    done = run("status")
    assert done.exit_code == 4
    assert "can't be read" in done.stderr


def test_on_postgresql_no_data_folder_is_needed_and_none_is_made(
    run: Run, folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTACTPORT_DATABASE_URL", database_url)
    told = json.loads(run("status", "--json").stdout)
    assert (told["database"], told["workers"], told["ring_keys"]) == ("postgresql", 0, None)
    assert "0 workers alive" in run("status").stdout
    assert not folder.exists()


def test_postgresql_without_tables_is_told_what_to_do(
    run: Run, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTACTPORT_DATABASE_URL", empty_database_url)
    done = run("status")
    assert done.exit_code == 4
    assert "run `contactport migrate` once" in done.stderr


def test_postgresql_that_is_away_is_told_without_its_password(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        monkeypatch.setenv("CONTACTPORT_DATABASE_URL", f"postgresql://ann:canary@127.0.0.1:{port}/x")
        done = run("status")
    assert done.exit_code == 4
    assert "the database can't be read" in done.stderr
    assert "canary" not in done.output
