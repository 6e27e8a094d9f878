"""Single-flight cache: one query at a time, its answer kept for a moment, and no long waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from contactport.store.single_flight import SingleFlightCache


class Questions:
    """Counts how often it is asked; the answers come from `answer`."""

    def __init__(self, answer: Callable[[], Awaitable[int]]) -> None:
        self.asked = 0
        self._answer = answer

    async def __call__(self) -> int:
        self.asked += 1
        return await self._answer()


async def seven() -> int:
    return 7


async def broken() -> int:
    raise OSError("away")


async def test_the_answer_is_given_to_all_who_ask_meanwhile() -> None:
    gate = asyncio.Event()

    async def later() -> int:
        await gate.wait()
        return 7

    questions = Questions(later)
    look = SingleFlightCache(questions, keep=60)
    asking = [asyncio.create_task(look()) for _ in range(20)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*asking) == [7] * 20
    assert questions.asked == 1


async def test_an_answer_is_kept_for_a_while_and_no_longer() -> None:
    questions = Questions(seven)
    kept = SingleFlightCache(questions, keep=60)
    assert [await kept() for _ in range(3)] == [7, 7, 7]
    assert questions.asked == 1
    fresh = SingleFlightCache(questions, keep=0)
    assert [await fresh() for _ in range(3)] == [7, 7, 7]
    assert questions.asked == 4


async def test_an_error_is_no_answer_and_the_next_question_is_a_new_one() -> None:
    questions = Questions(broken)
    look = SingleFlightCache(questions, keep=0)
    assert [await look(), await look()] == [None, None]
    assert questions.asked == 2


async def test_a_question_that_hangs_is_not_asked_again_and_counts_when_it_is_answered_at_last() -> None:
    gate = asyncio.Event()

    async def later() -> int:
        await gate.wait()
        return 7

    questions = Questions(later)
    look = SingleFlightCache(questions, keep=0, patience=0.01)
    assert [await look(), await look(), await look()] == [None, None, None]
    gate.set()
    assert await look() == 7
    assert questions.asked == 1


async def test_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    gate = asyncio.Event()

    async def later() -> int:
        await gate.wait()
        return 7

    look = SingleFlightCache(later, keep=60)
    first, second = asyncio.create_task(look()), asyncio.create_task(look())
    await asyncio.sleep(0)
    first.cancel()
    gate.set()
    assert await second == 7
