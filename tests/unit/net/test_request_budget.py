from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from contactport.net import budgets
from contactport.net.budgets import BURST, EACH, STRANGERS, RequestBudget
from contactport.net.failures import TooLarge, Unreadable
from contactport.settings import Settings


class SleepingClock:
    """A clock that goes on only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def paced(clock: SleepingClock, patch: pytest.MonkeyPatch, **settings: int) -> Generator[RequestBudget]:
    with patch.context() as patched:
        patched.setattr(budgets.asyncio, "sleep", clock.sleep)
        yield RequestBudget(Settings(**settings), clock.time)  # type: ignore[arg-type]


async def test_requests_are_in_proportion_to_what_was_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    with paced(SleepingClock(), monkeypatch, import_requests=10, import_members=5) as here:
        here.listed(3)
        for _ in range(10 + 3 * EACH):
            await here.take("a.example", trusted=True)
        assert not here.is_spent
        with pytest.raises(TooLarge):
            await here.take("a.example", trusted=True)
        assert here.is_spent
        here.listed(1000)
        # No more than an import may have members.
        for _ in range(2 * EACH - 1):
            await here.take("a.example", trusted=True)
        with pytest.raises(TooLarge):
            await here.take("a.example", trusted=True)


async def test_strangers_are_asked_a_few_times_whichever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with paced(SleepingClock(), monkeypatch) as here:
        for number in range(STRANGERS):
            await here.take(f"{number}.example", trusted=False)
        with pytest.raises(Unreadable):
            await here.take("another.example", trusted=False)
        await here.take("own.example", trusted=True)
        assert not here.is_spent


async def test_a_host_gets_so_many_requests_a_second_and_others_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SleepingClock()
    with paced(clock, monkeypatch, host_requests_per_second=50) as here:
        for _ in range(int(50 * BURST)):
            await here.take("a.example", trusted=True)
        assert clock.now == pytest.approx(0)
        for _ in range(500):
            await here.take("a.example", trusted=True)
        assert clock.now == pytest.approx(10)
        before = clock.now
        await here.take("b.example", trusted=True)
        assert clock.now == pytest.approx(before)


async def test_an_import_is_not_spread_over_any_number_of_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    with paced(SleepingClock(), monkeypatch, import_requests=100_000) as here:
        for number in range(budgets.HOSTS):
            await here.take(f"{number}.example.com", trusted=True)
        await here.take("0.example.com", trusted=True)
        with pytest.raises(TooLarge):
            await here.take("another.example.com", trusted=True)


async def test_the_loop_s_own_clock_is_the_usual_one() -> None:
    here = RequestBudget(Settings())
    async with asyncio.timeout(5):
        await here.take("a.example", trusted=True)
