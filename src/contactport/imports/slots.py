"""The slots of one process, in which imports run: shared fairly between domains, and between providers' hosts.

The job engine hands out a few jobs more than there are slots, so that here is seen who waits. A free slot goes to the
domain that has the fewest. A domain may have all of them only while no other waits: some are kept in reserve for
domains that have none, and an import of a domain that has more than its share gives its slot up after its turn. One
host never has more than three quarters.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec

from contactport import backoff

LOOK_SECONDS = 0.5
"""How often those who wait look whether somebody's turn is over."""
CROWDED_SECONDS = 0.5
PATIENCE_SECONDS = 2.0
LONGEST_SECONDS = 8.0


def reserve_of(slots: int) -> int:
    """How many slots there are beside the common ones, for domains that have none."""
    return max(1, slots // 8)


class Slot(msgspec.Struct, eq=False):
    """One running import's. `give_up` is called once its turn is over and another domain waits."""

    domain_id: int
    host: bytes
    since: float
    give_up: Callable[[], None] | None = None
    given_up: bool = False


class _Waiter(msgspec.Struct, eq=False):
    domain_id: int
    host: bytes
    slot: asyncio.Future[Slot]


class Slots:
    """`total` common slots and a reserve. For one event loop."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._most = total + reserve_of(total)
        self._most_of_host = max(1, total * 3 // 4)
        self._slots: list[Slot] = []
        self._waiters: list[_Waiter] = []
        self._granted = 0
        self._last_granted: dict[int, int] = {}
        """When each domain had its last slot, counted in slots. Only of domains that have slots or wait for one."""

    async def take(self, domain_id: int, host: bytes, turn: float, seconds: float) -> Slot | None:
        """A slot; None where none came within so many seconds. `turn` is how long others may keep theirs."""
        waiter = _Waiter(domain_id, host, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        end = time.monotonic() + seconds
        try:
            self._grant()
            while not waiter.slot.done():
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self._ask_to_give_up(waiter, turn)
                await asyncio.wait([waiter.slot], timeout=min(left, LOOK_SECONDS))
        except asyncio.CancelledError:
            if waiter.slot.done():
                self.free(waiter.slot.result())
            raise
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
        return waiter.slot.result()

    def free(self, slot: Slot) -> None:
        """Give a slot back: whoever is next has it."""
        self._slots.remove(slot)
        self._grant()
        present = {one.domain_id for one in (*self._slots, *self._waiters)}
        self._last_granted = {id: at for id, at in self._last_granted.items() if id in present}

    def patience(self, domain_id: int, tries: int) -> float:
        """How many seconds to wait for a slot before another process, or another import, gets the chance."""
        crowded = len(self._slots) >= self._total and 2 * self._count(domain_id) > self._total
        first = CROWDED_SECONDS if crowded else PATIENCE_SECONDS
        return backoff.bound(tries + 1, first, LONGEST_SECONDS, 1.5)

    def _grant(self) -> None:
        while True:
            able = [waiter for waiter in self._waiters if self._may(waiter)]
            if not able:
                return
            # The domain that has the fewest; of several such, the one that has waited longest for a slot.
            chosen = min(able, key=self._rank)
            self._granted += 1
            self._last_granted[chosen.domain_id] = self._granted
            self._waiters.remove(chosen)
            slot = Slot(chosen.domain_id, chosen.host, time.monotonic())
            self._slots.append(slot)
            chosen.slot.set_result(slot)

    def _rank(self, waiter: _Waiter) -> tuple[int, int]:
        return self._count(waiter.domain_id), self._last_granted.get(waiter.domain_id, 0)

    def _may(self, waiter: _Waiter) -> bool:
        if waiter.slot.done() or not self._host_has_room(waiter.host):
            return False
        if len(self._slots) < self._total:
            return True
        return len(self._slots) < self._most and self._count(waiter.domain_id) == 0

    def _host_has_room(self, host: bytes) -> bool:
        return sum(slot.host == host for slot in self._slots) < self._most_of_host

    def _count(self, domain_id: int) -> int:
        return sum(slot.domain_id == domain_id for slot in self._slots)

    def _ask_to_give_up(self, waiter: _Waiter, turn: float) -> None:
        """Have the import give up its slot that has had it longest, where its domain has two more than this one's."""
        if any(slot.given_up for slot in self._slots) or not self._host_has_room(waiter.host):
            return
        mine, now = self._count(waiter.domain_id), time.monotonic()
        over = [
            slot
            for slot in self._slots
            if slot.give_up is not None
            and now - slot.since >= turn
            and self._count(slot.domain_id) > mine + 1
        ]
        if over:
            oldest = min(over, key=lambda slot: slot.since)
            oldest.given_up = True
            assert oldest.give_up is not None
            oldest.give_up()
