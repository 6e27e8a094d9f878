"""The figures as people read them on a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from contactport.counted import counted
from contactport.errors import Code
from contactport.store.figures import COMPLETE, Breaker, Figures

WORRYING_SECONDS = 60
"""An import that waits for longer is not just waiting for its turn."""


def board(figures: Figures, trouble: str = "") -> Group:
    """One look; `trouble` says why it is not a fresh one."""
    parts = [_head(figures), Text(), _sums(figures)]
    if figures.providers or figures.breakers:
        parts += [Text(), _providers(figures)]
    if trouble:
        parts += [Text(), Text(trouble, "bold red")]
    return Group(*parts)


def _head(figures: Figures) -> Table:
    where = "SQLite" if figures.database == "sqlite" else "PostgreSQL"
    parts = [f"{where}, {size(figures.database_bytes)}"]
    if figures.ring_keys is None:
        parts.append("no key ring here")
    else:
        parts.append(counted(figures.ring_keys, "key") + " in the ring")
    line = Text(" · ".join(parts) + " · ")
    line.append(*_alive(figures))
    head = Table.grid(expand=True, padding=(0, 2, 0, 0), pad_edge=False)
    head.add_column()
    head.add_column(justify="right", no_wrap=True)
    head.add_row(line, Text(f"{datetime.fromtimestamp(figures.at / 1000, UTC):%H:%M:%S} UTC", "dim"))
    return head


def _alive(figures: Figures) -> tuple[str, str]:
    if figures.database == "sqlite":
        return ("running", "green") if figures.workers else ("not running", "bold red")
    workers = figures.workers or 0
    return (counted(workers, "worker") + " alive", "green" if workers else "bold red")


def _sums(figures: Figures) -> Table:
    sums = Table.grid(padding=(0, 2))
    sums.add_column(style="bold")
    sums.add_column()
    queue = Text(f"{figures.waiting} waiting")
    oldest = figures.oldest_waiting_seconds
    if oldest is not None:
        queue.append(", the oldest for ")
        queue.append(duration(oldest), "bold yellow" if oldest > WORRYING_SECONDS else "")
    queue.append(f" · {figures.parked} parked · {figures.running} running")
    sums.add_row("Imports", queue)
    sums.add_row("Last hour", _outcomes(figures.ended))
    kept = Text(f"{counted(figures.kept, 'import')} until the end of retention")
    kept.append(
        f" · {figures.purge_due} overdue" if figures.purge_due else "",
        "bold red" if figures.purge_due else "",
    )
    sums.add_row("Kept", kept)
    hosts = [f"{number} {state}" for state, number in figures.host_breakers.items() if number]
    if hosts:
        sums.add_row(
            "Breakers", Text(f"of servers that people host themselves: {', '.join(hosts)}", "yellow")
        )
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


def _providers(figures: Figures) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("Provider")
    for name in ("Waiting", "Parked", "Running", "Complete/h", "Failed/h"):
        table.add_column(name, justify="right")
    table.add_column("Breaker")
    for code in sorted({*figures.providers, *figures.breakers}):
        lane = figures.providers.get(code)
        complete = lane.ended.get(COMPLETE, 0) if lane else 0
        failed = sum(lane.ended.values()) - complete if lane else 0
        table.add_row(
            code,
            *(_quiet(count) for count in ((lane.waiting, lane.parked, lane.running) if lane else (0, 0, 0))),
            _quiet(complete),
            _quiet(failed),
            _breaker(figures.breakers.get(code)),
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
