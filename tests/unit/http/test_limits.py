"""The poll limit of a domain: further polls wait for their turn, or are refused."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.errors import Refusal
from contactport.http.limits import HELD_POLLS, RateLimiter
from tests.unit.http.open_requests import until


class PollClock:
    """A time that moves when it is told to, and what was slept until then."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.polls = RateLimiter(self.sleep, lambda: self.now)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))

    async def turns(self, domain: int, rate: int, number: int) -> list[float]:
        """How long each of so many polls was held; -1 for one that was refused."""
        held: list[float] = []
        for _ in range(number):
            self.slept.clear()
            try:
                await self.polls.acquire(domain, rate)
            except Refusal:
                held.append(-1)
            else:
                held.append(self.slept[0] if self.slept else 0)
        return held


async def test_a_second_s_worth_of_polls_may_come_at_once_and_a_second_s_worth_is_held() -> None:
    assert await PollClock().turns(1, 4, 10) == [0, 0, 0, 0, 0.25, 0.5, 0.75, 1, -1, -1]


async def test_a_refusal_takes_no_turn_and_says_when_to_come_back() -> None:
    clock = PollClock()
    await clock.turns(1, 4, 20)
    with pytest.raises(Refusal) as caught:
        await clock.polls.acquire(1, 4)
    error = caught.value
    assert (error.code, error.http, error.retry_after) == (2, 429, 2)
    clock.now += 0.25
    assert await clock.turns(1, 4, 2) == [1, -1]


async def test_what_was_used_comes_back_with_time() -> None:
    clock = PollClock()
    await clock.turns(1, 10, 20)
    clock.now += 2
    assert await clock.turns(1, 10, 11) == [0] * 10 + [0.1]


async def test_a_poll_every_interval_of_the_limit_is_never_held() -> None:
    clock = PollClock()
    for _ in range(1000):
        clock.now += 0.01
        assert await clock.turns(1, 100, 1) == [0]


@given(st.lists(st.floats(0, 0.1), min_size=1, max_size=300), st.integers(1, 50))
async def test_whatever_comes_no_more_than_the_rate_is_answered(pauses: list[float], rate: int) -> None:
    """Beyond the first second's worth."""
    clock = PollClock()
    begun = clock.now
    answered: list[float] = []
    for pause in pauses:
        clock.now += pause
        answered += [clock.now + held for held in await clock.turns(1, rate, 1) if held >= 0]
    for at in answered:
        assert sum(begun <= one <= at + 1e-6 for one in answered) <= rate + (at - begun) * rate + 1e-3


async def test_one_domain_does_not_use_up_another_s() -> None:
    clock = PollClock()
    assert await clock.turns(1, 1, 3) == [0, 1, -1]
    assert await clock.turns(2, 1, 1) == [0]


async def test_no_more_polls_of_a_domain_are_held_than_there_is_room_for_and_another_s_go_on() -> None:
    turn = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await turn.wait()

    polls = RateLimiter(sleep, lambda: 0.0)
    rate = 1000
    for _ in range(rate):
        await polls.acquire(1, rate)
    held = [asyncio.ensure_future(polls.acquire(1, rate)) for _ in range(HELD_POLLS)]
    await until(lambda: polls.held == HELD_POLLS)
    with pytest.raises(Refusal, match="can be held"):
        await polls.acquire(1, rate)
    await polls.acquire(2, rate)
    held[0].cancel()
    await asyncio.wait(held[:1])
    assert polls.held == HELD_POLLS - 1
    turn.set()
    await asyncio.gather(*held[1:])
    assert polls.held == 0


async def test_many_domains_leave_no_more_buckets_than_there_is_room_for() -> None:
    clock = PollClock()
    for domain in range(25_000):
        clock.now += 0.001
        await clock.polls.acquire(domain, 1)
        clock.polls.remember(("key", str(domain)), domain)
    assert len(clock.polls) <= 10_000
    assert clock.polls.recall(("key", "0")) is None
    assert clock.polls.recall(("key", "24999")) == 24_999


async def test_a_domain_that_owes_polls_is_not_forgotten_when_there_are_too_many() -> None:
    clock = PollClock()
    for domain in range(10_000):
        await clock.polls.acquire(domain, 1)
    assert await clock.turns(9_999, 1, 1) == [1]
    clock.now += 1.5
    assert await clock.turns(10_000, 1, 1) == [0]
    assert len(clock.polls) == 2
    assert await clock.turns(9_999, 1, 1) == [0.5]


def test_a_key_pair_is_known_by_both_its_parts() -> None:
    polls = RateLimiter()
    polls.remember(("k", "p"), 7)
    assert polls.recall(("k", "p")) == 7
    assert polls.recall(("k", "q")) is None
    assert polls.recall(("kp", "")) is None
