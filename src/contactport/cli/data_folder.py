"""Opening the data folder, for commands that do one thing and end."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from contactport.cli.checks.database import databases_beside
from contactport.cli.exit_codes import FOLDER, CommandError
from contactport.cli.output import say
from contactport.settings import Settings
from contactport.store.beside import DATABASE

if TYPE_CHECKING:
    from contactport.store.open import Store

CLOCK_SLACK = 5.0
CLOCK_LIMIT = 60.0
"""Seconds between two clocks that are nothing to speak of, and from which on nothing is begun."""


def existing_folder(settings: Settings) -> Path:
    """The data folder. Raises CommandError where there is none."""
    folder = Path(settings.data)
    if not folder.exists():
        raise CommandError(
            f"there is no data folder {folder}: name the right one with --data or CONTACTPORT_DATA. "
            f"{_others(folder)}`contactport serve` makes a new one.",
            FOLDER,
        )
    return folder


def existing_database(settings: Settings) -> None:
    """Raises CommandError if the data folder has no SQLite database: no service uses a new one."""
    folder = Path(settings.data)
    if settings.database_url or (folder / DATABASE).exists():
        return
    raise CommandError(
        f"there is no database in the folder {folder}: name the service's own folder with --data or "
        f"CONTACTPORT_DATA. {_others(folder)}`contactport serve` makes a new database there, and so does "
        "this command with --create.",
        FOLDER,
    )


def _others(folder: Path) -> str:
    found = databases_beside(folder)
    return f"There is one in {' and in '.join(map(str, found[:3]))}. " if found else ""


def check_clock(store: Store) -> None:
    """Raises CommandError where this machine's clock and the database server's differ by much; warns where by less.

    Times that one process writes are judged by the clocks of others: retention, deadlines, pauses and keys.
    """
    from contactport.store.clock import ahead_ms

    told = clock_fault(store.database.read_now(ahead_ms))
    if told.startswith("warning"):
        say(told)
    elif told:
        raise CommandError(told, FOLDER)


def clock_fault(ahead_ms: int) -> str:
    """What is to be said of a clock so far ahead of the database server's; empty where it is right."""
    seconds = abs(ahead_ms) / 1000
    if seconds <= CLOCK_SLACK:
        return ""
    way = "ahead of" if ahead_ms > 0 else "behind"
    told = f"this machine's clock is {seconds:.0f} seconds {way} the database server's"
    fix = "correct both clocks, and keep them right with NTP (`timedatectl set-ntp true`)"
    if seconds <= CLOCK_LIMIT:
        return f"warning: {told}: {fix}"
    return f"{told}, so that imports would end and contacts be deleted too early or too late: {fix}"


@contextmanager
def opened(settings: Settings, *, make: bool = False) -> Generator[Store]:
    """The open data folder and its database; one that is not there is made only with `make`, and said to be."""
    folder = Path(settings.data) if make else existing_folder(settings)
    # Here, because it takes half a second that `--help` need not wait for.
    from contactport.store.open import open_store

    store = open_store(folder, settings.database_url)
    for made in store.made:
        say(f"made the {made}")
    try:
        yield store
    finally:
        asyncio.run(store.database.close())
