"""What the process itself must not give away, how its threads take turns, and what it need not tidy up."""

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
    """A SIGHUP while the process starts finds the settings read a moment ago: it must not end the process."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def take_short_turns() -> None:
    """Let another thread of Python run after a millisecond instead of five.

    A poll needs a database thread for a fraction of a millisecond; beside an import, which computes without a
    pause, it would wait for its turn longer than for its answer (`python -m benchmarks.import_book`).
    """
    sys.setswitchinterval(0.001)


def spare_what_stays() -> None:
    """Keep the garbage collector from looking through what the start has made: it stays as long as the process.

    A full collection would, several times an import: an eighth of its time, and a tenth of a second each in which
    no poll is answered (`python -m benchmarks.cpu`).
    """
    gc.collect()
    gc.freeze()
