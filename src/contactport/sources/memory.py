"""What a host was found to do, so that the next import need not find it out again.

Nothing of a user is in it: a host's name, and how its server likes to be asked.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Literal, Protocol

import msgspec

MOST = 10_000


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """About one `host:port`; every field is empty where nothing was learnt.

    `start` is the path where discovery succeeded, `first` the request that brought the cards, and `batch` the
    hrefs of one multiget that worked well.
    """

    start: str = ""
    first: Literal["", "query", "sync", "listing"] = ""
    batch: int = 0


class Memory(Protocol):
    """Where facts are kept. A source works without, and survives whatever is forgotten or outdated."""

    async def get(self, host: str) -> Facts | None: ...

    async def put(self, host: str, facts: Facts) -> None: ...

    async def forget(self, host: str) -> None: ...


class ScopedMemory:
    """The part of another memory that holds what was learnt for one domain."""

    def __init__(self, memory: Memory, scope: str) -> None:
        self._memory = memory
        self._scope = scope

    async def get(self, host: str) -> Facts | None:
        return await self._memory.get(self._key(host))

    async def put(self, host: str, facts: Facts) -> None:
        await self._memory.put(self._key(host), facts)

    async def forget(self, host: str) -> None:
        await self._memory.forget(self._key(host))

    def _key(self, host: str) -> str:
        return f"{self._scope} {host}" if self._scope else host


class ShortMemory:
    """Facts for the life of the process: the hosts last asked about, at most MOST of them."""

    def __init__(self) -> None:
        self._facts: OrderedDict[str, Facts] = OrderedDict()

    async def get(self, host: str) -> Facts | None:
        facts = self._facts.get(host)
        if facts is not None:
            self._facts.move_to_end(host)
        return facts

    async def put(self, host: str, facts: Facts) -> None:
        self._facts[host] = facts
        self._facts.move_to_end(host)
        while len(self._facts) > MOST:
            self._facts.popitem(last=False)

    async def forget(self, host: str) -> None:
        self._facts.pop(host, None)
