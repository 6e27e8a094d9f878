"""A real server as a child process on a free port of loopback. It is ended by its process id."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PATIENCE = 60.0
"""Seconds until a server must answer, on a machine busy with other tests."""


MEMORY = Path("/dev/shm")


def fast_folder() -> str | None:
    """Where temporary folders are made: in memory, where there is such a place. Servers wait for slow disks."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) else None


class ServerDied(RuntimeError):
    """The server ended before it answered; the text holds the end of its log."""


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether an HTTP server gives any answer there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("OPTIONS", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


class Process:
    """Started at once, and waited for until `ready`. `stop()` may be called twice."""

    def __init__(self, command: Sequence[str], folder: Path, ready: Callable[[], bool]) -> None:
        self._log = folder / "server.log"
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
        self.pid = self._child.pid
        end = time.monotonic() + PATIENCE
        try:
            while not ready():
                if self._child.poll() is not None or time.monotonic() > end:
                    raise ServerDied(self._log.read_text("utf-8", "replace")[-2000:])
                time.sleep(0.05)
        except BaseException:
            self.stop()
            raise

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def stop(self) -> None:
        # Nothing of theirs is kept, so they need no time to say goodbye; some ignore TERM.
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
