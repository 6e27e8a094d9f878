"""A provider may fail a consent at any step: the import ends soon, with the right code, and no token is left."""

from __future__ import annotations

from tests.faults.matrix.consent_cell import consent_cells, run_consent_cells
from tests.faults.matrix.consent_document import render_consents
from tests.faults.matrix.document import DOCUMENT, between


async def test_faults_of_a_consent() -> None:
    outcomes = await run_consent_cells(consent_cells())
    troubles = [trouble for outcome in outcomes for trouble in outcome.troubles()]
    print(f"cells: {sum(not outcome.troubles() for outcome in outcomes)} of {len(outcomes)}")
    assert troubles == []
    # `python -m tests.faults.matrix --write` brings it up to date.
    assert between(DOCUMENT.read_text("utf-8"), "consents") == render_consents(outcomes)
