"""The slots of a process: which import gets one, and which has to give one up."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from contactport.imports import slots as module
from contactport.imports.slots import Slot, Slots, reserve_of

A, B, C = 1, 2, 3
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.001)


async def fill(slots: Slots, domain: int, count: int) -> list[Slot]:
    """As many slots of a domain, each of a host of its own; given up at once when it is asked."""
    found: list[Slot] = []
    for number in range(count):
        slot = await slots.take(domain, b"%d/%d" % (domain, number), PATIENCE, PATIENCE)
        assert slot is not None
        slot.give_up = lambda slot=slot: slots.free(slot)
        found.append(slot)
    return found


async def test_one_domain_has_all_while_no_other_waits() -> None:
    slots = Slots(16)
    await fill(slots, A, 16)
    assert await slots.take(A, b"more", PATIENCE, 0.0) is None, "the reserve is for others"


async def test_a_domain_that_has_none_gets_one_at_once_though_another_has_all() -> None:
    slots = Slots(16)
    await fill(slots, A, 16)
    assert reserve_of(16) == 2
    assert await slots.take(B, b"b", PATIENCE, 0.0) is not None
    assert await slots.take(B, b"c", PATIENCE, 0.0) is None
    assert await slots.take(C, b"c", PATIENCE, 0.0) is not None


async def test_those_whose_turn_is_over_give_theirs_up_until_all_have_a_fair_share() -> None:
    slots = Slots(8)
    theirs = await fill(slots, A, 8)
    mine = [await slots.take(B, b"%d" % number, 0.0, 1.0) for number in range(6)]
    got = sum(slot is not None for slot in mine)
    assert got in (4, 5)
    assert sum(not slot.given_up for slot in theirs) in (4, 5)
    assert [slot.given_up for slot in theirs] == sorted((slot.given_up for slot in theirs), reverse=True), (
        "those who had theirs longest go first"
    )


async def test_nobody_gives_a_slot_up_before_its_turn_is_over() -> None:
    slots = Slots(4)
    theirs = await fill(slots, A, 4)
    assert await slots.take(B, b"b", PATIENCE, PATIENCE) is not None
    assert await slots.take(B, b"c", PATIENCE, 0.05) is None
    assert not any(slot.given_up for slot in theirs)


async def test_a_free_slot_goes_to_the_domain_that_has_the_fewest() -> None:
    slots = Slots(4)
    theirs = await fill(slots, A, 4)
    first = await slots.take(B, b"b", PATIENCE, PATIENCE)
    assert first is not None
    waiting = {
        name: asyncio.create_task(slots.take(domain, name.encode(), PATIENCE, PATIENCE))
        for name, domain in (("a", A), ("b", B))
    }
    await asyncio.sleep(0)
    for slot in theirs[:2]:
        slots.free(slot)
    assert await waiting["b"] is not None
    assert not waiting["a"].done()
    slots.free(theirs[2])
    assert await waiting["a"] is not None


async def test_one_host_has_three_quarters_at_most() -> None:
    slots = Slots(8)
    for _ in range(6):
        assert await slots.take(A, b"hangs", PATIENCE, 0.0) is not None
    assert await slots.take(A, b"hangs", PATIENCE, 0.0) is None
    assert await slots.take(B, b"hangs", PATIENCE, 0.0) is None
    assert await slots.take(A, b"another", PATIENCE, 0.0) is not None


async def test_a_waiter_that_is_cut_off_leaves_no_slot_behind() -> None:
    slots = Slots(1)
    (held,) = await fill(slots, A, 1)
    waiting = asyncio.create_task(slots.take(A, b"x", PATIENCE, PATIENCE))
    await asyncio.sleep(0)
    slots.free(held)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await slots.take(A, b"y", PATIENCE, 0.0) is not None


async def test_many_domains_share_evenly_whatever_each_asks_for() -> None:
    slots = Slots(16)
    served: Counter[int] = Counter()

    async def import_of(domain: int, number: int) -> None:
        slot = await slots.take(domain, b"%d/%d" % (domain, number % 40), PATIENCE, PATIENCE)
        assert slot is not None
        await asyncio.sleep(0)
        served[domain] += 1
        if sum(served.values()) == 120:
            halfway.update(served)
        slots.free(slot)

    halfway: Counter[int] = Counter()
    asked = {A: 200, B: 40, C: 40}
    await asyncio.gather(*(import_of(domain, n) for domain, count in asked.items() for n in range(count)))
    assert served == asked
    # 16 went to the first domain before the others came; a third of the rest is 34.
    assert halfway[B] >= 30
    assert halfway[C] >= 30
