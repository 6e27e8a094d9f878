"""The part of docs/reliability.md about the egress table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.faults.egress.watched_import import EgressResult


def render(trials: Sequence[EgressResult]) -> str:
    """How many rows there are by way, and how many were refused without a connection."""
    ways = Counter(trial.row.way for trial in trials)
    refused = sum(not trial.troubles() for trial in trials)
    lines = ["| an import hears of it by | addresses and spellings |", "|---|---|"]
    lines += [f"| {way} | {count} |" for way, count in ways.items()]
    lines += ["", f"Egress refusals: {refused} of {len(trials)}, with no connection.", ""]
    return "\n".join(lines)
