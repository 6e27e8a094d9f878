"""Checks of the machine: Python, its clock, and core dumps."""

from __future__ import annotations

import ctypes
import platform
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from contactport.cli.checks.finding import Finding, good, wrong
from contactport.process import forbid_core_dumps

LEAST = (3, 11)
_PR_GET_DUMPABLE = 3
SLACK_SECONDS = 300


def python() -> Iterator[Finding]:
    """Whether this Python is new enough."""
    told = f"Python {platform.python_version()}"
    if sys.version_info < LEAST:
        yield wrong("python", f"{told} is too old", "install Python 3.11 or newer, and this program into it")
    else:
        yield good("python", told)


def core_dumps() -> Iterator[Finding]:
    """Whether a process of ours can keep its memory from being written to disk: each does so when it starts."""
    try:
        forbid_core_dumps()
    except (OSError, ValueError) as error:
        yield wrong(
            "core_dumps",
            f"core dumps can't be forbidden ({error}): a crash might write passwords to disk",
            "start the service with `ulimit -c 0`, or LimitCORE=0 in its systemd unit",
        )
        return
    if resource.getrlimit(resource.RLIMIT_CORE)[0] or _dumpable():
        yield wrong(
            "core_dumps",
            "the system allows core dumps although they are forbidden: a crash might write passwords to disk",
            "start the service with `ulimit -c 0`, or LimitCORE=0 in its systemd unit",
        )
    else:
        yield good("core_dumps", "a crash writes no memory to disk")


def _dumpable() -> bool:
    return sys.platform == "linux" and ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) != 0


def clock(newest: float | None) -> Iterator[Finding]:
    """Whether the time can be right. `newest` is the latest moment that the data folder tells of (since 1970)."""
    now = time.time()
    fix = "set the clock, and keep it right with NTP (`timedatectl set-ntp true`)"
    installed = Path(__file__).stat().st_mtime
    if now < installed - SLACK_SECONDS:
        yield wrong("clock", "the clock is earlier than the moment this program was installed", fix)
    elif newest is not None and newest > now + SLACK_SECONDS:
        yield wrong(
            "clock",
            f"the data folder tells of a moment {round(newest - now)} seconds from now: the clock is slow, or was "
            "fast. Retention and the keys' lives go by it",
            fix,
        )
    else:
        yield good(
            "clock", f"it is {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(now))}, which may be right"
        )
