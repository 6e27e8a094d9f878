"""Budgets of one import: the bytes it may receive, and the requests it may make.

Whoever may name a server may make it lead an import anywhere: an answer of a few megabytes names a hundred thousand
hrefs. The requests are in proportion to the members that were listed. A host that may not be sent the password is
asked a few times, and no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from contactport.net.failures import TooLarge, Unreadable
from contactport.settings import Settings

FRAMES = 4
"""Heads, chunk sizes and the like may be one part in so many beside what the answers may hold."""
EACH = 3
"""Requests beside `import_requests` for each response that a server listed: a GET, and two tries more."""
STRANGERS = 20
"""Requests to hosts that may not be sent the account's password, over a whole import."""
BURST = 2.0
"""Seconds' worth of requests that may be made at once."""
HOSTS = 500
"""Different hosts of one import."""


class ByteBudget:
    """Counts bytes over all answers of one client, whichever ran at once: decoded ones, and those of the connections.

    A few bytes on a connection may become many once they are decoded, and many may become none: chunk extensions,
    empty blocks of a compressed body, heads. So each has a total of its own.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.spent = 0
        self.received = 0

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may come, of whatever answer."""
        return self.spent > self.total or self.received > self.total + self.total // FRAMES

    def spend(self, count: int) -> None:
        """So many decoded bytes. Raises TooLarge when all are used up."""
        self.spent += count
        if self.spent > self.total:
            raise TooLarge("import_bytes", self.total)

    def receive(self, count: int) -> None:
        """So many bytes from a connection. Raises TooLarge when all are used up."""
        self.received += count
        if self.received > self.total + self.total // FRAMES:
            raise TooLarge("received_bytes", self.total)


class RequestBudget:
    """One client's. `take()` before each request; `listed()` with each response of a multistatus."""

    def __init__(self, settings: Settings, time: Callable[[], float] | None = None) -> None:
        self._settings = settings
        self._time = time or asyncio.get_running_loop().time
        self._sent = 0
        self._strangers = 0
        self._listed = 0
        self._hosts: dict[str, float] = {}
        """By host the moment at which its bucket is full again."""

    def listed(self, count: int) -> None:
        """So many responses more were listed by the account's servers."""
        self._listed += count

    @property
    def is_spent(self) -> bool:
        """Whether no request at all may be made any more."""
        members = min(self._listed, self._settings.import_members)
        return self._sent > self._settings.import_requests + EACH * members

    async def take(self, host: str, *, trusted: bool) -> None:
        """Waits until a further request may be sent to this host; `trusted` hosts may be sent the password.

        Raises TooLarge when there may be none, Unreadable where only strangers may not be asked any more.
        """
        self._sent += 1
        if self.is_spent:
            raise TooLarge("requests")
        if not trusted:
            self._strangers += 1
            if self._strangers > STRANGERS:
                raise Unreadable("it leads to other hosts again and again")
        if host not in self._hosts and len(self._hosts) >= HOSTS:
            raise TooLarge("hosts")
        wait = self._wait(host)
        if wait > 0:
            await asyncio.sleep(wait)

    def _wait(self, host: str) -> float:
        now = self._time()
        each = 1.0 / self._settings.host_requests_per_second
        full = max(self._hosts.get(host, now), now) + each
        self._hosts[host] = full
        return full - now - BURST
