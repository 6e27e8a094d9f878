"""The text of `contactport status`, for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from contactport.errors import Code
from contactport.quantities import counted
from contactport.store.stats import COMPLETE, Breaker, Stats

WORRYING_SECONDS = 60
"""An import that waits longer has a problem, and is not just waiting for its turn."""


def board(stats: Stats, trouble: str = "") -> Group:
    """One look; `trouble` says why it is not a fresh one."""
    parts = [_head(stats), Text(), _sums(stats)]
    if stats.providers or stats.breakers:
        parts += [Text(), _providers(stats)]
    if trouble:
        parts += [Text(), Text(trouble, "bold red")]
    return Group(*parts)


def _head(stats: Stats) -> Table:
    where = "SQLite" if stats.database == "sqlite" else "PostgreSQL"
    parts = [f"{where}, {size(stats.database_bytes)}"]
    if stats.ring_keys is None:
        parts.append("no key ring here")
    else:
        parts.append(counted(stats.ring_keys, "key") + " in the ring")
    line = Text(" · ".join(parts) + " · ")
    line.append(*_alive(stats))
    head = Table.grid(expand=True, padding=(0, 2, 0, 0), pad_edge=False)
    head.add_column()
    head.add_column(justify="right", no_wrap=True)
    head.add_row(line, Text(f"{datetime.fromtimestamp(stats.at / 1000, UTC):%H:%M:%S} UTC", "dim"))
    return head


def _alive(stats: Stats) -> tuple[str, str]:
    if stats.database == "sqlite":
        return ("running", "green") if stats.workers else ("not running", "bold red")
    workers = stats.workers or 0
    return (counted(workers, "worker") + " alive", "green" if workers else "bold red")


def _sums(stats: Stats) -> Table:
    sums = Table.grid(padding=(0, 2))
    sums.add_column(style="bold")
    sums.add_column()
    queue = Text(f"{stats.waiting} waiting")
    oldest = stats.oldest_waiting_seconds
    if oldest is not None:
        queue.append(", the oldest for ")
        queue.append(duration(oldest), "bold yellow" if oldest > WORRYING_SECONDS else "")
    queue.append(f" · {stats.deferred} deferred · {stats.running} running")
    sums.add_row("Imports", queue)
    sums.add_row("Last hour", _outcomes(stats.ended))
    kept = Text(f"{counted(stats.kept, 'import')} until the end of retention")
    kept.append(
        f" · {stats.purge_due} overdue" if stats.purge_due else "",
        "bold red" if stats.purge_due else "",
    )
    sums.add_row("Kept", kept)
    hosts = [f"{number} {state}" for state, number in stats.host_breakers.items() if number]
    if hosts:
        sums.add_row("Breakers", Text(f"of servers that people run themselves: {', '.join(hosts)}", "yellow"))
    return sums


def _outcomes(ended: Mapping[str, int]) -> Text:
    if not ended:
        return Text("nothing ended")
    line = Text()
    ordered = sorted(ended.items(), key=lambda one: (one[0] != COMPLETE, -one[1]))
    for number, (outcome, count) in enumerate(ordered):
        line.append(" · " if number else "")
        line.append(f"{count} {in_words(outcome)}", "green" if outcome == COMPLETE else "")
    return line


def _providers(stats: Stats) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("Provider")
    for name in ("Waiting", "Parked", "Running", "Complete/h", "Failed/h"):
        table.add_column(name, justify="right")
    table.add_column("Breaker")
    for code in sorted({*stats.providers, *stats.breakers}):
        lane = stats.providers.get(code)
        complete = lane.ended.get(COMPLETE, 0) if lane else 0
        failed = sum(lane.ended.values()) - complete if lane else 0
        table.add_row(
            code,
            *(
                _quiet(count)
                for count in ((lane.waiting, lane.deferred, lane.running) if lane else (0, 0, 0))
            ),
            _quiet(complete),
            _quiet(failed),
            _breaker(stats.breakers.get(code)),
        )
    return table


def _quiet(count: int) -> Text:
    return Text(str(count), "" if count else "dim")


def _breaker(one: Breaker | None) -> Text:
    if one is None or (one.state == "closed" and not one.failures):
        return Text("closed", "dim")
    if one.state == "open":
        return Text(f"open, {duration(one.retry_seconds or 0)} more", "bold red")
    if one.state == "half-open":
        return Text("half-open", "yellow")
    return Text(f"closed, {one.failures} failed")


def in_words(outcome: str) -> str:
    """`263` is `wrong password (263)`."""
    if not outcome.isdecimal() or int(outcome) not in set(Code):
        return outcome
    return f"{Code(int(outcome)).name.lower().replace('_', ' ')} ({outcome})"


def duration(seconds: float) -> str:
    """`4 s`, `3 min`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: int) -> str:
    """`336 kB`, `12.3 MB`."""
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    if count < 1_000_000_000:
        return f"{count / 1_000_000:.1f} MB"
    return f"{count / 1_000_000_000:.1f} GB"
