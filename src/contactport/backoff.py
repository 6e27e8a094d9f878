"""Back-off: how long to wait before something is tried again, longer each time up to a bound."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator


def bound(tries: int, first: float, longest: float, factor: float = 2.0) -> float:
    """The bound after so many tries, from 1 on: `first`, then `factor` times as much each time, at most `longest`."""
    return min(longest, first * factor ** min(tries - 1, 100))


def pause(tries: int, first: float, longest: float, factor: float = 2.0) -> float:
    """A random time from the upper half of the bound, so that many don't come back at the same moment."""
    most = bound(tries, first, longest, factor)
    return random.uniform(most / 2, most)  # noqa: S311


def pauses(first: float, longest: float) -> Iterator[float]:
    """One pause after the other, without end."""
    return (pause(tries, first, longest) for tries in itertools.count(1))
