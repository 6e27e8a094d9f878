"""Runs every cell of the fault matrix and every address of the egress table, and prints how many held.

`python -m tests.faults.matrix [--write]`; with `--write` the outcome goes into docs/reliability.md as well.
"""

from __future__ import annotations

import asyncio
import sys

from tests.faults.egress.document import render as render_egress
from tests.faults.egress.watched_import import run_all
from tests.faults.matrix.cell import cells, run_cells
from tests.faults.matrix.consent_cell import consent_cells, run_consent_cells
from tests.faults.matrix.consent_document import render_consents
from tests.faults.matrix.document import DOCUMENT, put_between, render


def main() -> int:
    outcomes = asyncio.run(run_cells(cells()))
    troubles = [trouble for outcome in outcomes for trouble in outcome.troubles()]
    for outcome in outcomes:
        ending = outcome.code or "complete"
        print(f"{outcome.name:<56} {ending:>8}  {outcome.seconds:5.1f} s  {outcome.requests:3} requests")
    trials = asyncio.run(run_all())
    troubles += [trouble for trial in trials for trouble in trial.troubles()]
    consents = asyncio.run(run_consent_cells(consent_cells()))
    troubles += [trouble for outcome in consents for trouble in outcome.troubles()]
    good = sum(not outcome.troubles() for outcome in outcomes)
    refused = sum(not trial.troubles() for trial in trials)
    print(f"cells: {good} of {len(outcomes)}, the slowest in {max(one.seconds for one in outcomes):.1f} s")
    sound = sum(not outcome.troubles() for outcome in consents)
    print(f"cells of consents: {sound} of {len(consents)}")
    print(*troubles, sep="\n")
    print(f"egress refusals: {refused} of {len(trials)}")
    if "--write" in sys.argv[1:] and not troubles:
        text = DOCUMENT.read_text("utf-8")
        text = put_between(text, "matrix", render(outcomes))
        text = put_between(text, "consents", render_consents(consents))
        DOCUMENT.write_text(put_between(text, "egress", render_egress(trials)), "utf-8")
    return bool(troubles)


if __name__ == "__main__":
    sys.exit(main())
