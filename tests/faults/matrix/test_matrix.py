"""A provider may fail in any way: an import ends soon, complete or with the right text."""

from __future__ import annotations

import re

import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.imports.run import run
from contactport.net.client import open_client
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from tests.faults.matrix.cell import CellOutcome, MemorySink, cells, run_cells, shooting_range
from tests.faults.matrix.document import DOCUMENT, between, cells_of, shown
from tests.faults.matrix.fault_proxy import FaultProxy
from tests.faults.matrix.paged_book import PASSWORD, USERNAME, Manner, Stage
from tests.faults.matrix.provider_faults import ROWS, STAGES
from tests.servers.source_run import PROVIDERS

MOST_REQUESTS = 80
"""To a server that fails for good: discovery looks at two dozen places, and follows redirects at each."""


@pytest.mark.parametrize("stage", STAGES)
async def test_faults(stage: Stage) -> None:
    outcomes = await run_cells(cells(stages=(stage,)))
    assert [trouble for outcome in outcomes for trouble in outcome.troubles()] == []
    assert [one.name for one in outcomes if one.requests > MOST_REQUESTS] == []
    check_document(stage, outcomes)


def check_document(stage: Stage, outcomes: list[CellOutcome]) -> None:
    """docs/reliability.md says what was found; `python -m tests.faults.matrix --write` brings it up to date."""
    text = DOCUMENT.read_text("utf-8")
    written = cells_of(text)
    for row in ROWS:
        assert written[row.fault.name, stage] == shown(one for one in outcomes if one.row is row)
    for outcome in outcomes:
        assert outcome.text in between(text, "matrix")


def test_the_document_has_every_cell_and_counts_them() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert list(cells_of(text)) == [(row.fault.name, stage) for row in ROWS for stage in STAGES]
    counted = re.search(r"as they should be: (\d+) of (\d+)", between(text, "matrix"))
    assert counted is not None
    assert {int(count) for count in counted.groups()} == {len(cells())}


@pytest.mark.parametrize("manner", ["pages", "lump"])
async def test_the_book_is_read_where_nothing_fails(manner: Manner) -> None:
    async with shooting_range() as here:
        book = here.lump if manner == "lump" else here.pages
        provider = PROVIDERS.find("carddav")
        assert provider is not None
        sink = MemorySink()
        async with FaultProxy(book, here.certificates, None) as proxy, open_client(here.settings) as client:
            account = Account(provider=provider, grant=Password(USERNAME, PASSWORD, proxy.url))
            await run(CardDav(), account, client, sink, here.settings.import_members)
        emails = [email.address for contact in sink.contacts for email in contact.emails]
        assert sorted(emails) == book.emails
        assert proxy.requests < 10


def test_the_codes_of_the_matrix_are_known() -> None:
    codes = {row.code(stage, duration) for row, stage, duration in cells()} - {0}
    assert codes <= {int(code) for code in Code}
