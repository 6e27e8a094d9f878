"""A real server of several processes. They are one process group, and end together."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers.server_process import Process


class ProcessGroup(Process):
    """As `Process`; what the command starts, and what that starts, ends with it."""

    def __init__(self, command: Sequence[str], folder: Path, ready: Callable[[], bool]) -> None:
        self._ended = False
        # setsid becomes the command rather than its parent, so `pid` is the command's, and its group's.
        super().__init__(["setsid", *command], folder, ready)

    def stop(self) -> None:
        # Once the leader is waited for, another may have its number.
        if not self._ended:
            self._ended = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        super().stop()
