"""Limits of a process: how often a domain may poll, and how many requests may stay open at once."""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager

from contactport.errors import Code, Refusal

HELD_SECONDS = 1.0
"""How long a poll may be held until its turn. Real clients poll in a loop without a pause, and 429 ends them."""
HELD_POLLS = 100
"""How many polls of one domain are held at once, apart from those that ConnectionLimiter counts."""
PROCESS_CONNECTIONS = 500
"""Half of the connections that `serve` takes: the other half is for whoever wants an answer now."""
DOMAIN_CONNECTIONS = 250
_RETRY_SECONDS = 5
_MOST = 10_000
_GRAIN = 1e-6
"""What sums of floating-point times may be off by."""


class RateLimiter:
    """A bucket holds one second's worth of polls, so that a client may be as unsteady as it likes within it.

    A held poll takes its token ahead of time, so a bucket may owe a second's worth. A full bucket is the same as
    none: when there are too many, those are forgotten without anybody's gaining or losing a poll.
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._buckets: dict[int, tuple[float, float]] = {}
        self._held: Counter[int] = Counter()
        self._domains: dict[bytes, int] = {}
        self._secret = secrets.token_bytes(32)

    def __len__(self) -> int:
        return len(self._buckets)

    @property
    def held(self) -> int:
        """How many polls are held now."""
        return self._held.total()

    async def acquire(self, domain_id: int, rate: int) -> None:
        """Wait for this poll's turn. `rate` is polls a second.

        Raises Refusal 429 when that is too far away, or too many polls of this domain are held already.
        """
        seconds = self._due(domain_id, rate, self._clock())
        if not seconds:
            return
        self._held[domain_id] += 1
        try:
            await self._sleep(seconds)
        finally:
            self._held[domain_id] -= 1
            if not self._held[domain_id]:
                del self._held[domain_id]

    def _due(self, domain_id: int, rate: int, now: float) -> float:
        """Take the next token; the seconds until it is due. Raises Refusal, and takes none then."""
        if len(self._buckets) >= _MOST and domain_id not in self._buckets:
            self._buckets = {
                one: (left, at)
                for one, (left, at) in self._buckets.items()
                if left + (now - at) * rate < rate
            }
        left, at = self._buckets.get(domain_id, (float(rate), now))
        left = min(float(rate), left + (now - at) * rate) - 1.0
        seconds = 0.0 if left >= -_GRAIN else -left / rate
        if seconds > HELD_SECONDS + _GRAIN or (seconds and self._held[domain_id] >= HELD_POLLS):
            raise Refusal(
                Code.INVALID_PARAMETERS,
                f"This domain may poll {rate} times a second, and has more polls waiting for their turn than can be "
                "held. Once a second an import is enough.",
                http=429,
                retry_after=max(1, math.ceil(seconds - _GRAIN)),
            )
        self._buckets[domain_id] = (left, now)
        return seconds

    def remember(self, pair: tuple[str, str], domain_id: int) -> None:
        """Note which domain a key pair has just been found to be."""
        while len(self._domains) >= _MOST:
            del self._domains[next(iter(self._domains))]
        self._domains[self._digest(pair)] = domain_id

    def recall(self, pair: tuple[str, str]) -> int | None:
        """The domain that a key pair was found to be. It serves to hold a poll before it costs anything, alone."""
        return self._domains.get(self._digest(pair))

    def _digest(self, pair: tuple[str, str]) -> bytes:
        return hashlib.blake2b("\0".join(pair).encode(), digest_size=16, key=self._secret).digest()


class ConnectionLimiter:
    """How many requests are held open in this process, in all and of one domain."""

    def __init__(self, process: int = PROCESS_CONNECTIONS, domain: int = DOMAIN_CONNECTIONS) -> None:
        self._process = process
        self._domain = domain
        self._open: Counter[int] = Counter()

    @property
    def open(self) -> int:
        """How many are held open now."""
        return self._open.total()

    @contextmanager
    def slot(self, domain_id: int) -> Generator[None]:
        """Count one open request while the context lasts.

        Raises Refusal: 429 when the domain has its share, 503 when the process has no more.
        """
        if self._open[domain_id] >= self._domain:
            raise Refusal(
                Code.INVALID_PARAMETERS,
                f"This domain has {self._domain} streams and waiting polls open here, and may have no more. Close "
                "some, or poll without `wait`.",
                http=429,
                retry_after=_RETRY_SECONDS,
            )
        if self.open >= self._process:
            raise Refusal(
                Code.INVALID_PARAMETERS,
                "The service holds as many streams and waiting polls open as it can. Poll without `wait`, or try "
                "again in a few seconds.",
                http=503,
                retry_after=_RETRY_SECONDS,
            )
        self._open[domain_id] += 1
        try:
            yield
        finally:
            self._open[domain_id] -= 1
            if not self._open[domain_id]:
                del self._open[domain_id]
