"""One cell of the matrix: an import by the real source and client from a server with a fault, and its result."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from contactport.errors import Code
from contactport.grant import Password
from contactport.imports.run import run
from contactport.imports.to_error import ImportFailure, to_error
from contactport.net.client import open_client
from contactport.net.retries import RetryPolicy
from contactport.settings import Settings
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from contactport.sources.failures import FAILURES
from contactport.testing.sink import MemorySink
from tests.faults.matrix.certificates import Certificates
from tests.faults.matrix.fault_proxy import Duration, FaultPlan, FaultProxy
from tests.faults.matrix.paged_book import PASSWORD, USERNAME, PagedBook, Stage
from tests.faults.matrix.provider_faults import ROWS, STAGES, FaultRow
from tests.servers.source_run import PROVIDERS

BOUND = 30.0
"""Seconds in which every import must have ended."""
AT_ONCE = 12
"""Cells under way at the same time: most of them wait."""


class WatchedRhythm(RetryPolicy, frozen=True):
    """Short pauses, and somebody who hears of them."""

    noticed: Callable[[], None] = lambda: None

    def pause(self, tries: int) -> float:
        self.noticed()
        return min(self.cap, self.base * tries)


class CellOutcome(msgspec.Struct, kw_only=True):
    """How a cell ended. `code` is 0 for COMPLETE; `requests` are those that the server got once the fault began."""

    row: FaultRow
    stage: Stage
    duration: Duration
    code: int
    text: str = ""
    retry_after: int | None = None
    provider_failed: bool = False
    delivered: int = 0
    whole: bool = False
    """Every contact of the book once, nothing rejected, and a ledger that adds up."""
    struck: int = 0
    requests: int = 0
    strays: int = 0
    """Connections to where none may lead."""
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.row.fault.name}, {self.stage}, {self.duration}"

    def troubles(self) -> list[str]:
        """What is not as it should be, in words; nothing where all is well."""
        row = self.row
        found: list[str] = []
        expected = row.code(self.stage, self.duration)
        if self.code != expected:
            found.append(f"ended in {self.code} ({self.text}) instead of {expected}")
        elif self.code == 0 and not self.whole:
            found.append(f"COMPLETE with {self.delivered} contacts, and not the book")
        if self.code:
            failed = row.failed if self.stage == "discovery" else row.failed_later
            if self.provider_failed != failed:
                found.append(f"provider_failed is {self.provider_failed}")
            if self.retry_after != row.asked:
                found.append(f"retry_after is {self.retry_after}")
        if self.strays:
            found.append(f"{self.strays} connections to where none may lead")
        if not self.struck:
            found.append("the fault was never met")
        return [f"{self.name}: {trouble}" for trouble in found]


class Range:
    """What all cells share: certificates, the two manners of the book, and a place that nothing may dial."""

    def __init__(self, certificates: Certificates, elsewhere: str) -> None:
        self.certificates = certificates
        self.elsewhere = elsewhere
        self.pages = PagedBook("pages")
        self.lump = PagedBook("lump")
        self.strays = 0
        self.settings = Settings(
            allow_network=["127.0.0.1/32"],
            ca_file=str(certificates.authority),
            connect_seconds=2,
            first_byte_seconds=2,
            idle_seconds=2,
            import_seconds=BOUND,
        )

    async def cell(self, row: FaultRow, stage: Stage, duration: Duration) -> CellOutcome:
        book = self.lump if stage == "lump" else self.pages
        provider = PROVIDERS.find("carddav")
        assert provider is not None
        sink = MemorySink()
        failure: ImportFailure | None = None
        began = time.monotonic()
        strays = self.strays
        async with FaultProxy(book, self.certificates, FaultPlan(row.fault, stage, duration)) as proxy:
            proxy.elsewhere = self.elsewhere
            account = Account(provider=provider, grant=Password(USERNAME, PASSWORD, proxy.url))
            retry_policy = WatchedRhythm(base=0.02, cap=0.1, noticed=proxy.noticed)
            try:
                async with (
                    asyncio.timeout(BOUND),
                    open_client(self.settings, retry_policy) as client,
                ):
                    await run(CardDav(), account, client, sink, self.settings.import_members)
            except FAILURES as error:
                failure = to_error(error, "password")
            except TimeoutError:
                failure = ImportFailure(Code.UNEXPECTED, f"it did not end in {BOUND:.0f} seconds")
        emails = [email.address for contact in sink.contacts for email in contact.emails]
        found, delivered, merged, rejected = sink.ledger
        return CellOutcome(
            row=row,
            stage=stage,
            duration=duration,
            code=0 if failure is None else int(failure.code),
            text="" if failure is None else failure.text,
            retry_after=None if failure is None else failure.retry_after,
            provider_failed=failure is not None and failure.provider_failed,
            delivered=delivered,
            whole=sorted(emails) == book.emails and rejected == 0 and found == delivered + merged,
            struck=proxy.struck,
            requests=proxy.requests,
            strays=self.strays - strays,
            seconds=time.monotonic() - began,
        )


def cells(
    *, stages: Sequence[Stage] = STAGES, durations: Sequence[Duration] = ("ever", "once")
) -> list[tuple[FaultRow, Stage, Duration]]:
    """Every cell there is, in the order of the document."""
    return [
        (row, stage, duration)
        for row in ROWS
        for stage in stages
        for duration in durations
        if row.has(stage, duration)
    ]


@asynccontextmanager
async def shooting_range() -> AsyncGenerator[Range]:
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        found: Range | None = None

        def stray(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if found is not None:
                found.strays += 1
            writer.close()

        server = await asyncio.start_server(stray, "127.0.0.2", 0)
        try:
            host, port = server.sockets[0].getsockname()
            found = Range(Certificates(Path(folder)), f"https://{host}:{port}")
            yield found
        finally:
            server.close()


async def run_cells(wanted: Sequence[tuple[FaultRow, Stage, Duration]]) -> list[CellOutcome]:
    """All of them, many at once, on this loop."""
    places = asyncio.Semaphore(AT_ONCE)
    async with shooting_range() as here:

        async def one(row: FaultRow, stage: Stage, duration: Duration) -> CellOutcome:
            async with places:
                return await here.cell(row, stage, duration)

        return await asyncio.gather(*(one(*cell) for cell in wanted))
