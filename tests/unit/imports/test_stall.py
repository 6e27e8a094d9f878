"""Whether an import makes enough progress to keep its slot."""

from __future__ import annotations

import asyncio

import pytest

from contactport.imports.stall import LOOKS, StallDetector
from contactport.settings import Settings

GRACE = 180.0
MINUTES = GRACE / 60


async def graces(monkeypatch: pytest.MonkeyPatch, rows: list[tuple[int, int]]) -> int | None:
    """After how many looks an import is too slow that has received and read so much by each; None where it is not."""
    looks = iter(enumerate(rows))
    at = 0

    async def sleep(seconds: float) -> None:
        assert seconds == GRACE / LOOKS

    def measure() -> tuple[int, int]:
        nonlocal at
        try:
            at, row = next(looks)
        except StopIteration:
            raise asyncio.CancelledError from None
        return row

    monkeypatch.setattr(asyncio, "sleep", sleep)
    try:
        await StallDetector(Settings(progress_seconds=GRACE), measure).until_too_slow()
    except asyncio.CancelledError:
        return None
    return at


async def test_a_server_that_drips_is_too_slow_after_the_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    # 4 KB in 30 seconds.
    rows = [(n * 2048, 0) for n in range(100)]
    assert await graces(monkeypatch, rows) == LOOKS


@pytest.mark.parametrize(
    ("each", "records"),
    [(30_000 * 15, 0), (32 * 1024 * 3 // LOOKS + 1, 0), (0, 3)],
    ids=["a line of 30 KB a second", "just enough bytes", "few bytes and many cards"],
)
async def test_a_slow_and_honest_server_passes(
    monkeypatch: pytest.MonkeyPatch, each: int, records: int
) -> None:
    assert await graces(monkeypatch, [(n * each, n * records) for n in range(100)]) is None


async def test_a_silence_within_the_grace_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that builds its cache before the first byte, once for each of its books."""
    rows = [(n // (LOOKS - 1) * 200_000, 0) for n in range(100)]
    assert await graces(monkeypatch, rows) is None


async def test_what_came_long_ago_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(0, 0), *[(100_000_000, 50_000)] * 100]
    assert await graces(monkeypatch, rows) == LOOKS + 1
