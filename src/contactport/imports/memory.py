"""The sources' memory of hosts, in the database."""

from __future__ import annotations

import msgspec

from contactport.sources.memory import Facts
from contactport.store import hosts
from contactport.store.open import Store


class StoredMemory:
    """A `sources.memory.Memory` over restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, host: str) -> Facts | None:
        """What is known of a `host:port`; facts that this version can't read are none."""
        text = await self._store.database.read(hosts.get, self._store.ring, host)
        if text is None:
            return None
        try:
            return msgspec.json.decode(text, type=Facts)
        except msgspec.DecodeError:
            return None

    async def put(self, host: str, facts: Facts) -> None:
        """Keep what was found."""
        text = msgspec.json.encode(facts).decode()
        await self._store.database.write(hosts.put, self._store.ring, host, text)

    async def forget(self, host: str) -> None:
        """What was known is wrong."""
        await self._store.database.write(hosts.forget, self._store.ring, host)
