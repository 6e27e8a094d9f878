"""Medians, spreads and percentiles, as every benchmark prints them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], unit: str = "", scale: float = 1.0, digits: int = 2) -> str:
    """`median (least-most)` of some values."""
    scaled = [value * scale for value in values]
    middle, least, most = statistics.median(scaled), min(scaled), max(scaled)
    return f"{middle:.{digits}f}{unit} ({least:.{digits}f}-{most:.{digits}f})"


def ratios(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """Each of `these` as a multiple of the one of `those` that was measured beside it."""
    return [this / that for this, that in zip(these, those, strict=True)]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(title: str | Sequence[str], rows: Sequence[Sequence[str]], columns: Sequence[str] = ("",)) -> str:
    """A Markdown table: `title` heads the first column and `columns` the others, or `title` heads them all."""
    heads = (title, *columns) if isinstance(title, str) else title
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
