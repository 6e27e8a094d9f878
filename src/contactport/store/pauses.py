"""How long to wait until a database that was away is tried again."""

from __future__ import annotations

import random
from collections.abc import Iterator


def growing_pauses(first: float, longest: float) -> Iterator[float]:
    """Seconds, without end: about `first`, then twice as long each, never more than `longest`.

    Each is drawn from the upper half of its bound, so that many processes don't come back at the same moment.
    """
    bound = first
    while True:
        yield random.uniform(bound / 2, bound)  # noqa: S311
        bound = min(bound * 2, longest)
