"""The housekeeping ends imports that no process runs, queues those without a job, and does not change others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Container

from sqlalchemy import Table, insert, select

from contactport.errors import Code
from contactport.net.client import Client
from contactport.settings import Settings
from contactport.sources.base import Account, Page
from contactport.store.clock import now_ms
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.schema import metadata
from contactport.testing.source import FakeSource, raw
from tests.unit.imports.test_attempt import begin
from tests.unit.imports.test_deferral import RunningWorker, running

HOUR = 3_600_000


class PausedSource(FakeSource):
    """Gives its page once it is let."""

    def __init__(self) -> None:
        super().__init__([Page([raw("n1")])])
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        self.asked.set()
        await self.gate.wait()
        async for page in super().pages(account, client, known):
            yield page


async def set_on(process: RunningWorker, import_id: int, hours: int) -> None:
    """As if the clock had been put on since the import began."""
    one = await process.row(import_id)
    await process.change(
        import_id, started_at=one.started_at - hours * HOUR, deadline=one.deadline - hours * HOUR
    )


async def test_what_nobody_carries_is_queued_again(store: Store, domain: Domain) -> None:
    async with running(store, domain, FakeSource([Page([raw("n1")])])) as process:
        import_id = begin(store, domain)
        await process.change(import_id, started_at=now_ms() - 40_000)
        await process.housekeeper.tidy()
        one = await process.until(import_id, lambda one: one.ended_at is not None)
    assert (one.state, one.delivered) == ("complete", 1)


async def test_what_nobody_carries_ends_when_its_time_is_over(store: Store, domain: Domain) -> None:
    process = RunningWorker(store, domain, FakeSource([Page([raw("n1")])]), Settings())
    try:
        import_id = begin(store, domain)
        await set_on(process, import_id, 1)
        # The engine's tables come with the first process that carries.
        async with running(store, domain, FakeSource([Page([])])):
            await process.housekeeper.tidy()
        one = await process.row(import_id)
    finally:
        await process.jobs.close()
    assert (one.state, one.code) == ("failed", Code.UNEXPECTED)


async def test_what_somebody_carries_is_left_alone_though_the_clock_was_put_on(
    store: Store, domain: Domain
) -> None:
    source = PausedSource()
    async with running(store, domain, source) as process:
        import_id = await process.begin()
        await source.asked.wait()
        await set_on(process, import_id, 1)
        await process.housekeeper.tidy()
        assert (await process.row(import_id)).state == "running"
        source.gate.set()
        one = await process.until(import_id, lambda one: one.ended_at is not None)
    assert (one.state, one.delivered) == ("complete", 1)


async def test_what_is_carried_for_days_is_ended_all_the_same(store: Store, domain: Domain) -> None:
    source = PausedSource()
    async with running(store, domain, source) as process:
        import_id = await process.begin()
        await source.asked.wait()
        await set_on(process, import_id, 50)
        await process.housekeeper.tidy()
        one = await process.row(import_id)
    assert (one.state, one.code) == ("failed", Code.UNEXPECTED)


def old_row(table: Table) -> dict[str, object]:
    """A row of this table that counts no more: its times are zero, its texts and marks short."""
    values: dict[type, object] = {int: 0, float: 0.0, str: "x", bytes: b"x"}
    return {column.name: values[column.type.python_type] for column in table.columns if not column.nullable}


async def test_no_table_keeps_for_ever_what_an_import_left(store: Store, domain: Domain) -> None:
    """Rows go with their import or by the housekeeping; few tables are the operator's own, with few rows."""
    owners = {"ring", "domain", "oauth_client", "import"}
    left = {
        name: table
        for name, table in metadata.tables.items()
        if name not in owners and "import" not in {key.column.table.name for key in table.foreign_keys}
    }
    assert len(left) >= 5
    with store.database.engine.begin() as connection:
        for table in left.values():
            owner = {"domain_id": domain.id} if "domain_id" in table.columns else {}
            connection.execute(insert(table).values({**old_row(table), **owner}))
    async with running(store, domain, FakeSource([Page([])])) as process:
        await process.housekeeper.tidy()
    with store.database.engine.connect() as connection:
        for name, table in left.items():
            assert connection.execute(select(table)).first() is None, f"{name} is never cleared"
