"""From an exception to one clear line on standard error and an exit code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from contactport.cli.output import say
from contactport.errors import causes

USAGE = 2
IMPORT = 3
FOLDER = 4
ADDRESS = 5
PROGRAM = 70
INTERRUPTED = 130
UNREAD = 141

_KNOWN = (
    ("contactport.settings", "SettingError", USAGE),
    ("contactport.sources.rows", "RowError", USAGE),
    ("contactport.sources.plugins", "PluginError", USAGE),
    ("contactport.store.writable", "FolderError", FOLDER),
    ("contactport.store.vault", "RingError", FOLDER),
    ("contactport.store.migrations", "SchemaError", FOLDER),
    ("contactport.store.locks", "LocksLost", FOLDER),
    ("contactport.store.domains", "UnfitPair", USAGE),
    ("contactport.store.domains", "DomainError", 1),
    ("contactport.store.oauth_clients", "OAuthClientError", 1),
)
"""Exceptions whose text may be shown."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})


class CommandError(Exception):
    """An error of a command, in one line: what went wrong and what to do. The package's docstring has the codes."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code


@contextmanager
def quit_in_words() -> Generator[None]:
    """Turn exceptions into click's exits: never a traceback, and no text for Ctrl-C and a broken pipe."""
    try:
        yield
        sys.stdout.flush()
    except (KeyboardInterrupt, EOFError, click.Abort):
        raise click.exceptions.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _close_output()
        raise click.exceptions.Exit(UNREAD) from None
    except (click.ClickException, click.exceptions.Exit):
        raise
    except Exception as error:
        failure = error if isinstance(error, CommandError) else _told(error)
        _close_output()
        say(f"contactport: {' '.join(str(failure).split())}")
        raise click.exceptions.Exit(failure.exit_code) from None


def _told(error: Exception) -> CommandError:
    for module, name, exit_code in _KNOWN:
        # An error of a module that was never imported can't be this one.
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return CommandError(str(error), exit_code)
    if isinstance(error, OSError) and error.errno in _FULL:
        return CommandError(f"the output can't be written: {error.strerror}")
    for cause in causes(error):
        told = _told_by_database(cause)
        if told:
            return CommandError(f"the database can't be used: {told}", FOLDER)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return CommandError(f"{os.fsdecode(error.filename)} can't be used: {error.strerror}", FOLDER)
    # Only here: structlog is not for a command's ordinary way.
    from contactport.logs import places

    # An exception's own text may hold what it was given: an address, a password.
    return CommandError(
        "something unexpected went wrong in this program, not in what you did. Please report it with these "
        f"places: {' < '.join(reversed(places(error)))}",
        PROGRAM,
    )


def _told_by_database(error: BaseException) -> str:
    """The driver's own text if the database refused something; empty for any other error.

    SQLAlchemy's would add the statement and its values.
    """
    wrapped = getattr(sys.modules.get("sqlalchemy.exc"), "DBAPIError", None)
    if wrapped is not None and isinstance(error, wrapped):
        return str(getattr(error, "orig", "")) or "it gives no reason"
    driver = getattr(sys.modules.get("psycopg"), "Error", None)
    if driver is not None and isinstance(error, driver):
        return str(error) or "it gives no reason"
    waited = getattr(sys.modules.get("sqlalchemy.exc"), "TimeoutError", None)
    if waited is not None and isinstance(error, waited):
        return "every connection to it is in use"
    return ""


def _close_output() -> None:
    """Write what can be written, and let the interpreter's last flush go nowhere instead of failing once more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
