"""`contactport keys`: lists, rotates and replaces the ring's keys, which seal all data of users."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contactport.cli.data_folder import existing_folder, opened
from contactport.cli.exit_codes import FOLDER, CommandError
from contactport.cli.options import settings_of, settings_options
from contactport.cli.output import put_json, say, utc
from contactport.quantities import counted
from contactport.settings import Settings

if TYPE_CHECKING:
    from contactport.store.database import Database

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def keys() -> None:
    """The key ring: its keys, and what to do when somebody else may have them, or when they are lost."""


@keys.command("list")
@as_json
@settings_options
def list_(as_json: bool, data: str | None, config: Path | None) -> None:
    """List the daily keys, with how many imports each seals; never a key itself."""
    from contactport.store import data_keys

    with opened(settings_of(data, config)) as store:
        days = store.ring.days()
        counts = store.database.read_now(data_keys.counts)
    rows = [_row(number, days.get(number), counts.get(number, 0)) for number in sorted({*days, *counts})]
    if as_json:
        put_json({"ring": store.ring.fingerprint, "keys": rows})
        return
    if not rows:
        say("There is no daily key: the next import makes one.")
    for row in rows:
        made = f"made {row['made_at']}" if row["present"] else "missing: what it seals can't be opened"
        click.echo(f"key {row['number']:<4} {counted(row['imports'], 'import'):<12} {made}")


@keys.command()
@as_json
@settings_options
def rotate(as_json: bool, data: str | None, config: Path | None) -> None:
    """Seal everything with a new key and destroy the old keys, while the service runs.

    Use this if somebody may have copied the key ring. The copy then opens no data of users, neither old data nor new
    data. It still opens the secrets of OAuth clients: make new ones at the providers.
    It may be interrupted at any point and run again.
    """
    from contactport.store import rotation

    with opened(settings_of(data, config)) as store:
        done = rotation.rotate(store.database, store.ring)
    if as_json:
        put_json(done)
        return
    click.echo(f"key {done.number} is the newest; {counted(done.resealed, 'import')} sealed again with it")
    click.echo(f"destroyed: {', '.join(f'key {one}' for one in done.destroyed) or 'nothing'}")
    if done.lasting:
        whose = (
            "the secret of 1 OAuth client"
            if done.lasting == 1
            else f"the secrets of {done.lasting} OAuth clients"
        )
        say(
            f"A copy of the ring still opens {whose}: if somebody may have copied the database too, make new ones at "
            "the providers, and set them with `contactport oauth set`."
        )
    if done.unreadable:
        say(
            f"{counted(done.unreadable, 'import')} could not be opened, before either: `contactport keys list` tells "
            "more"
        )


@keys.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@settings_options
def replace(yes: bool, as_json: bool, data: str | None, config: Path | None) -> None:
    """Make a new ring if the right one is lost for good.

    What only the lost ring could open is lost: running imports, contacts not yet fetched and the secrets of
    OAuth clients. Domains and their key pairs stay. Stop every process of the service first.
    """
    settings = settings_of(data, config)
    with _database(settings) as (database, ring):
        from contactport.store import ring_binding, ring_recovery

        if not ring_recovery.is_lost(database, ring):
            raise click.UsageError(
                f"the key ring {ring} is the one of this database, or it has none yet: there is nothing to replace. "
                "`contactport keys rotate` makes a copy of it worthless."
            )
        lost = database.read_now(ring_binding.loss)
        if not yes:
            _ask(f"Forget {lost}, and go on with a new ring? Domains and their key pairs stay.")
        done = ring_recovery.replace(database, ring)
    if as_json:
        put_json({"lost": done.lost, "kept": None if done.kept is None else str(done.kept)})
        return
    click.echo(f"the key ring {ring} is a new one; forgotten: {done.lost}")
    if done.lost.clients:
        click.echo(
            "`contactport oauth list` shows whose secret is lost: set each again with `contactport oauth set`"
        )
    if done.kept is not None:
        click.echo(f"what was there before is kept as {done.kept}")


def _row(number: int, made: int | None, imports: int) -> dict[str, Any]:
    return {
        "number": number,
        "made_at": None if made is None else utc(made * 1000),
        "present": made is not None,
        "imports": imports,
    }


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: add --yes to go on with a new ring")
    click.confirm(question, abort=True, err=True)


@contextmanager
def _database(settings: Settings) -> Generator[tuple[Database, Path]]:
    """The database without its ring, and the ring's path. Locked, so that no service on SQLite starts."""
    folder = existing_folder(settings)
    from contactport.app import hold_folder
    from contactport.store.beside import DATABASE
    from contactport.store.database import Database
    from contactport.store.engines import postgresql, sqlite
    from contactport.store.migrations import check
    from contactport.store.open import RING

    if not settings.database_url and not (folder / DATABASE).exists():
        raise CommandError(f"there is no database in {folder}: name the right folder with --data.", FOLDER)
    lock = None if settings.database_url else hold_folder(folder)
    url = settings.database_url
    database = Database(postgresql(url) if url else sqlite(folder / DATABASE))
    try:
        database.write_now(check)
        yield database, folder / RING
    finally:
        asyncio.run(database.close())
        if lock is not None:
            os.close(lock)
