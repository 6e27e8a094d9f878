"""`contactport migrate`: makes or upgrades the tables of a PostgreSQL database."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click

from contactport.cli.options import settings_of, settings_options
from contactport.cli.output import say


@click.command()
@settings_options
def migrate(data: str | None, config: Path | None) -> None:
    """Make the service's tables in the database that CONTACTPORT_DATABASE_URL names, or upgrade them.

    Run it once before the first start, and at every upgrade of contactport: with the new version, before its
    processes are started. It may run again at any time, also several times at once. Until it has run, `serve` and
    `worker` refuse to start. A SQLite database does not need it: `serve` upgrades that.
    """
    settings = settings_of(data, config)
    if not settings.database_url:
        raise click.UsageError(
            "there is nothing to migrate: a SQLite database is upgraded by `contactport serve` itself. For "
            "PostgreSQL set CONTACTPORT_DATABASE_URL."
        )
    from contactport.imports import jobs
    from contactport.store.database import Database
    from contactport.store.engines import postgresql
    from contactport.store.migrations import head
    from contactport.store.open import open_store
    from contactport.store.writable import check_writable

    check_writable(Path(settings.data))
    # The engine would tell of a failure by a traceback of its own, before it is told here in a line.
    engine_log = logging.getLogger("dbos")
    engine_log.handlers, engine_log.propagate = [logging.NullHandler()], False
    # The engine's tables first: where this service's are there, both are.
    database = Database(postgresql(settings.database_url))
    try:
        jobs.migrate(database)
    finally:
        asyncio.run(database.close())
    store = open_store(Path(settings.data), settings.database_url, upgrade=True)
    for made in store.made:
        say(f"made the {made}")
    asyncio.run(store.database.close())
    click.echo(f"the database is ready (schema {head()})")
