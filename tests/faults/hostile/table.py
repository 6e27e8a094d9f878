"""Every scenario: whoever adds a module of them names it here."""

from __future__ import annotations

from tests.faults.hostile import bodies, documents, heads, walks
from tests.faults.hostile.scenario import SCENARIOS

ROOMS = (heads, bodies, documents, walks)

__all__ = ["ROOMS", "SCENARIOS"]
