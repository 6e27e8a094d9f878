"""A command on a terminal of its own, with somebody who types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.service_process import PATIENCE, environment

Step = tuple[str, str | Callable[[], None]]


def on_terminal(
    *arguments: str, data: Path, steps: list[Step], output: Path | None = None
) -> tuple[int, str]:
    """`contactport …` on a terminal: its exit code, and all that the terminal has shown.

    Each step waits for some words, then types others, or does something else. `output` takes standard output away
    from the terminal.
    """
    ours, theirs = pty.openpty()
    out = theirs if output is None else os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    process = subprocess.Popen(
        [sys.executable, "-m", "contactport", *arguments],
        stdin=theirs,
        stdout=out,
        stderr=theirs,
        # A terminal of its own, which it may ask for a password.
        start_new_session=True,
        env={**environment(data), "TERM": "xterm", "COLUMNS": "200"},
    )
    os.close(theirs)
    if output is not None:
        os.close(out)
    shown = ""
    end = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < end:
            if steps and steps[0][0] in shown:
                _, act = steps.pop(0)
                if isinstance(act, str):
                    os.write(ours, act.encode())
                else:
                    act()
            if select.select([ours], [], [], 0.05)[0]:
                try:
                    shown += os.read(ours, 65536).decode("utf-8", "replace")
                except OSError:
                    # Nobody has the terminal open any more.
                    break
    finally:
        os.close(ours)
        if time.monotonic() >= end:
            process.kill()
    return process.wait(PATIENCE), shown
