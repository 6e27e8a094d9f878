"""The data folder, as the commands open it that do one thing and end."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

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
            "`contactport domain add` and `contactport serve` make a new one.",
            FOLDER,
        )
    return folder


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
