"""Token buckets: never more than their rate, in any order of requests, and never a longer wait than promised."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from contactport.store import token_buckets
from contactport.store.open import Store
from contactport.store.schema import budget
from contactport.store.token_buckets import KEPT_MS, LONGEST_PAUSE_MS, LONGEST_WAIT_MS, STEP_MS, Bucket, Rate
from contactport.testing.clock import SettableClock

HOUR_MS = 3_600_000
START = 10**12
MARK = b"m" * 16

rates = st.builds(Rate, st.integers(1, 5000))
pauses_between = st.lists(st.integers(0, 200) | st.integers(0, 90_000), min_size=1, max_size=200)


def full(rate: Rate, at: int = START) -> Bucket:
    return Bucket(rate.burst, at)


def ask(bucket: Bucket, now: int, rate: Rate) -> int | None:
    """When the one who asks now may begin; None where it is told to ask again later."""
    bucket.settle(now, rate)
    wait = bucket.wait(rate)
    if wait > LONGEST_WAIT_MS:
        return None
    bucket.take()
    return now + wait


class TestRate:
    @given(rates, pauses_between)
    def test_in_any_stretch_of_time_no_more_begin_than_the_rate_and_a_burst(
        self, rate: Rate, gaps: list[int]
    ) -> None:
        bucket, now = full(rate), START
        begun: list[int] = []
        for gap in gaps:
            now += gap
            due = ask(bucket, now, rate)
            if due is not None:
                begun.append(due)
        assert begun == sorted(begun), "nobody overtakes one who came before"
        for first in range(len(begun)):
            for last in range(first, len(begun)):
                stretch = begun[last] - begun[first]
                assert last - first + 1 <= rate.burst + stretch * rate.per_ms + 1e-6

    @given(rates, pauses_between)
    def test_nobody_is_promised_a_token_later_than_two_minutes_from_now(
        self, rate: Rate, gaps: list[int]
    ) -> None:
        bucket, now = full(rate), START
        for gap in gaps:
            now += gap
            due = ask(bucket, now, rate)
            assert due is None or now <= due <= now + LONGEST_WAIT_MS

    @given(rates)
    def test_whoever_comes_alone_does_not_wait(self, rate: Rate) -> None:
        bucket, now = full(rate), START
        for _ in range(20):
            assert ask(bucket, now, rate) == now
            now += 60_000

    def test_a_sixth_of_a_minutes_may_begin_at_once_and_always_one(self) -> None:
        for per_minute, at_once in ((1200, 200), (20, 3), (3, 1), (1, 1)):
            rate = Rate(per_minute)
            bucket = full(rate)
            assert [ask(bucket, START, rate) for _ in range(at_once)] == [START] * at_once
            assert ask(bucket, START, rate) != START

    def test_the_next_is_due_when_its_token_is(self) -> None:
        rate = Rate(6)
        bucket = full(rate)
        assert [ask(bucket, START, rate) for _ in range(4)] == [START + 10_000 * n for n in range(4)]


class TestClocks:
    @given(rates, st.integers(0, 30), st.integers(STEP_MS + 1, 100 * HOUR_MS))
    def test_set_back_it_blocks_nobody_for_longer_than_before(
        self, rate: Rate, taken: int, step: int
    ) -> None:
        bucket = full(rate)
        for _ in range(taken):
            ask(bucket, START, rate)
        bucket.settle(START, rate)
        before = bucket.wait(rate)
        bucket.settle(START - step, rate)
        assert bucket.wait(rate) == before
        later = START - step + before
        bucket.settle(later, rate)
        assert bucket.wait(rate) == 0

    @given(rates, st.integers(0, 30), st.integers(0, 100 * HOUR_MS))
    def test_set_forth_it_gives_no_more_than_a_burst(self, rate: Rate, taken: int, step: int) -> None:
        bucket = full(rate)
        for _ in range(taken):
            ask(bucket, START, rate)
        bucket.settle(START + step, rate)
        assert bucket.tokens <= rate.burst

    @given(rates, st.lists(st.integers(-STEP_MS // 2, STEP_MS // 2), min_size=2, max_size=60))
    def test_clocks_that_differ_from_host_to_host_give_nothing_away(
        self, rate: Rate, differences: list[int]
    ) -> None:
        bucket = full(rate)
        given = sum(ask(bucket, START + difference, rate) is not None for difference in differences)
        most = rate.burst + (STEP_MS // 2 + LONGEST_WAIT_MS) * rate.per_ms
        assert given <= most + 1e-6

    @given(st.integers(-100 * HOUR_MS, 100 * HOUR_MS), st.integers(1, 7200))
    def test_a_pause_never_lasts_longer_than_was_asked_for(self, step: int, seconds: int) -> None:
        rate = Rate(60)
        bucket = full(rate)
        bucket.pause(seconds)
        asked = min(seconds * 1000, LONGEST_PAUSE_MS)
        bucket.settle(START + step, rate)
        left = (bucket.paused_until or bucket.at) - (START + step)
        # A clock that differs a little is not told from one that was set back.
        assert left <= asked + (STEP_MS if -STEP_MS <= step < 0 else 0)


def test_a_pause_ends_by_itself() -> None:
    rate = Rate(60)
    bucket = full(rate)
    bucket.pause(30)
    bucket.settle(START + 29_999, rate)
    assert bucket.paused_until == START + 30_000
    bucket.settle(START + 30_000, rate)
    assert bucket.paused_until is None


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    bucket = full(Rate(60))
    bucket.pause(300)
    bucket.pause(10)
    assert bucket.paused_until == START + 300_000


def test_a_rate_that_was_lowered_makes_nobody_wait_for_hours() -> None:
    fast, slow = Rate(5000), Rate(60)
    bucket = full(fast)
    while ask(bucket, START, fast) is not None:
        pass
    bucket.settle(START, slow)
    bucket.settle(START + LONGEST_WAIT_MS + 1000, slow)
    assert bucket.wait(slow) == 0


async def test_processes_that_ask_at_once_share_one_bucket(
    store: Store, twin: Store, clock: SettableClock
) -> None:
    clock.now = START
    rate = Rate(60)

    def take(one: Store) -> int | None:
        def transaction(connection: Connection) -> int | None:
            bucket = token_buckets.lock(connection, MARK, rate)
            wait = bucket.wait(rate)
            if not wait:
                bucket.take()
                token_buckets.save(connection, MARK, bucket)
            return wait

        return one.database.write_now(transaction)

    waits = await asyncio.gather(*(asyncio.to_thread(take, one) for one in (store, twin) * 15))
    assert waits.count(0) == rate.burst == 10


async def test_what_is_kept_is_what_comes_back(store: Store, clock: SettableClock) -> None:
    clock.now = START
    rate = Rate(60)

    def pause(connection: Connection) -> None:
        bucket = token_buckets.lock(connection, MARK, rate)
        bucket.take()
        bucket.pause(5)
        token_buckets.save(connection, MARK, bucket)

    store.database.write_now(pause)
    found = store.database.write_now(token_buckets.lock, MARK, rate)
    assert found == Bucket(rate.burst - 1, START, START + 5000)
    assert store.database.write_now(token_buckets.lock, b"n" * 16, rate) == full(rate)


async def test_old_buckets_are_forgotten_and_paused_ones_are_not(store: Store, clock: SettableClock) -> None:
    clock.now = START

    def make(connection: Connection, mark: bytes, pause: float) -> None:
        bucket = token_buckets.lock(connection, mark, Rate(60))
        if pause:
            bucket.pause(pause)
        token_buckets.save(connection, mark, bucket)

    def count(connection: Connection) -> int:
        return connection.execute(select(func.count()).select_from(budget)).scalar_one()

    store.database.write_now(make, b"a" * 16, 0)
    clock.now += 1000
    store.database.write_now(make, b"b" * 16, 3600)
    clock.now += KEPT_MS - 1000
    store.database.write_now(token_buckets.forget_old)
    assert store.database.read_now(count) == 1
    clock.now += LONGEST_PAUSE_MS
    store.database.write_now(token_buckets.forget_old)
    assert store.database.read_now(count) == 0
