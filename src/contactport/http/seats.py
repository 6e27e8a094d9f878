"""How many requests are held open at once: streams, and polls that wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from contactport.errors import Code, Refusal

PROCESS_SEATS = 500
"""Half of the connections that `serve` takes: the other half is for whoever wants an answer now."""
DOMAIN_SEATS = 250
_RETRY_SECONDS = 5


class Seats:
    """How many requests are held open in this process, in all and of one domain."""

    def __init__(self, process: int = PROCESS_SEATS, domain: int = DOMAIN_SEATS) -> None:
        self._process = process
        self._domain = domain
        self._taken: Counter[int] = Counter()

    @property
    def taken(self) -> int:
        """How many are held open now."""
        return self._taken.total()

    @contextmanager
    def take(self, domain_id: int) -> Generator[None]:
        """One seat. Raises Refusal: 429 when the domain has its share, 503 when the process has no more."""
        if self._taken[domain_id] >= self._domain:
            raise Refusal(
                Code.INVALID_PARAMETERS,
                f"This domain has {self._domain} streams and waiting polls open here, and may have no more. Close "
                "some, or poll without `wait`.",
                http=429,
                retry_after=_RETRY_SECONDS,
            )
        if self.taken >= self._process:
            raise Refusal(
                Code.INVALID_PARAMETERS,
                "The service holds as many streams and waiting polls open as it can. Poll without `wait`, or try "
                "again in a few seconds.",
                http=503,
                retry_after=_RETRY_SECONDS,
            )
        self._taken[domain_id] += 1
        try:
            yield
        finally:
            self._taken[domain_id] -= 1
            if not self._taken[domain_id]:
                del self._taken[domain_id]
