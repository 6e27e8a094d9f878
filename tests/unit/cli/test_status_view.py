"""The figures on a terminal: read at a glance, within 80 columns."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from contactport.cli.status_view import board, duration, in_words, size
from contactport.store.stats import Breaker, QueueCounts, Stats

QUIET = Stats(
    at=1_795_511_099_000,
    waiting=0,
    oldest_waiting_seconds=None,
    deferred=0,
    running=0,
    ended={},
    kept=0,
    purge_due=0,
    providers={},
    breakers={},
    host_breakers={"open": 0, "half-open": 0},
    database="sqlite",
    database_bytes=336_000,
    workers=1,
    ring_keys=2,
)


def shown(*, trouble: str = "", terminal: bool = False, **changes: Any) -> str:
    """The board of a quiet service with these changes."""
    out = io.StringIO()
    console = Console(
        file=out, width=80, force_terminal=terminal, color_system="standard" if terminal else None
    )
    console.print(board(msgspec.structs.replace(QUIET, **changes), trouble))
    return out.getvalue()


def test_a_quiet_service() -> None:
    text = shown()
    assert "SQLite, 336 kB · 2 keys in the ring · running" in text
    assert "  09:04:59 UTC" in text
    assert "0 waiting · 0 deferred · 0 running" in text
    assert "nothing ended" in text
    assert "Provider" not in text
    assert "overdue" not in text


def test_a_busy_one_stays_within_80_columns() -> None:
    text = shown(
        database="postgresql",
        database_bytes=12_345_678_901,
        workers=12,
        ring_keys=None,
        waiting=123_456,
        oldest_waiting_seconds=4000,
        deferred=99_999,
        running=9_999,
        ended={
            "complete": 1_234_567,
            **{str(code): 1000 for code in (256, 257, 258, 262, 263, 264, 266, 517)},
        },
        kept=1_000_000,
        purge_due=12,
        providers={
            "mail_yeah_net": QueueCounts(123_456, 99_999, 9_999, {"complete": 999_999, "263": 99_999})
        },
        breakers={"mail_yeah_net": Breaker("open", 5, 600.0), "gmx": Breaker("closed", 4, None)},
        host_breakers={"open": 3, "half-open": 1},
    )
    assert all(len(line) <= 80 for line in text.splitlines())
    for words in (
        "PostgreSQL, 12.3 GB",
        "12 workers alive",
        "no key ring here",
        "the oldest for 66 min",
        "12 overdue",
        "open, 10 min more",
        "closed, 4 failed",
        "3 open, 1 half-open",
    ):
        assert words in text


def test_what_went_well_comes_first_and_then_what_went_wrong_most() -> None:
    text = shown(ended={"258": 1, "263": 7, "complete": 2})
    assert "2 complete · 7 wrong password (263) · 1 timeout (258)" in text


@pytest.mark.parametrize(("workers", "says"), [(0, "0 workers alive"), (1, "1 worker alive")])
def test_on_postgresql_the_workers_are_counted(workers: int, says: str) -> None:
    assert says in shown(database="postgresql", workers=workers)


def test_a_service_that_does_not_run_is_told() -> None:
    assert "not running" in shown(workers=0)


def test_a_look_that_is_old_says_why() -> None:
    assert "away -- trying again" in shown(trouble="away -- trying again")


def test_only_a_terminal_has_colours() -> None:
    assert "\x1b[" in shown(terminal=True)
    assert "\x1b[" not in shown()


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("complete", "complete"), ("263", "wrong password (263)"), ("999", "999"), ("²", "²")],
)
def test_outcomes_in_words(outcome: str, words: str) -> None:
    assert in_words(outcome) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (0.4, "0 s"), (119.4, "119 s"), (120, "2 min"), (7199, "119 min"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 kB"), (999_499, "999 kB"), (1_000_000, "1.0 MB"), (2_500_000_000, "2.5 GB")]
)
def test_sizes(count: int, words: str) -> None:
    assert size(count) == words
