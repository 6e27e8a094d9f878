"""`scripts/torture`: the kill tests for any time, and a table of the results."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path
from typing import cast

from tests.faults.kills import KillsOutcome, KillsPlan, Mode, middle_and_worst, torture
from tests.postgres import Postgres


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/torture",
        description="Kill processes while they import address books, and see whether a contact is lost.",
    )
    parser.add_argument("--kills", type=int, default=200, help="how many must strike a running import (200)")
    parser.add_argument("--seed", type=int, help="of an earlier run, to repeat it")
    parser.add_argument("--mode", choices=["embedded", "distributed", "both"], default="both")
    parser.add_argument("--contacts", type=int, default=5000, help="in each address book (5000)")
    parser.add_argument("--imports", type=int, default=200, help="at least so many (200)")
    parser.add_argument("--minutes", type=float, default=60.0, help="the longest that a mode may take (60)")
    parser.add_argument(
        "--workers", type=int, default=3, help="processes that carry imports, distributed (3)"
    )
    parser.add_argument("--apis", type=int, default=2, help="processes that take them in, distributed (2)")
    parser.add_argument("--keep", type=Path, help="a folder for logs and data, kept")
    return parser.parse_args()


def _rows(one: KillsOutcome) -> dict[str, str]:
    return {
        "kills that struck a running import": f"{one.struck} of {one.kills}",
        "kills of APIs": f"{one.api_kills}",
        "imports": f"{one.imports}",
        "contacts lost": f"{one.lost}",
        "contacts doubled": f"{one.doubled}",
        "contacts of another's book": f"{one.foreign}",
        "imports failed": f"{one.failed}",
        "imports stuck": f"{one.stuck}",
        "ledgers that do not add up": f"{one.ledgers}",
        "processes that ended by themselves": f"{one.deaths}",
        "recovery, median and worst": middle_and_worst(one.recoveries),
        "the same, all workers dead": middle_and_worst(one.restarts),
        "took": f"{one.seconds:.0f} s",
    }


def _table(outcomes: list[KillsOutcome]) -> str:
    lines = [
        "| | " + " | ".join(f"{one.mode} (seed {one.seed})" for one in outcomes) + " |",
        "|---|" + "---:|" * len(outcomes),
    ]
    columns = [_rows(one) for one in outcomes]
    lines += [f"| {name} | " + " | ".join(column[name] for column in columns) + " |" for name in columns[0]]
    return "\n".join(lines)


def _run(mode: Mode, plan: KillsPlan, folder: Path) -> KillsOutcome:
    if mode == "embedded":
        return torture(plan, mode, folder)
    with Postgres() as postgres:
        return torture(plan, mode, folder, postgres.create())


def main() -> int:
    """0 when every import is whole and enough kills have struck, else 1."""
    given = _arguments()
    plan = KillsPlan(
        kills=given.kills,
        imports=given.imports,
        contacts=given.contacts,
        seed=secrets.randbelow(1_000_000) if given.seed is None else given.seed,
        limit=given.minutes * 60,
        workers=given.workers,
        apis=given.apis,
    )
    modes = ["embedded", "distributed"] if given.mode == "both" else [given.mode]
    with tempfile.TemporaryDirectory(prefix="contactport-torture-") as temporary:
        folder = cast(Path | None, given.keep) or Path(temporary)
        outcomes = [_run(cast(Mode, mode), plan, folder) for mode in modes]
    print(f"\n{_table(outcomes)}\n")
    for one in outcomes:
        for complaint, count in one.complaints.most_common(20):
            print(f"{one.mode}: logged {count} times: {complaint}")
    if not all(one.clean for one in outcomes):
        print(f"Something is wrong. To repeat it: scripts/torture --seed {plan.seed} --keep FOLDER")
        return 1
    short = [one.mode for one in outcomes if one.struck < plan.kills]
    if short:
        print(f"All is well, but the time was too short for {plan.kills} kills: {', '.join(short)}")
        return 1
    print("All is well.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
