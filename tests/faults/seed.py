"""The seed of a random test. A failure prints it, and the same seed repeats the test."""

from __future__ import annotations

import os
import secrets

SEED = "CONTACTPORT_TEST_SEED"


def seed() -> int:
    """A new one each time, unless the variable names one. The runner shows what a failed test has printed."""
    number = int(os.environ.get(SEED) or secrets.randbelow(1_000_000))
    print(f"{SEED}={number} repeats it")
    return number
