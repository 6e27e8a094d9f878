"""`needs`: the only way to leave a test out, because it needs something that is not installed."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

ALL = "CONTACTPORT_TEST_ALL"
MARK = "left out, needs "


def nothing_may_be_left_out() -> bool:
    return os.environ.get(ALL, "") not in ("", "0")


def needs(name: str, reason: str) -> NoReturn:
    """Leaves the calling test, fixture or module out because `name` is not here.

    `reason` says what brings it ("apt-get install slapd"). Where CONTACTPORT_TEST_ALL is set, the test fails
    instead. Call it only after looking: `if not shutil.which("slapd"): needs("slapd", "…")`.
    """
    if nothing_may_be_left_out():
        pytest.fail(f"{ALL} is set, and {name} is not here: {reason}", pytrace=False)
    raise pytest.skip.Exception(f"{MARK}{name}: {reason}", allow_module_level=True)
