"""The data folder, as the commands open it that do one thing and end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from contactport.cli.checks.database import DATABASE
from contactport.cli.failures import FOLDER, Failure
from contactport.cli.output import say
from contactport.settings import Settings

if TYPE_CHECKING:
    from contactport.store.open import Store


def existing_folder(settings: Settings) -> Path:
    """The data folder. Raises Failure where there is none."""
    folder = Path(settings.data)
    if not folder.exists():
        raise Failure(
            f"there is no data folder {folder}: name the right one with --data or CONTACTPORT_DATA. "
            f"{_others(folder)}`contactport serve` makes a new one.",
            FOLDER,
        )
    return folder


def existing_database(settings: Settings) -> None:
    """Raises Failure where no database of SQLite is in the data folder: a key pair in a new one fits no service."""
    folder = Path(settings.data)
    if settings.database_url or (folder / DATABASE).exists():
        return
    raise Failure(
        f"there is no database in the folder {folder}: name the service's own folder with --data or "
        f"CONTACTPORT_DATA. {_others(folder)}`contactport serve` makes a new database there, and so does "
        "this command with --create.",
        FOLDER,
    )


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


def _others(folder: Path) -> str:
    found = databases_beside(folder)
    return f"There is one in {' and in '.join(map(str, found[:3]))}. " if found else ""


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
