"""A turn for others, wherever a server decides how long a loop is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from contactport.net import time_slice
from contactport.net.time_slice import TimeSlice


async def turns_of_another(work: Callable[[], Awaitable[object]]) -> int:
    """How often another task went on while this work was done."""
    count = 0

    async def another() -> None:
        nonlocal count
        while True:
            await asyncio.sleep(0)
            count += 1

    task = asyncio.create_task(another())
    try:
        await work()
    finally:
        task.cancel()
    return count


@pytest.fixture(autouse=True)
def always_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_slice, "SLICE", 0.0)


async def test_others_go_on_once_a_slice_is_over() -> None:
    one = TimeSlice()

    async def work() -> None:
        for _ in range(100):
            await one.yield_if_due()

    assert await turns_of_another(work) >= 99


async def test_nobody_goes_on_within_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_slice, "SLICE", 3600.0)
    one = TimeSlice()
    one.begin()

    async def work() -> None:
        for _ in range(100):
            await one.yield_if_due()

    assert await turns_of_another(work) == 0
