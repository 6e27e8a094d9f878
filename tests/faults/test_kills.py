"""Whatever is killed while imports run, none is lost, doubled or stuck, and every ledger adds up.

`scripts/torture` does the same for longer.
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.kills import Outcome, Plan, torture
from tests.faults.seed import seed
from tests.postgres import Postgres


def check(outcome: Outcome, plan: Plan) -> None:
    assert outcome.clean, outcome
    assert outcome.struck >= plan.kills, outcome
    assert outcome.imports >= plan.imports


def test_embedded(tmp_path: Path) -> None:
    plan = Plan(kills=8, imports=12, seed=seed(), longest=1.5)
    check(torture(plan, "embedded", tmp_path), plan)


def test_distributed(tmp_path: Path) -> None:
    plan = Plan(kills=12, imports=20, seed=seed(), longest=3.0)
    with Postgres() as postgres:
        check(torture(plan, "distributed", tmp_path, postgres.create()), plan)
