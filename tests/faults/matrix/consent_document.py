"""The part of docs/reliability.md about imports by consent, written from the results of the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.faults.matrix.consent_cell import ConsentOutcome
from tests.faults.matrix.consent_faults import CONSENT_STAGES, consent_rows
from tests.faults.matrix.paged_book import Stage

_TITLES: dict[Stage, str] = {
    "token": "at the exchange of the code",
    "refresh": "at the refresh of a token",
    "first page": "at the first page",
    "next page": "in the middle",
    "revocation": "at the revocation",
}


def _shown(outcomes: Iterable[ConsentOutcome]) -> str:
    """One cell of the table: what came of a fault that lasts, and of one that passes, of all services."""
    found: dict[str, dict[str, None]] = {"ever": {}, "once": {}}
    for outcome in outcomes:
        text = f"[{outcome.code}](errors.md#{outcome.code})" if outcome.code else "complete"
        found[outcome.duration][text if outcome.code or outcome.whole else "complete in part"] = None
    return " / ".join(" or ".join(sorted(texts)) for texts in found.values() if texts) or "–"


def render_consents(outcomes: Sequence[ConsentOutcome]) -> str:
    """The table, and how many of the cells were as they should be."""
    lines = [
        "| the provider | " + " | ".join(_TITLES[stage] for stage in CONSENT_STAGES) + " |",
        "|---|" + "---|" * len(CONSENT_STAGES),
    ]
    for row in consent_rows():
        cells = (
            _shown(one for one in outcomes if one.row.fault.name == row.fault.name and one.stage == stage)
            for stage in CONSENT_STAGES
        )
        lines.append(f"| {row.fault.name} | " + " | ".join(cells) + " |")
    good = sum(not outcome.troubles() for outcome in outcomes)
    return "\n".join([*lines, "", f"Cells as they should be: {good} of {len(outcomes)}.", ""])
