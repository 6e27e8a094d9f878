"""The processor time and memory that processes have used, from Linux's /proc."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))
Line = tuple[float, float]


def _numbers(pid: int) -> list[str]:
    stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    # The second field is the program's name in parentheses, which may hold anything.
    return stat.rpartition(")")[2].split()


def processor(pid: int) -> float:
    """Seconds of processor time, user and system, that all threads of a process have taken."""
    fields = _numbers(pid)
    return (int(fields[11]) + int(fields[12])) / _TICK


def processor_of_tree(pid: int) -> float:
    """The same with the children of a process, those that have ended included."""
    fields = _numbers(pid)
    total = sum(int(field) for field in fields[11:15]) / _TICK
    for child in children(pid):
        try:
            total += processor(child)
        except OSError:
            # It has ended a moment ago, and counts among the ended.
            continue
    return total


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]


def memory(pid: int, line: str = "VmRSS") -> int:
    """Bytes: resident (VmRSS), at most so far (VmHWM), or what nobody shares (RssAnon)."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8", "replace")
    return next((int(row.split()[1]) * 1024 for row in status.splitlines() if row.startswith(f"{line}:")), 0)


def memory_of_tree(pid: int) -> int:
    """Bytes that a process and its children hold for themselves; what they share is left out."""
    total = memory(pid, "RssAnon")
    for child in children(pid):
        try:
            total += memory(child, "RssAnon")
        except OSError:
            # It has ended a moment ago.
            continue
    return total


def machine() -> float:
    """Seconds of processor time that all cores have spent on anything."""
    first = Path("/proc/stat").read_text("ascii").partition("\n")[0].split()[1:9]
    user, nice, system, _idle, _waiting, *others = map(int, first)
    return (user + nice + system + sum(others)) / _TICK


def slope(line: Sequence[Line]) -> float:
    """How fast the second of each pair grows with the first, by least squares."""
    if len(line) < 2:
        return 0.0
    middle = sum(x for x, _ in line) / len(line), sum(y for _, y in line) / len(line)
    width = sum((x - middle[0]) ** 2 for x, _ in line)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in line) / width if width else 0.0
