"""How often a domain may poll: a token bucket for each, in memory."""

from __future__ import annotations

import math
import time

_MOST = 10_000
_GRAIN = 1e-6
"""What sums of floating-point times may be off by."""


class Polls:
    """A bucket holds one second's worth of polls, so that a client may be as unsteady as it likes within it.

    A bucket that nobody touched for a second is full again, which is the same as none: when there are too many,
    those are forgotten without anybody's gaining or losing a poll.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, domain_id: int, rate: int, now: float | None = None) -> int:
        """0 when the poll may go on, else the seconds to wait, rounded up. `rate` is polls a second."""
        now = time.monotonic() if now is None else now
        if len(self._buckets) >= _MOST and domain_id not in self._buckets:
            self._buckets = {one: (left, at) for one, (left, at) in self._buckets.items() if now - at < 1.0}
        left, at = self._buckets.get(domain_id, (float(rate), now))
        left = min(float(rate), left + (now - at) * rate)
        if left < 1.0 - _GRAIN:
            self._buckets[domain_id] = (left, now)
            return max(1, math.ceil((1.0 - left) / rate))
        self._buckets[domain_id] = (left - 1.0, now)
        return 0
