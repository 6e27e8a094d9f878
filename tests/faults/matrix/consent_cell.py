"""One cell of the matrix of consents: from the link to the end of the import, with one fault of the provider.

All parts are the real ones: the consent, the exchange of the code, the attempt, the source, the revocation, a store.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
from sqlalchemy import Connection, select

from contactport.grant import OAuthToken
from contactport.imports.attempt import Attempts
from contactport.imports.consent import ConsentRequest, Consents, Settled, ToProvider
from contactport.imports.jobs import Job
from contactport.imports.revocation import Revocations
from contactport.imports.start import Start
from contactport.net.client import open_client
from contactport.settings import Settings
from contactport.sources.providers import ConsentWay, Provider, Providers
from contactport.store import contacts, domains, events, imports, oauth_clients, sealed_grants
from contactport.store.open import Store, open_store
from contactport.store.schema import consent, import_, secret
from samples.hosted_book import people
from tests.faults.matrix.cell import AT_ONCE, BOUND, WatchedRhythm
from tests.faults.matrix.certificates import Certificates
from tests.faults.matrix.consent_faults import CONSENT_STAGES, ConsentFaultRow, consent_rows
from tests.faults.matrix.fault_proxy import Duration, FaultPlan, FaultProxy
from tests.faults.matrix.hosted_book import CODE, HostedBook, TokenEndpoint
from tests.faults.matrix.paged_book import PagedBook, Stage
from tests.servers.graph import READ, graph_api
from tests.servers.hosted_api import HostedApi
from tests.servers.people import READONLY, people_api
from tests.servers.source_run import PROVIDERS, source, with_table

COUNT = 60
SERVICES = ("gmail", "outlookcom", "yahoo")
"""A row for each source."""
_SCOPES = {"gmail": READONLY, "outlookcom": READ, "yahoo": "sdct-r"}


class ConsentOutcome(msgspec.Struct, kw_only=True):
    """How a cell ended. `code` is 0 for COMPLETE, -1 where it has not ended."""

    row: ConsentFaultRow
    service: str
    stage: Stage
    duration: Duration
    code: int
    text: str = ""
    whole: bool = False
    """Every contact of the book once, and a ledger that adds up."""
    incomplete: bool = False
    """Whether the application is told that a part is missing."""
    struck: int = 0
    codes: int = 0
    refreshes: list[str] = []
    revocations: int = 0
    unstored: list[str] = []
    """Tokens that were used and not stored before."""
    left: int = 0
    """Tokens and responses that are still there."""
    strays: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.service}: {self.row.fault.name}, {self.stage}, {self.duration}"

    @property
    def is_empty(self) -> bool:
        return (self.service, self.stage, self.duration) in self.row.empty

    def troubles(self) -> list[str]:
        """What is not as it should be, in words; nothing where all is well."""
        found: list[str] = []
        expected = self.row.code(self.service, self.stage, self.duration)
        if self.code != expected:
            found.append(f"ended in {self.code} ({self.text}) instead of {expected}")
        elif self.code == 0 and not (self.whole or self.incomplete or self.is_empty):
            found.append("COMPLETE, and not the book")
        if self.codes > 1:
            found.append(f"the code was sent {self.codes} times")
        if len(set(self.refreshes)) < len(self.refreshes):
            found.append(f"refresh tokens were sent again: {self.refreshes}")
        if self.revocations > 1:
            found.append(f"{self.revocations} revocations were sent")
        if self.unstored:
            found.append(f"used before they were stored: {self.unstored}")
        if self.left:
            found.append(f"{self.left} tokens or responses are left")
        if self.strays:
            found.append(f"{self.strays} connections to where none may lead")
        if not self.struck:
            found.append("the fault was never met")
        return [f"{self.name}: {trouble}" for trouble in found]


class ConsentRange:
    """What all cells share: a store with one domain and its clients, the books, and a place that nothing may dial."""

    def __init__(self, folder: Path, store: Store, books: dict[str, HostedApi | PagedBook]) -> None:
        self.certificates = Certificates(folder)
        self.store = store
        self.books = books
        self.elsewhere = ""
        self.strays = 0
        self.settings = Settings(
            public_url="http://127.0.0.1:9",
            allow_network=["127.0.0.1/32"],
            ca_file=str(self.certificates.authority),
            connect_seconds=2,
            first_byte_seconds=2,
            idle_seconds=2,
            import_seconds=BOUND,
            # All cells are imports of one domain.
            imports_in_flight=10_000,
            begins_per_minute=100_000,
        )
        store.database.write_now(domains.add, "shop")
        self.domain = store.database.read_now(domains.all_domains)[0]
        self._number = 0

    def provider(self, service: str, tokens: str, revocation: str, api: str) -> Provider:
        """The real row, at addresses of the cell's own, and so with a code that shares no breaker with another.

        It has an OAuth client of its own too: no other cell's import keeps it from being revoked.
        """
        row = PROVIDERS.find(service)
        assert row is not None
        assert row.consent is not None
        self._number += 1
        code = f"{service}{self._number}"
        self.store.database.write_now(
            oauth_clients.put,
            self.store.ring,
            (None, code, ""),
            client_id="id",
            secret="secret",
            switches={"revoke": True},
        )
        way: ConsentWay = msgspec.structs.replace(
            row.consent,
            client=code,
            token_endpoint=f"{tokens}token",
            revocation_endpoint=f"{revocation}revoke",
        )
        table: dict[str, Any] = {
            "gmail": {"google": {"url": api.rstrip("/")}},
            "outlookcom": {"microsoft": {"url": f"{api}v1.0"}},
        }.get(service) or with_table(row, start=f"{api}dav/", hosts=(), batch=50).tables
        return msgspec.structs.replace(row, code=code, aliases=(), domains=(), ways=(way,), tables=table)

    async def cell(
        self, row: ConsentFaultRow, service: str, stage: Stage, duration: Duration
    ) -> ConsentOutcome:
        began = time.monotonic()
        strays = self.strays
        plan = FaultPlan(row.fault, stage, duration)
        outcome = ConsentOutcome(row=row, service=service, stage=stage, duration=duration, code=-1)
        jobs: list[Job] = []

        def enqueue(_connection: Connection, job: Job, _delay: float = 0.0) -> None:
            jobs.append(job)

        async with AsyncExitStack() as stack:

            async def proxied(server: TokenEndpoint | HostedBook, *stages: Stage) -> FaultProxy:
                proxy = FaultProxy(server, self.certificates, plan if stage in stages else None)
                proxy.elsewhere = self.elsewhere
                return await stack.enter_async_context(proxy)

            endpoint = TokenEndpoint()
            unstored: dict[str, None] = {}

            def shown(token: str) -> None:
                kept = self.store.database.read_now(sealed_grants.find, self.store.ring, import_id)
                if not isinstance(kept, OAuthToken) or kept.access_token != token:
                    unstored[token] = None

            book = HostedBook(
                self.books[service],
                (_SCOPES[service],),
                endpoint,
                shown,
                lasting=1 if stage == "refresh" else None,
            )
            tokens = await proxied(endpoint, "token", "refresh")
            revocation = await proxied(endpoint, "revocation")
            api = await proxied(book, "first page", "next page")
            book.url = api.origin
            provider = self.provider(service, f"{tokens.origin}/", f"{revocation.origin}/", f"{api.origin}/")
            providers = Providers([provider])

            def noticed() -> None:
                for one in (tokens, revocation, api):
                    one.noticed()

            rhythm = WatchedRhythm(base=0.02, cap=0.1, noticed=noticed)

            def client() -> contextlib.AbstractAsyncContextManager[Any]:
                return open_client(self.settings, rhythm)

            start = Start(self.store, self.settings, providers, enqueue)
            flow = Consents(self.store, self.settings, client, start, providers.find)
            revocations = Revocations(self.store, self.settings, client, providers.find)
            attempts = Attempts(self.store, self.settings, providers, source, client, enqueue, revocations)
            begun = await flow.begin(ConsentRequest(domain=self.domain, provider=provider))
            import_id = begun.import_id
            link = begun.url.rpartition("/")[2]
            try:
                async with asyncio.timeout(BOUND):
                    to = await flow.visit(link, "")
                    assert isinstance(to, ToProvider)
                    query = parse_qs(urlsplit(to.url).query)
                    endpoint.challenge = query["code_challenge"][0]
                    await flow.receive([("code", CODE), ("state", query["state"][0])])
                    assert await flow.visit(link, to.cookie) == Settled(import_id)
                    # A reload of the page, once all is done.
                    assert await flow.visit(link, to.cookie) == Settled(import_id)
                    while jobs:
                        await attempts.perform(import_id, jobs.pop(0).number)
                    await revocations.finished()
            except TimeoutError:
                outcome.text = f"it did not end in {BOUND:.0f} seconds"
            finally:
                await flow.close()
                await revocations.close()
            outcome.struck = tokens.struck + revocation.struck + api.struck
        await self._look(outcome, import_id)
        outcome.codes = len(endpoint.codes)
        outcome.refreshes = endpoint.refreshes
        outcome.revocations = len(endpoint.revocations)
        outcome.unstored = list(unstored)
        outcome.strays = self.strays - strays
        outcome.seconds = time.monotonic() - began
        return outcome

    async def _look(self, outcome: ConsentOutcome, import_id: int) -> None:
        """Read what stands in the store."""
        database = self.store.database

        def read(connection: Connection) -> tuple[str, int | None, list[events.Event], int]:
            state, code = connection.execute(
                select(import_.c.state, import_.c.code).where(import_.c.id == import_id)
            ).one()
            left = connection.execute(select(secret.c.import_id).where(secret.c.import_id == import_id)).all()
            kept = connection.execute(
                select(consent.c.import_id).where(
                    consent.c.import_id == import_id, consent.c.sealed_response.is_not(None)
                )
            ).all()
            return state, code, events.read(connection, import_id), len(left) + len(kept)

        state, code, told, outcome.left = await database.read(read)
        if state not in ("complete", "failed"):
            return
        outcome.code = code or 0
        assert (told[-1].type, told[-1].value) == ("COMPLETE", outcome.code)
        outcome.text = outcome.text or told[-1].description or ""
        one = await database.read(imports.get, self.store.ring, import_id, self.domain.id)
        assert one is not None
        if state == "complete":
            came = [person async for chunk in contacts.read(database, one, 0, 10**6) for person in chunk]
            unique = {person.emails[0].address if person.emails else person.uid for person in came}
            size = 2 * COUNT if outcome.service == "yahoo" else COUNT
            outcome.whole = len(unique) == len(came) == one.delivered == size and not one.rejected
            outcome.incomplete = bool(outcome.text)
            assert one.found == one.delivered + one.merged + one.rejected


def consent_cells(
    services: Sequence[str] = SERVICES,
) -> list[tuple[ConsentFaultRow, str, Stage, Duration]]:
    """Every cell there is, in the order of the document."""
    return [
        (row, service, stage, duration)
        for row in consent_rows()
        for service in services
        for stage in CONSENT_STAGES
        for duration in ("ever", "once")
        if row.has(service, stage, duration)
    ]


@contextmanager
def _books() -> Generator[dict[str, HostedApi | PagedBook]]:
    with people_api(people(COUNT), first_page=25) as google, graph_api(people(COUNT)) as graph:
        graph.page_bound = 10
        yield {"gmail": google, "outlookcom": graph, "yahoo": PagedBook("pages", 2 * COUNT)}


@asynccontextmanager
async def consent_range() -> AsyncGenerator[ConsentRange]:
    with tempfile.TemporaryDirectory(prefix="consents-") as folder, _books() as books:
        store = open_store(Path(folder) / "data")
        found = ConsentRange(Path(folder), store, books)

        def stray(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.strays += 1
            writer.close()

        server = await asyncio.start_server(stray, "127.0.0.2", 0)
        try:
            host, port = server.sockets[0].getsockname()
            found.elsewhere = f"https://{host}:{port}"
            yield found
        finally:
            server.close()
            await store.database.close()


async def run_consent_cells(
    wanted: Sequence[tuple[ConsentFaultRow, str, Stage, Duration]],
) -> list[ConsentOutcome]:
    """All of them, many at once, on this loop."""
    places = asyncio.Semaphore(AT_ONCE)
    async with consent_range() as here:

        async def one(*cell: Any) -> ConsentOutcome:
            async with places:
                return await here.cell(*cell)

        return await asyncio.gather(*(one(*cell) for cell in wanted))
