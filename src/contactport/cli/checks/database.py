"""Checks of the database: whether it can be read, its schema, and which key ring it needs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from contactport.cli.checks.consent import RegisteredClient
from contactport.cli.checks.finding import Finding, good, note, wrong
from contactport.quantities import counted
from contactport.settings import SettingError
from contactport.store.beside import DATABASE, connect_beside

MOST_FOLDERS = 3
Query = Callable[[str], list[tuple[Any, ...]]]
"""The rows of a query; none where its table is not there."""


class Inside(msgspec.Struct, frozen=True, kw_only=True):
    """Facts that the database has about itself; None for an unknown fact."""

    revision: str | None
    fingerprint: str | None
    newest: float | None
    """The latest moment it knows of, in seconds since 1970."""
    newest_key: int
    """The number of the newest daily key that has sealed anything; 0 where none has."""
    sealed: dict[int, int]
    """How many imports each daily key seals."""
    domains: int = 0
    """How many applications have a key pair in it."""
    clients: tuple[RegisteredClient, ...] = ()


def look_into_sqlite(folder: Path) -> tuple[Inside | None, list[Finding]]:
    """Read the database without touching it; None where there is none to read."""
    path = folder / DATABASE
    if not path.exists():
        return None, []
    try:
        with closing(connect_beside(path)) as connection:

            def query(text: str) -> list[tuple[Any, ...]]:
                try:
                    return connection.execute(text).fetchall()
                except sqlite3.OperationalError:
                    # A database that was made a moment ago has no tables, and an older one fewer columns.
                    return []

            return _inside(query), []
    except sqlite3.DatabaseError as error:
        return None, [
            wrong("database", f"{path} can't be read: {error}", "restore a backup of the whole data folder")
        ]


def look_into_postgresql(url: str) -> tuple[Inside | None, list[Finding]]:
    """The same over a connection that may write nothing; None if the database can't be used."""
    # Here, because the other checks need no driver.
    import psycopg

    from contactport.store.engines import check_uri, session

    fix = "correct CONTACTPORT_DATABASE_URL, or check that the server runs and accepts this user"
    try:
        check_uri(url)
        with closing(psycopg.connect(url, autocommit=True, **session(url))) as connection:
            connection.read_only = True

            def query(text: str) -> list[tuple[Any, ...]]:
                try:
                    return connection.execute(text.encode()).fetchall()
                except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
                    return []

            return _inside(query), []
    except (SettingError, psycopg.Error) as error:
        return None, [wrong("database", f"it can't be used: {' '.join(str(error).split())}", fix)]


def _inside(query: Query) -> Inside:
    revision = query("SELECT version_num FROM alembic_version")
    ring = query("SELECT fingerprint, newest_key FROM ring")
    moments = query("SELECT max(created_at) FROM domain") + query('SELECT max(created_at) FROM "import"')
    domains = query("SELECT count(*) FROM domain")
    clients = query(
        "SELECT c.provider, d.name, c.name, c.client_id, c.method <> 'none' AND c.sealed_secret IS NULL, c.fault, "
        "c.redirect_uri "
        "FROM oauth_client c LEFT JOIN domain d ON d.id = c.domain_id ORDER BY c.provider, d.name, c.name"
    )
    known = [float(moment) / 1000 for (moment,) in moments if moment is not None]
    sealed = query("SELECT key_number, count(*) FROM \"import\" WHERE state <> 'purged' GROUP BY key_number")
    return Inside(
        revision=str(revision[0][0]) if revision else None,
        fingerprint=str(ring[0][0]) if ring else None,
        newest=max(known) if known else None,
        newest_key=int(ring[0][1]) if ring else 0,
        sealed={int(number): int(count) for number, count in sealed},
        domains=int(domains[0][0]) if domains else 0,
        clients=tuple(RegisteredClient(*row) for row in clients),
    )


def beside(folder: Path, inside: Inside | None) -> Iterator[Finding]:
    """Whether the service's database may be another one, in a folder next to this one."""
    for other in databases_beside(folder)[:MOST_FOLDERS]:
        there, trouble = look_into_sqlite(other)
        if trouble or there is None:
            continue
        keys = f"{counted(there.domains, 'domain')} in it"
        fix = (
            "if the service runs on that one, name it with --data or CONTACTPORT_DATA; otherwise move it away"
        )
        if inside is None:
            yield wrong("folder", f"there is no database in {folder}, and one in {other} ({keys})", fix)
        elif there.domains and not inside.domains:
            yield wrong(
                "folder",
                f"no domain has a key pair in {folder}, and {other} has ({keys}): those are of no use to a service "
                "on this folder",
                fix,
            )
        else:
            yield note("folder", f"there is another database in {other} ({keys})", fix)


def databases_beside(folder: Path) -> list[Path]:
    """Other folders next to this one that hold a database, of the first thousand there."""
    try:
        with os.scandir(folder.absolute().parent) as entries:
            near = [Path(entry.path) for entry in islice(entries, 1000)]
        return sorted(
            path for path in near if path.name != folder.absolute().name and (path / DATABASE).is_file()
        )
    except OSError:
        return []


def schema(inside: Inside, *, shared: bool) -> Iterator[Finding]:
    """Whether the database is of this version; one that is `shared` (PostgreSQL) is upgraded by a command alone."""
    from alembic.script import ScriptDirectory

    from contactport.store import migrations

    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    ours = scripts.get_current_head()
    known = {script.revision for script in scripts.walk_revisions()}
    if inside.revision == ours:
        yield good("database", f"its schema is this version's ({ours})")
    elif inside.revision is not None and inside.revision not in known:
        yield wrong(
            "database",
            f"it is of a newer version (schema {inside.revision}) than this program (schema {ours})",
            "run the version that made it, or a newer one",
        )
    elif shared:
        yield wrong(
            "database",
            f"its schema is {inside.revision or 'not made yet'}, and this program's is {ours}",
            "run `contactport migrate` once, with the same settings",
        )
    else:
        yield note(
            "database",
            f"its schema is {inside.revision or 'not made yet'}; the next start brings it to {ours}",
            "keep a backup of the data folder until that is done",
        )
