"""When a request is sent again, and after how long."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from contactport import backoff

TRANSIENT = frozenset({429, 502, 503, 504})
"""Statuses that say the server may do better in a moment. A 500 is not among them: it mostly comes again, and
the caller knows a smaller question."""


class RetryPolicy(msgspec.Struct, frozen=True):
    """Seconds: the first pause at most `base`, later ones twice as long, none longer than `cap`.

    A server that asks for more than `patience` is taken at its word: the request has failed, and whoever runs the
    import knows better how to wait than a request that holds a worker.
    """

    base: float = 0.5
    cap: float = 20.0
    patience: float = 5.0

    def pause(self, tries: int) -> float:
        """How long to wait after so many tries."""
        return backoff.pause(tries, self.base, self.cap)


MOST_ASKED = 3600.0
"""As much of a Retry-After is believed, in seconds: a server that names next year means "later"."""


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """The seconds that Retry-After (RFC 9110 section 10.2.3) asks for, as a number or a date; None if unsaid.

    At most MOST_ASKED.
    """
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(MOST_ASKED, float(value[:9]))
    try:
        date = parsedate_to_datetime(value)
        if date.tzinfo is None:
            date = date.replace(tzinfo=UTC)
        return min(MOST_ASKED, max(0.0, (date - (now or datetime.now(UTC))).total_seconds()))
    except (ValueError, TypeError, OverflowError):
        return None
