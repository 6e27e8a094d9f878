"""`contactport imports`: the state of imports without any contact, and `cancel`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from contactport.errors import Code
from contactport.grant import Password
from contactport.store import domains, endings, events
from contactport.store.clock import now_ms
from contactport.store.open import open_store
from contactport.store.schema import import_
from contactport.testing.imports import add_import
from tests.unit.cli.conftest import Run

USER = "canary.user@example.org"
LEDGER = {"found": 7, "delivered": 4, "merged": 2, "rejected": 1}


@pytest.fixture
def ids(folder: Path) -> dict[str, int]:
    """One import in each state, of two domains."""
    store = open_store(folder)
    found: dict[str, int] = {}

    def fill(connection: Connection) -> None:
        domains.add(connection, "shop")
        domains.add(connection, "other")
        rows = {one.name: one.id for one in domains.all_domains(connection)}
        for number, state in enumerate(("waiting", "deferred", "running", "complete", "failed")):
            found[state] = add_import(
                connection,
                store.ring,
                rows["other" if state == "deferred" else "shop"],
                service="icloud",
                user_id="canary-id",
                grant=Password(USER, "canary-password", "https://canary.example/"),
                seconds=60,
            )
            changed = update(import_).where(import_.c.id == found[state])
            connection.execute(changed.values(created_at=now_ms() + number, **LEDGER))
            if state == "deferred":
                connection.execute(changed.values(not_before=now_ms() + 600_000))
            elif state == "running":
                connection.execute(changed.values(state="running", epoch=2))
            elif state == "complete":
                connection.execute(
                    changed.values(state="complete", ended_at=now_ms(), purge_at=now_ms() + 900_000)
                )
        endings.fail(connection, found["failed"], Code.WRONG_PASSWORD, "wrong")

    store.database.write_now(fill)
    asyncio.run(store.database.close())
    return found


def test_the_newest_come_first_with_state_ledger_and_the_failure_s_class(
    run: Run, ids: dict[str, int]
) -> None:
    done = run("imports", "list", "--json")
    assert done.exit_code == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["id"] for row in rows] == [ids[name] for name in reversed(ids)]
    assert {row["id"]: row["state"] for row in rows} == {number: state for state, number in ids.items()}
    assert all({name: row[name] for name in LEDGER} == LEDGER for row in rows)
    failed = next(row for row in rows if row["state"] == "failed")
    assert (failed["code"], failed["failure"]) == (263, "wrong password")
    assert failed["ended_at"] is not None
    told = run("imports", "list").stdout
    assert "failed: wrong password (263)" in told
    assert "4 of 7 delivered" in told
    assert "canary" not in done.output + told


@pytest.mark.parametrize("state", ["waiting", "deferred", "running", "complete", "failed"])
def test_only_those_in_one_state(run: Run, ids: dict[str, int], state: str) -> None:
    rows = json.loads(run("imports", "list", "--state", state, "--json").stdout)
    assert [row["id"] for row in rows] == [ids[state]]
    assert state in run("imports", "list", "--state", state).stdout


def test_only_those_of_one_domain_and_no_more_than_asked_for(run: Run, ids: dict[str, int]) -> None:
    rows = json.loads(run("imports", "list", "--domain", "other", "--json").stdout)
    assert [row["id"] for row in rows] == [ids["deferred"]]
    assert len(json.loads(run("imports", "list", "--limit", "2", "--json").stdout)) == 2
    assert run("imports", "list", "--domain", "nobody").stderr == "No import matches.\n"


@pytest.mark.parametrize("state", ["waiting", "deferred", "running", "complete", "failed"])
def test_one_is_shown_without_its_contents(run: Run, ids: dict[str, int], state: str) -> None:
    done = run("imports", "show", str(ids[state]))
    assert done.exit_code == 0, done.stderr
    assert "7 found = 4 delivered + 2 merged + 1 rejected" in done.stdout
    assert state in done.stdout
    assert "canary" not in done.output
    row = json.loads(run("imports", "show", str(ids[state]), "--json").stdout)
    assert row["state"] == state
    assert (row["deferred_until"] is not None) == (state == "deferred")


@pytest.mark.parametrize("state", ["waiting", "deferred", "running"])
def test_cancelling_ends_it_with_517_and_erases_what_it_had(
    run: Run, folder: Path, ids: dict[str, int], state: str
) -> None:
    number = ids[state]
    asked = run("imports", "cancel", str(number), stdin="y\n")
    assert asked.exit_code == 2
    assert "--yes" in asked.stderr
    done = run("imports", "cancel", str(number), "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    row = json.loads(done.stdout)
    assert (row["state"], row["code"], row["erased_by"]) == ("purged", Code.ABANDONED, "operator")
    store = open_store(folder)
    last = store.database.read_now(events.read, number)[-1]
    asyncio.run(store.database.close())
    assert (last.type, last.status, last.value) == ("COMPLETE", "ERROR", Code.ABANDONED)
    again = run("imports", "cancel", str(number), "--yes")
    assert again.exit_code == 1
    assert "there is nothing to do" in again.stderr


@pytest.mark.parametrize("state", ["complete", "failed"])
def test_one_that_has_ended_is_erased_only_when_that_is_said(
    run: Run, ids: dict[str, int], state: str
) -> None:
    done = run("imports", "cancel", str(ids[state]), "--yes")
    assert done.exit_code == 1
    assert "--erase" in done.stderr
    assert run("imports", "cancel", str(ids[state]), "--yes", "--erase").exit_code == 0
    assert json.loads(run("imports", "show", str(ids[state]), "--json").stdout)["state"] == "purged"


@pytest.mark.parametrize("command", ["show", "cancel"])
def test_one_that_there_is_not(run: Run, ids: dict[str, int], command: str) -> None:
    missing = next(number for number in range(1, 100) if number not in ids.values())
    done = run("imports", command, str(missing))
    assert done.exit_code == 1
    assert f"no import {missing}" in done.stderr
