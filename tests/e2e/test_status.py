"""`contactport status` on a terminal: it updates until it is ended, and ends well."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from contactport.store import domains
from contactport.store.open import open_store
from tests.e2e.service_process import PATIENCE, environment
from tests.unit.http.stored_imports import StoredImports


class Terminal:
    """A command on a terminal of 80 columns and 24 lines; what it writes is gathered."""

    def __init__(self, *arguments: str, data: Path, **variables: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        kept = {
            name: value for name, value in environment(data).items() if name not in ("COLUMNS", "NO_COLOR")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "contactport", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**kept, "TERM": "xterm-256color", **variables},
        )
        os.close(theirs)
        self.text = ""

    def until(self, question: Callable[[str], bool]) -> None:
        """Read on until the text is as wished. Raises AssertionError when it never is."""
        end = time.monotonic() + PATIENCE
        while not question(self.text):
            assert time.monotonic() < end, self.text
            assert self._read(), self.text

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        """Whether there may be more."""
        if not select.select([self._ours], [], [], PATIENCE)[0]:
            self.process.kill()
            return False
        try:
            piece = os.read(self._ours, 65536)
        except OSError:
            # Nobody has the terminal open any more.
            return False
        self.text += piece.decode("utf-8", "replace")
        return bool(piece)


@pytest.fixture
def stored(tmp_path: Path) -> Generator[StoredImports]:
    """The imports of a data folder that another process has open."""
    store = open_store(tmp_path / "data")
    yield StoredImports(store, store.database.write_now(domains.add, "shop"))
    asyncio.run(store.database.close())


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_it_goes_with_what_happens_until_it_is_ended_and_leaves_the_last_look(
    tmp_path: Path, stored: StoredImports, sig: signal.Signals
) -> None:
    terminal = Terminal("status", data=tmp_path / "data")
    terminal.until(lambda text: "0 waiting" in text)
    stored.waiting()
    terminal.until(lambda text: "1 waiting" in text)
    at = len(terminal.text)
    terminal.process.send_signal(sig)
    assert terminal.end() == 0
    # The screen that was there before is back, with the last look on it.
    assert "\x1b[?1049l" in terminal.text[at:]
    assert "1 waiting" in terminal.text[terminal.text.rindex("\x1b[?1049l") :]
    assert "Traceback" not in terminal.text


def test_once_is_once_on_a_terminal_too(tmp_path: Path, stored: StoredImports) -> None:
    terminal = Terminal("status", "--once", data=tmp_path / "data")
    assert terminal.end() == 0
    assert terminal.text.count("0 waiting") == 1
    assert "\x1b[1m" in terminal.text
    assert "\x1b[?1049h" not in terminal.text


def test_who_wants_no_colour_gets_none(tmp_path: Path, stored: StoredImports) -> None:
    terminal = Terminal("status", "--once", data=tmp_path / "data", NO_COLOR="1")
    assert terminal.end() == 0
    assert "0 waiting" in terminal.text
    assert "\x1b[3" not in terminal.text
