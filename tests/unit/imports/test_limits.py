"""A domain's own limits hold however many processes take its imports in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from contactport.errors import Refusal
from contactport.grant import Password
from contactport.imports.begin import Request, begin
from contactport.imports.jobs import Job
from contactport.imports.start import Start
from contactport.settings import Settings
from contactport.store import domains, endings
from contactport.store.domains import Domain
from contactport.store.open import Store, open_store
from tests.servers.source_run import PROVIDERS


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest) -> str:
    """The setting `database_url`: empty for SQLite, else the URI of a database with this version's tables."""
    return "" if request.param == "sqlite" else request.getfixturevalue("database_url")


@pytest.fixture
async def stores(tmp_path: Path, engine_url: str) -> AsyncGenerator[list[Store]]:
    """The same data folder and database, as two processes have them open."""
    opened = [open_store(tmp_path / "data", engine_url) for _ in range(2)]
    yield opened
    for one in opened:
        await one.database.close()


@pytest.fixture
def domain(stores: list[Store]) -> Domain:
    stores[0].database.write_now(domains.add, "shop")
    return stores[0].database.write_now(domains.all_domains)[0]


def no_queue(_connection: Connection, _job: Job) -> None:
    """The limits have nothing to do with what becomes of an import."""


async def begun(stores: list[Store], domain: Domain, settings: Settings, *, key: str = "") -> list[int]:
    """Begin 30 imports at once by both processes; the ids of those that were not refused with 429."""
    asked = Request(domain=domain, service="gmx", grant=Password("ann@gmx.de", "secret"), idempotency_key=key)
    found = await asyncio.gather(
        *(
            begin(store, settings, PROVIDERS, Start(store, settings, PROVIDERS, no_queue), asked)
            for store in stores * 15
        ),
        return_exceptions=True,
    )
    ids = [one for one in found if isinstance(one, int)]
    refused = [one for one in found if isinstance(one, Refusal)]
    assert len(ids) + len(refused) == 30, found
    assert all(one.http == 429 and one.retry_after for one in refused)
    return ids


async def test_begins_a_minute(stores: list[Store], domain: Domain) -> None:
    assert len(await begun(stores, domain, Settings(begins_per_minute=7))) == 7
    assert await begun(stores, domain, Settings(begins_per_minute=7)) == []


async def test_imports_in_flight(stores: list[Store], domain: Domain) -> None:
    settings = Settings(imports_in_flight=5)
    ids = await begun(stores, domain, settings)
    assert len(ids) == 5
    for import_id in ids[:2]:
        stores[1].database.write_now(endings.fail, import_id, 257, "no")
    assert len(await begun(stores, domain, settings)) == 2


async def test_a_repeated_request_is_one_import_and_counts_once(stores: list[Store], domain: Domain) -> None:
    ids = await begun(stores, domain, Settings(imports_in_flight=1), key="order 7")
    assert len(ids) == 30
    assert len(set(ids)) == 1


async def test_one_domains_limits_are_not_anothers(stores: list[Store], domain: Domain) -> None:
    stores[0].database.write_now(domains.add, "other")
    other = next(one for one in stores[0].database.write_now(domains.all_domains) if one.name == "other")
    settings = Settings(begins_per_minute=3)
    both = await asyncio.gather(begun(stores, domain, settings), begun(stores, other, settings))
    assert [len(ids) for ids in both] == [3, 3]
