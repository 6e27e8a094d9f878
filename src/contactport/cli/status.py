"""`contactport status`: how the service is, on a terminal."""

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
@click.option("--once", is_flag=True, help="Look once, on a terminal too.")
@click.option("--json", "as_json", is_flag=True, help="Look once; standard output is JSON alone.")
@settings_options
def status(once: bool, as_json: bool, data: str | None, config: Path | None) -> None:
    """Show the queue, what has ended in the last hour, the providers and what is kept.

    On a terminal it looks once a second until Ctrl-C, else once. It reads beside the service, running or not, and
    changes nothing: a SQLite database in the data folder, or the PostgreSQL one of CONTACTPORT_DATABASE_URL.
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
    """The figures, with what the database of one machine does not know: whether its service runs."""
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
    """Show the figures on the whole screen until Ctrl-C or SIGTERM; the last ones."""
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
