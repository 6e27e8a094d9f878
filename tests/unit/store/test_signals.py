"""Tasks that wait for an import learn of its changes: in this process, and in others over PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import Connection

from contactport.batch import Batch
from contactport.contact import Contact
from contactport.grant import Password
from contactport.store import contacts, domains, endings, events, imports
from contactport.store.open import Store, open_store
from contactport.store.signals import CHANNEL, Signals
from contactport.testing.imports import add_import

PATIENCE = 30.0


@pytest.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Store]:
    """A store of each kind, whose signals are open."""
    url = request.getfixturevalue("database_url") if request.param == "postgresql" else ""
    opened = open_store(tmp_path / "data", url, upgrade=True)
    await opened.signals.open()
    yield opened
    await opened.signals.close()
    await opened.database.close()


@pytest.fixture
async def elsewhere(database_url: str) -> AsyncGenerator[Signals]:
    """Another process's."""
    signals = Signals(database_url)
    await signals.open()
    with signals.watch(0) as watcher:
        # That it listens is told like everything else: whoever waits is woken.
        assert await watcher.wait(PATIENCE)
    yield signals
    await signals.close()


async def listening(store: Store) -> None:
    """Until the store's signals have a connection, where they need one."""
    if store.database.dialect == "postgresql":
        with store.signals.watch(0) as watcher:
            while not await watcher.wait(0.02):
                await announce(store, 0)


async def announce(store: Store, import_id: int) -> None:
    await store.database.write(store.signals.announce, import_id)


def begin(store: Store) -> int:
    store.database.write_now(domains.add, "shop")
    return store.database.write_now(
        add_import,
        store.ring,
        store.database.read_now(domains.all_domains)[0].id,
        grant=Password("ann@example.org", "a password"),
        seconds=60.0,
    )


async def test_everybody_who_waits_for_an_import_is_woken(store: Store) -> None:
    await listening(store)
    with store.signals.watch(7) as one, store.signals.watch(7) as another:
        await announce(store, 7)
        assert await one.wait(PATIENCE)
        assert await another.wait(PATIENCE)


async def test_nobody_is_woken_for_another_import_nor_by_what_was_not_stored(store: Store) -> None:
    await listening(store)

    def broken(connection: Connection) -> None:
        store.signals.announce(connection, 7)
        raise ZeroDivisionError

    with store.signals.watch(7) as one, store.signals.watch(8) as another:
        with pytest.raises(ZeroDivisionError):
            await store.database.write(broken)
        await announce(store, 8)
        assert await another.wait(PATIENCE)
        assert not await one.wait(0)


async def test_a_change_between_two_waits_ends_the_second_at_once(store: Store) -> None:
    await listening(store)
    with store.signals.watch(7) as one, store.signals.watch(7) as another:
        await announce(store, 7)
        assert await another.wait(PATIENCE)
        assert await one.wait(0)
        assert not await one.wait(0)


async def test_whoever_has_stopped_waiting_is_not_woken(store: Store) -> None:
    await listening(store)
    with store.signals.watch(7) as one, store.signals.watch(7) as another:
        with store.signals.watch(7) as gone:
            pass
        await announce(store, 7)
        assert await one.wait(PATIENCE)
        assert await another.wait(PATIENCE)
        assert not await gone.wait(0)


async def test_the_version_rises_with_every_change(store: Store) -> None:
    import_id = begin(store)
    seen = [store.database.read_now(events.version, import_id)]
    claimed = store.database.write_now(imports.claim, store.ring, import_id)
    assert claimed is not None
    for name in ("ann", "bob"):
        batch = Batch([Contact(formatted_name=name)], found=1)
        store.database.write_now(contacts.append, claimed[0], batch)
        seen.append(store.database.read_now(events.version, import_id))
    store.database.write_now(endings.complete, claimed[0])
    seen.append(store.database.read_now(events.version, import_id))
    store.database.write_now(endings.erase, import_id, "It was erased.")
    seen.append(store.database.read_now(events.version, import_id))
    assert seen == sorted(set(seen))
    assert seen[-1] == max(event.version for event in store.database.read_now(events.read, import_id))


@pytest.mark.parametrize("how", ["fail", "erase"])
async def test_the_version_rises_when_an_import_ends_before_any_contact(store: Store, how: str) -> None:
    import_id = begin(store)
    before = store.database.read_now(events.version, import_id)
    if how == "fail":
        store.database.write_now(endings.fail, import_id, 263, "no")
    else:
        store.database.write_now(endings.erase, import_id, "It was erased.")
    told = store.database.read_now(events.read, import_id)
    assert [event.type for event in told] == ["INITIALIZING", "COMPLETE"]
    assert store.database.read_now(events.version, import_id) > before


async def test_what_is_not_there_has_the_version_0(store: Store) -> None:
    assert store.database.read_now(events.version, 7) == 0


async def test_other_processes_hear_it(database_url: str, elsewhere: Signals) -> None:
    with elsewhere.watch(7) as watcher, psycopg.connect(database_url) as connection:
        connection.execute("SELECT pg_notify(%s, '7')", (CHANNEL,))
        connection.commit()
        assert await watcher.wait(PATIENCE)


async def test_what_is_no_number_wakes_nobody(database_url: str, elsewhere: Signals) -> None:
    with elsewhere.watch(7) as one, elsewhere.watch(8) as last, psycopg.connect(database_url) as connection:
        for payload in ("", "seven", "-7", "٧", "7" * 5000, "7 ", "8"):
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
        connection.commit()
        assert await last.wait(PATIENCE)
        assert not await one.wait(0)


async def test_a_connection_that_was_cut_comes_back_and_everybody_looks_again(
    database_url: str, elsewhere: Signals
) -> None:
    name = urlsplit(database_url).path.removeprefix("/")
    with elsewhere.watch(7) as watcher, psycopg.connect(database_url, autocommit=True) as connection:
        cut = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = %s AND pid <> pg_backend_pid()",
            (name,),
        ).fetchall()
        assert len(cut) == 1
        assert await watcher.wait(PATIENCE)
        connection.execute("SELECT pg_notify(%s, '7')", (CHANNEL,))
        assert await watcher.wait(PATIENCE)
