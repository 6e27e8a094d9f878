"""The source itself: discovery, then book after book; and the same step by step, for an operator."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container, Iterator
from contextlib import aclosing

from contactport.net.client import Client
from contactport.sources.base import Account, Page, SourceContext
from contactport.sources.carddav.account_auth import auth_of
from contactport.sources.carddav.book_reader import BookReader
from contactport.sources.carddav.dav_client import DavClient
from contactport.sources.carddav.discover import Discovery, discover
from contactport.sources.carddav.endpoints import find_endpoints
from contactport.sources.carddav.members import BookMembers
from contactport.sources.carddav.model import AddressBook, Malformed
from contactport.sources.carddav.outcomes import BookOutcomes
from contactport.sources.carddav.page_builder import PageBuilder
from contactport.sources.carddav.refusal import UnexpectedStatus
from contactport.sources.carddav.table import row_faults, table_of
from contactport.sources.failures import FAILURES, AccountWithoutBooks, Failure
from contactport.sources.memory import Memory, ScopedMemory, ShortMemory
from contactport.sources.providers import Provider, Providers


class CardDav:
    """CardDAV (RFC 6352): every book of an account, whichever server holds it."""

    def __init__(self, context: SourceContext | None = None) -> None:
        context = context or SourceContext()
        self._memory = context.memory
        self._providers = context.providers

    @staticmethod
    def row_faults(provider: Provider) -> Iterator[tuple[str, str]]:
        """As `registry.ChecksRows`."""
        return row_faults(provider)

    def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """As `Source.pages`. The keys are hrefs, in the spelling of the server."""
        builder = PageBuilder(client.settings.import_members)
        memory = ScopedMemory(self._memory, account.scope)
        reading = _AccountReader(account, client, known, builder, memory, self._providers)
        return builder.pages(reading.read)

    async def check(self, account: Account, client: Client) -> AsyncGenerator[str]:
        """As `Source.check`. No word of a contact is told, nor the names that the user gave to books."""
        where = await find_endpoints(account, client.dns, self._providers)
        for place in where.tries:
            yield f"to try: {place.url}" + (
                " (a guess by who takes the domain's mail)" if place.guess else ""
            )
        dav = DavClient(client, auth_of(account))
        found = await discover(account, dav, ShortMemory(), self._providers)
        yield f"signed in; address books: {len(found.books)}"
        for book in found.books:
            reports = ", ".join(sorted(book.reports)) or "none named"
            yield f"  a book on {book.url.host}, with the reports {reports}"
        yield "the user's own card is named" if found.owner else "the user's own card is not named"
        cards = rejects = repeats = 0
        listed: int | None = None
        async with aclosing(self.pages(account, client, ())) as pages:
            async for page in pages:
                cards += len(page.records)
                rejects += len(page.rejects)
                repeats += page.repeats
                listed = page.listed if page.listed is not None else listed
        members = "not listed" if listed is None else f"listed {listed}"
        yield f"members: {members}, received {cards}, sent twice {repeats}, left out {rejects}"


class _AccountReader:
    """One account's books, read into `builder`."""

    def __init__(
        self,
        account: Account,
        client: Client,
        known: Container[str],
        builder: PageBuilder,
        memory: Memory,
        providers: Providers,
    ) -> None:
        self._account = account
        self._client = client
        self._known = known
        self._builder = builder
        self._memory = memory
        self._providers = providers
        self._photos = "photo" in account.include
        self._dav = DavClient(client, auth_of(account), photos=self._photos)

    async def read(self) -> None:
        found = await discover(self._account, self._dav, self._memory, self._providers)
        if not found.books:
            raise AccountWithoutBooks
        outcomes = BookOutcomes(found.books, found.provider)
        for number, book in enumerate(found.books):
            if outcomes.enough:
                self._skip(found.books[number:], outcomes)
                break
            error = await self._book(book, found, outcomes)
            rest = None if error is None else outcomes.rest(error)
            if rest is not None:
                self._skip(found.books[number + 1 :], outcomes)
                await self._builder.flush()
                raise rest from None
            await self._builder.flush()
        await self._builder.flush()
        outcomes.check()

    async def _book(
        self, book: AddressBook, found: Discovery, outcomes: BookOutcomes
    ) -> UnexpectedStatus | Malformed | Failure | None:
        """Why this book could not be read to its end, or None where it was."""
        settings = self._client.settings
        host = f"{book.url.host}:{book.url.port}"
        facts = await self._memory.get(host)
        members = BookMembers(
            book,
            self._known,
            self._builder,
            longest=settings.card_bytes,
            photos=self._photos,
            owner=found.owner,
        )
        table = table_of(found.provider)
        reader = BookReader(
            self._dav,
            book,
            members,
            facts=facts,
            batch=table.batch,
            concurrency=table.concurrency,
        )
        try:
            await reader.read()
        except (UnexpectedStatus, Malformed, *FAILURES) as error:
            if facts is not None:
                await self._memory.forget(host)
            result = outcomes.failed(book, error)
            # What came before it stays.
            members.put_truncated()
            self._builder.book(result)
            return error
        if members.received and reader.facts != facts:
            await self._memory.put(host, reader.facts)
        self._builder.book(outcomes.read(book, held_back=reader.held_back))
        return None

    def _skip(self, books: list[AddressBook], outcomes: BookOutcomes) -> None:
        for book in books:
            self._builder.book(outcomes.skipped(book))
