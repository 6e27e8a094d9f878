"""How many requests one import may make, and how quickly at one host.

Whoever may name a server may make it lead an import anywhere: an answer of a few megabytes names a hundred thousand
places. What is asked is in proportion to what was listed; a host of strangers is asked a few times, and no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from contactport.net.failures import TooLarge, Unreadable
from contactport.settings import Settings

EACH = 3
"""Requests beside `import_requests` for each response that a server listed: a GET, and two tries more."""
STRANGERS = 20
"""Requests to hosts that may not be sent the account's password, over a whole import."""
BURST = 2.0
"""Seconds' worth of requests that may be made at once."""
HOSTS = 500
"""Different hosts of one import."""


class Pace:
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
            raise TooLarge("it takes too many requests")
        if not trusted:
            self._strangers += 1
            if self._strangers > STRANGERS:
                raise Unreadable("it leads to other hosts again and again")
        if host not in self._hosts and len(self._hosts) >= HOSTS:
            raise TooLarge("it is spread over too many hosts")
        wait = self._wait(host)
        if wait > 0:
            await asyncio.sleep(wait)

    def _wait(self, host: str) -> float:
        now = self._time()
        each = 1.0 / self._settings.host_requests_per_second
        full = max(self._hosts.get(host, now), now) + each
        self._hosts[host] = full
        return full - now - BURST
