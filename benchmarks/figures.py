"""Medians, spreads and percentiles, as every benchmark prints them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], unit: str = "", scale: float = 1.0, digits: int = 2) -> str:
    """`median (least-most)` of some values."""
    scaled = [value * scale for value in values]
    middle, least, most = statistics.median(scaled), min(scaled), max(scaled)
    return f"{middle:.{digits}f}{unit} ({least:.{digits}f}-{most:.{digits}f})"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """A Markdown table of two columns."""
    lines = [f"| {title} | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join(lines)
