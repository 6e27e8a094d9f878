"""The part of docs/reliability.md about the matrix, written from the results of the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.faults.matrix.cell import CellOutcome
from tests.faults.matrix.paged_book import Stage
from tests.faults.matrix.provider_faults import ROWS, STAGES

DOCUMENT = Path(__file__).parents[3] / "docs" / "reliability.md"
TITLES: dict[Stage, str] = {
    "discovery": "at discovery",
    "listing": "at the listing",
    "pages": "in the middle, between pages",
    "lump": "in the middle, within one long answer",
}
_NO_CELL = "–"


def between(text: str, name: str) -> str:
    """What stands between the markers of this name. Raises ValueError where they are not there once, in order."""
    _, begin, rest = text.partition(f"<!-- {name}: begin -->\n")
    found, end, _ = rest.partition(f"<!-- {name}: end -->")
    if not begin or not end:
        raise ValueError(f"the document has no place for {name!r}")
    return found


def put_between(text: str, name: str, new: str) -> str:
    """The text with something else between the markers."""
    marker = f"<!-- {name}: begin -->\n"
    return text.replace(marker + between(text, name), marker + new)


def shown(outcomes: Iterable[CellOutcome]) -> str:
    """One cell of the table, from how its one or two imports ended."""
    by_duration = {outcome.duration: _ending(outcome) for outcome in outcomes}
    if not by_duration:
        return _NO_CELL
    return f"{by_duration['ever']} / {by_duration.get('once', _NO_CELL)}"


def _ending(outcome: CellOutcome) -> str:
    if outcome.code == 0:
        return "complete"
    pause = "" if outcome.retry_after is None else f", to wait {outcome.retry_after} s"
    return f"[{outcome.code}](errors.md#{outcome.code}){pause}"


def render(outcomes: Sequence[CellOutcome]) -> str:
    """The table, what the user reads, and how many of the cells were as they should be."""
    lines = [
        "| the provider | " + " | ".join(TITLES[stage] for stage in STAGES) + " |",
        "|---|" + "---|" * len(STAGES),
    ]
    for row in ROWS:
        cells = [shown(one for one in outcomes if one.row is row and one.stage == stage) for stage in STAGES]
        lines.append(f"| {row.fault.name} | " + " | ".join(cells) + " |")
    lines += ["", "What the user reads, and where:", ""]
    lines += [f"* {code}, after {cells}: “{text}”" for (code, text), cells in _texts(outcomes).items()]
    good = sum(not outcome.troubles() for outcome in outcomes)
    whole = sum(outcome.code == 0 for outcome in outcomes)
    lines += [
        "",
        f"Cells as they should be: {good} of {len(outcomes)} ({whole} complete with every contact, "
        f"{len(outcomes) - whole} with a named error).",
        "",
    ]
    return "\n".join(lines)


def _texts(outcomes: Sequence[CellOutcome]) -> dict[tuple[int, str], str]:
    found: dict[tuple[int, str], dict[str, None]] = {}
    for outcome in outcomes:
        if outcome.code:
            found.setdefault((outcome.code, outcome.text), {})[outcome.row.fault.name] = None
    return {key: ", ".join(faults) for key, faults in sorted(found.items())}


def cells_of(text: str) -> dict[tuple[str, Stage], str]:
    """The table of a document, by fault and stage."""
    rows = re.findall(r"^\| (.+) \|$", between(text, "matrix"), re.MULTILINE)
    return {
        (name, stage): cell
        for name, *cells in (row.split(" | ") for row in rows[1:])
        for stage, cell in zip(STAGES, cells, strict=True)
    }
