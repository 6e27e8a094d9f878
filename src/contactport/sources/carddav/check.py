"""One provider's row, tried step by step with somebody's own account, in words for its operator."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from contactport.net.client import Client
from contactport.sources.base import Account, Source
from contactport.sources.carddav.dav_client import DavClient
from contactport.sources.carddav.discover import discover
from contactport.sources.carddav.endpoints import find_endpoints
from contactport.sources.carddav.sign_in import auth_of
from contactport.sources.memory import ShortMemory


async def check(source: Source, account: Account, client: Client) -> AsyncGenerator[str]:
    """What each step found, as it is found. Raises as `Source.pages` does, at the step that fails.

    No word of a contact is told, nor the names that the user gave to books.
    """
    where = await find_endpoints(account, client.dns)
    for place in where.tries:
        yield f"to try: {place.url}" + (" (a guess by who takes the domain's mail)" if place.guess else "")
    found = await discover(account, DavClient(client, auth_of(account)), ShortMemory())
    yield f"signed in; address books: {len(found.books)}"
    for book in found.books:
        reports = ", ".join(sorted(book.reports)) or "none named"
        yield f"  a book on {book.url.host}, with the reports {reports}"
    yield "the user's own card is named" if found.owner else "the user's own card is not named"
    cards = rejects = repeats = 0
    listed: int | None = None
    async with aclosing(source.pages(account, client, ())) as pages:
        async for page in pages:
            cards += len(page.records)
            rejects += len(page.rejects)
            repeats += page.repeats
            listed = page.listed if page.listed is not None else listed
    members = "not listed" if listed is None else f"listed {listed}"
    yield f"members: {members}, received {cards}, sent twice {repeats}, left out {rejects}"
