"""All scenarios. A new module of scenarios must be named here."""

from __future__ import annotations

from tests.faults.hostile import bodies, documents, endless_books, handshakes, headers
from tests.faults.hostile.scenario import SCENARIOS

ROOMS = (handshakes, headers, bodies, documents, endless_books)

__all__ = ["ROOMS", "SCENARIOS"]
