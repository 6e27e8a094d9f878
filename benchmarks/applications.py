"""Applications that always have running imports and poll them at a given rate.

Polls are sent by the clock, whether or not the last one was answered; a poll that had to wait for its turn counts
from when it was due. How late they were sent is noted as well: it is the load's own share of what is measured. Which
imports have ended is read from the database, so that rare polls keep none from being followed by the next.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Coroutine
from itertools import cycle
from typing import Any

import msgspec

from benchmarks.fleet import Fleet
from benchmarks.wire import Pool, request

BEGINS = 16
"""begin_import calls at once, at most."""
LOOK_SECONDS = 0.2
OVERLAP_MS = 10_000
"""A transaction may be seen so long after the time that it has written."""
_ENDED = (
    "SELECT id, code, created_at, ended_at FROM \"import\" WHERE state IN ('complete', 'failed') "
    "AND ended_at >= {}"
)


class Step(msgspec.Struct):
    """What was seen in a stretch of time at one rate of polls. Times are seconds."""

    rate: float
    began: float
    seconds: float = 0.0
    polls: list[float] = []
    late: list[float] = []
    begins: list[float] = []
    contacts: list[float] = []
    imports: list[float] = []
    """From begin_import to COMPLETE, of those that completed in this stretch."""
    delivered: int = 0
    errors: Counter[str] = msgspec.field(default_factory=Counter[str])


class Applications:
    """The load. `rate` and `step` may be changed while `run` runs; what happens is written into `step`."""

    def __init__(self, fleet: Fleet, *, imports: int, contacts: int, rate: float) -> None:
        self.rate = rate
        self.step = Step(rate, time.perf_counter())
        self.live: dict[int, float] = {}
        """Imports under way, and when each was begun (time.time)."""
        self._fleet = fleet
        self.unanswered = 0
        """Polls that are on their way."""
        self._contacts = contacts
        self._wanted = imports
        self._headers = fleet.headers
        self._pool = Pool(fleet.ports)
        self._begins = asyncio.Semaphore(BEGINS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._users = 0
        self._servers = cycle([f"{url}/{contacts}/" for url in fleet.provider.urls])
        self._over = False

    async def run(self) -> None:
        """Keep the imports in flight and poll them, until cancelled."""
        for _ in range(self._wanted):
            self._spawn_import()
        self._spawn(self._tend())
        due = time.perf_counter()
        waiting: list[int] = []
        try:
            while True:
                now = time.perf_counter()
                while due <= now:
                    waiting = waiting or list(self.live)
                    if waiting:
                        self._spawn(self._poll(waiting.pop(), due))
                        self.step.late.append(time.perf_counter() - due)
                    due += 1 / self.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
        finally:
            self._over = True
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._pool.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _spawn_import(self) -> None:
        if not self._over:
            self._spawn(self._begin())

    async def _ask(self, what: str, message: bytes) -> bytes | None:
        """The body of a 200; whatever else comes is an error of the present step."""
        try:
            status, body = await self._pool.ask(message)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.step.errors[f"{what}: {type(error).__name__}"] += 1
            return None
        if status != 200:
            self.step.errors[f"{what}: {status}"] += 1
            return None
        return body

    async def _begin(self) -> None:
        self._users += 1
        form = {
            "service": "carddav",
            "server": next(self._servers),
            "username": f"user{self._users}",
            "password": "secret",
        }
        async with self._begins:
            at, started = time.time(), time.perf_counter()
            body = await self._ask(
                "begin_import", request(self._headers, "POST", "/begin_import/import.json", form)
            )
            self.step.begins.append(time.perf_counter() - started)
        if body is None:
            # Not at once: what refuses now would refuse again.
            await asyncio.sleep(0.5)
            self._spawn_import()
            return
        self.live[int(json.loads(body)["import_id"])] = at

    async def _tend(self) -> None:
        """Follow each import that has ended by another, until cancelled."""
        since = 0
        while True:
            ended = await asyncio.to_thread(self._fleet.ask, _ENDED.format(since - OVERLAP_MS))
            for import_id, code, created_at, ended_at in ended:
                since = max(since, ended_at)
                # Those of before come again, and one whose begin_import is not answered yet will.
                if self.live.pop(import_id, None) is None:
                    continue
                if code:
                    self.step.errors[f"import ended: {code}"] += 1
                else:
                    self.step.imports.append((ended_at - created_at) / 1000)
                    self._spawn(self._fetch(import_id))
                self._spawn_import()
            await asyncio.sleep(LOOK_SECONDS)

    async def _poll(self, import_id: int, due: float) -> None:
        self.unanswered += 1
        body = await self._ask("events", request(self._headers, "GET", f"/events/{import_id}.json"))
        self.unanswered -= 1
        self.step.polls.append(time.perf_counter() - due)
        if body is not None and b'"events":[{' not in body:
            self.step.errors["events: none"] += 1

    async def _fetch(self, import_id: int) -> None:
        started = time.perf_counter()
        body = await self._ask("contacts", request(self._headers, "GET", f"/contacts/{import_id}.json"))
        self.step.contacts.append(time.perf_counter() - started)
        if body is None:
            return
        # The owner is written like a contact.
        count = body.count(b'{"first_name":') - 1
        self.step.delivered += count
        if count != self._contacts:
            self.step.errors[f"contacts: {count} of {self._contacts}"] += 1
