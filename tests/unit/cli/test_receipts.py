"""Receipts of erasures at the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from contactport.grant import Password
from contactport.store import domains, endings
from contactport.store.open import open_store
from contactport.store.schema import import_
from contactport.testing.imports import add_import
from tests.unit.cli.conftest import Run


def date_back(connection: Connection, import_id: int, at: int) -> None:
    connection.execute(update(import_).where(import_.c.id == import_id).values(erased_at=at))


@pytest.fixture
def erased(run: Run, folder: Path) -> Run:
    """A service with three erasures, a day apart each: 5 to 7 May 2026, at midnight."""
    assert run("domain", "add", "shop", "--create").exit_code == 0
    store = open_store(folder)
    domain = store.database.read_now(domains.all_domains)[0]
    for day in range(3):
        import_id = store.database.write_now(
            add_import,
            store.ring,
            domain.id,
            user_id="id-canary",
            grant=Password("user-canary", "password-canary"),
            seconds=60.0,
        )
        store.database.write_now(endings.erase, import_id, "")
        at = 1_777_939_200_000 + day * 86_400_000
        store.database.write_now(date_back, import_id, at)
    asyncio.run(store.database.close())
    return run


def test_every_erasure_is_listed_and_nothing_of_what_was_erased(erased: Run) -> None:
    told = json.loads(erased("receipts", "--json").stdout)
    assert [one["erased_at"] for one in told] == [f"2026-05-0{day}T00:00:00.000Z" for day in (5, 6, 7)]
    assert list(told[0]) == [
        "erased_at",
        "domain",
        "import_id",
        "by",
        "contacts",
        "key_number",
        "key_destroyed",
    ]
    assert (told[0]["domain"], told[0]["by"], told[0]["contacts"]) == ("shop", "request", 0)
    assert (told[0]["key_number"], told[0]["key_destroyed"]) == (1, False)
    words = erased("receipts").stdout
    assert words.count("\n") == 3
    assert "by its application  key 1 still there  domain shop" in words
    assert "canary" not in words + json.dumps(told)


@pytest.mark.parametrize(
    ("since", "count"),
    [("2026-05-06", 2), ("2026-05-06T00:00:01", 1), ("2026-05-07T00:00:00Z", 1), ("2027-01-01", 0)],
)
def test_a_time_from_which_on_may_be_given(erased: Run, since: str, count: int) -> None:
    assert len(json.loads(erased("receipts", "--since", since, "--json").stdout)) == count


def test_a_time_that_is_none_is_refused(run: Run) -> None:
    assert run("receipts", "--since", "yesterday").exit_code == 2


def test_nothing_erased_is_said(run: Run) -> None:
    run("domain", "add", "shop", "--create")
    done = run("receipts")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "Nothing was erased" in done.stderr
