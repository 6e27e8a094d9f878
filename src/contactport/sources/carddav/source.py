"""The source itself: discovery, then book after book; and the same step by step, for an operator."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container
from contextlib import aclosing

from contactport.net.client import Client
from contactport.sources.base import Account, Page
from contactport.sources.carddav.book_reader import BookReader
from contactport.sources.carddav.dav_client import DavClient
from contactport.sources.carddav.discover import Discovery, discover
from contactport.sources.carddav.endpoints import find_endpoints
from contactport.sources.carddav.members import BookMembers
from contactport.sources.carddav.model import AddressBook, Malformed
from contactport.sources.carddav.outcomes import BookOutcomes
from contactport.sources.carddav.page_builder import PageBuilder
from contactport.sources.carddav.refusal import UnexpectedStatus
from contactport.sources.carddav.sign_in import auth_of
from contactport.sources.failures import FAILURES, AccountWithoutBooks, Failure
from contactport.sources.memory import Memory, ScopedMemory, ShortMemory


class CardDav:
    """CardDAV (RFC 6352): every book of an account, whichever server holds it."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory: Memory = memory or ShortMemory()

    def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """As `Source.pages`. The keys are hrefs, in the spelling of the server."""
        builder = PageBuilder(client.settings.import_members)
        reading = _AccountReader(account, client, known, builder, ScopedMemory(self.memory, account.scope))
        return builder.pages(reading.read)

    async def check(self, account: Account, client: Client) -> AsyncGenerator[str]:
        """As `Source.check`. No word of a contact is told, nor the names that the user gave to books."""
        where = await find_endpoints(account, client.dns)
        for place in where.tries:
            yield f"to try: {place.url}" + (
                " (a guess by who takes the domain's mail)" if place.guess else ""
            )
        found = await discover(account, DavClient(client, auth_of(account)), ShortMemory())
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
    ) -> None:
        self._account = account
        self._client = client
        self._known = known
        self._builder = builder
        self._memory = memory
        self._photos = "photo" in account.include
        self._dav = DavClient(client, auth_of(account), photos=self._photos)

    async def read(self) -> None:
        found = await discover(self._account, self._dav, self._memory)
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
        reader = BookReader(
            self._dav,
            book,
            members,
            facts=facts,
            batch=found.provider.batch,
            concurrency=found.provider.concurrency,
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
