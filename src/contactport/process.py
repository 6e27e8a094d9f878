"""Settings of the process itself: no core dumps, signals, how threads take turns, the garbage collector."""

from __future__ import annotations

import ctypes
import gc
import resource
import signal
import sys

_PR_SET_DUMPABLE = 4


def forbid_core_dumps() -> None:
    """A crash writes no memory to disk, and other processes of the same user can't read it (Linux)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def ignore_hangups() -> None:
    """Ignore SIGHUP while the process starts: it would end the process, and the settings were just read."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def take_short_turns() -> None:
    """Let another thread of Python run after a millisecond instead of five.

    A poll needs a database thread for a fraction of a millisecond; beside an import, which computes without a
    pause, it would wait for its turn longer than for its answer (`python -m benchmarks.import_book`).
    """
    sys.setswitchinterval(0.001)


def spare_what_stays() -> None:
    """Exclude the objects that the start has made from garbage collection: they stay as long as the process.

    Otherwise full collections look at them several times in an import. This costs an eighth of its time, and each
    time a tenth of a second in which no poll is answered (`python -m benchmarks.cpu`).
    """
    gc.collect()
    gc.freeze()
