"""`contactport status`: shows the state of the service on a terminal."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contactport.cli.options import settings_of, settings_options
from contactport.cli.output import put_json
from contactport.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

    from contactport.store.stats import Stats

EVERY_SECONDS = 1.0


@click.command()
@click.option("--once", is_flag=True, help="Print once, also on a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, once.")
@settings_options
def status(once: bool, as_json: bool, data: str | None, config: Path | None) -> None:
    """Show the queue, the imports that ended in the last hour, the providers and stored imports.

    On a terminal it updates once a second until Ctrl-C, otherwise it prints once. The service may run or not.
    It reads the SQLite database in the data folder, or the PostgreSQL one of CONTACTPORT_DATABASE_URL.
    """
    settings = settings_of(data, config)
    from contactport.store.status_reader import StatusReader

    status_reader = StatusReader(Path(settings.data), settings.database_url)
    try:
        if as_json:
            put_json(_look(status_reader.look, settings))
        else:
            _show(lambda: _look(status_reader.look, settings), live=sys.stdout.isatty() and not once)
    finally:
        status_reader.close()


def _look(look: Callable[[], Stats], settings: Settings) -> Stats:
    """Read the stats, and add what a SQLite database does not know: whether its service runs."""
    found = look()
    if settings.database_url:
        return found
    import msgspec

    from contactport.cli.checks.service import running

    return msgspec.structs.replace(found, workers=int(running(Path(settings.data))))


def _show(look: Callable[[], Stats], *, live: bool) -> None:
    from rich.console import Console

    from contactport.cli.status_view import board

    console = Console(highlight=False)
    found = look()
    if live:
        found = _watch(console, look, found)
    with console.capture() as printed:
        console.print(board(found))
    # rich fills every line up.
    click.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def _watch(console: Console, look: Callable[[], Stats], found: Stats) -> Stats:
    """Show the stats on the whole screen until Ctrl-C or SIGTERM. Returns the last ones."""
    from rich.live import Live

    from contactport.cli.status_view import board
    from contactport.store.writable import FolderError

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pause = threading.Event()
    try:
        with Live(board(found), console=console, auto_refresh=False, screen=True) as shown:
            while not pause.wait(EVERY_SECONDS):
                trouble = ""
                try:
                    found = look()
                except FolderError as error:
                    # It may be away for a moment; what is shown is the last that was seen.
                    trouble = f"{error} -- trying again"
                shown.update(board(found, trouble), refresh=True)
    except KeyboardInterrupt:
        return found
    return found
