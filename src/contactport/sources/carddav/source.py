"""The source itself: discovery, then book after book."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container
from contextlib import aclosing

from contactport.net.client import Client
from contactport.sources.base import Account, Page
from contactport.sources.carddav.book_reader import BookReader
from contactport.sources.carddav.check import check
from contactport.sources.carddav.dav_client import DavClient
from contactport.sources.carddav.discover import Discovery, discover
from contactport.sources.carddav.model import Malformed
from contactport.sources.carddav.outcomes import BookOutcomes
from contactport.sources.carddav.page_builder import MemberCount, PageBuilder
from contactport.sources.carddav.refusal import UnexpectedStatus
from contactport.sources.carddav.sign_in import auth_of
from contactport.sources.failures import FAILURES, AccountWithoutBooks
from contactport.sources.memory import Memory, ScopedMemory, ShortMemory


class CardDav:
    """CardDAV (RFC 6352): every book of an account, whichever server holds it."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.memory: Memory = memory or ShortMemory()

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """As `Source.pages`. The keys are hrefs, in the spelling of the server."""
        photos = "photo" in account.include
        dav = DavClient(client, auth_of(account), photos=photos)
        memory = ScopedMemory(self.memory, account.scope)
        found = await _found(account, dav, memory)
        member_count = MemberCount(client.settings.import_members)
        outcomes = BookOutcomes(found.books, found.provider)
        for number, book in enumerate(found.books):
            if outcomes.enough:
                told = [outcomes.skipped(left) for left in found.books[number:]]
                yield Page(books=told, listed=member_count.listed)
                break
            host = f"{book.url.host}:{book.url.port}"
            facts = await memory.get(host)
            builder = PageBuilder(
                book,
                known,
                member_count,
                longest=client.settings.card_bytes,
                photos=photos,
                owner=found.owner,
            )
            reader = BookReader(
                dav,
                book,
                builder,
                facts=facts,
                batch=found.provider.batch,
                concurrency=found.provider.concurrency,
            )
            try:
                async with aclosing(reader.pages()) as pages:
                    async for page in pages:
                        yield page
            except (UnexpectedStatus, Malformed, *FAILURES) as error:
                if facts is not None:
                    await memory.forget(host)
                told = [outcomes.failed(book, error)]
                builder.put_truncated()
                while not builder.empty:
                    # What came before it stays.
                    yield builder.page()
                rest = outcomes.rest(error)
                if rest is not None:
                    told += [outcomes.skipped(left) for left in found.books[number + 1 :]]
                yield Page(books=told, listed=member_count.listed)
                if rest is not None:
                    raise rest from None
                continue
            if builder.received and reader.facts != facts:
                await memory.put(host, reader.facts)
            yield Page(books=[outcomes.read(book, held_back=reader.held_back)], listed=member_count.listed)
        outcomes.check()

    def check(self, account: Account, client: Client) -> AsyncGenerator[str]:
        """As `Source.check`."""
        return check(self, account, client)


async def _found(account: Account, dav: DavClient, memory: Memory) -> Discovery:
    found = await discover(account, dav, memory)
    if not found.books:
        raise AccountWithoutBooks
    return found
