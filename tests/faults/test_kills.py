"""Any process is killed while imports run: no import is lost, doubled or stuck, and every ledger adds up.

`scripts/torture` does the same with 200 kills each, or as many as wanted.
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.kills import KillsOutcome, KillsPlan, torture
from tests.faults.seed import seed
from tests.postgres import Postgres

LIMIT = 1500.0
"""Seconds, however busy the machine is."""
TAKEN_UP = 30.0
"""Seconds until an import goes on with another worker; `python -m benchmarks.recovery` measures it."""


def check(outcome: KillsOutcome, plan: KillsPlan) -> None:
    assert outcome.clean, (outcome.bad, outcome.codes, outcome.complaints, outcome.seed)
    assert outcome.struck >= plan.kills, (outcome.struck, outcome.seconds)
    assert outcome.imports >= plan.imports


def test_embedded(tmp_path: Path) -> None:
    plan = KillsPlan(kills=10, imports=15, seed=seed(), longest=1.5, limit=LIMIT)
    check(torture(plan, "embedded", tmp_path), plan)


def test_distributed(tmp_path: Path) -> None:
    plan = KillsPlan(kills=20, imports=25, seed=seed(), longest=3.0, limit=LIMIT)
    with Postgres() as postgres:
        outcome = torture(plan, "distributed", tmp_path, postgres.create())
    check(outcome, plan)
    assert max(outcome.recoveries, default=0.0) < TAKEN_UP
