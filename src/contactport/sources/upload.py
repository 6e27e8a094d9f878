"""Uploaded files: the source of an import whose user has given a file.

Whoever makes the account says how the file is read (`Account.file`), because no source knows formats. An entry's key
is its number in the file. A file is read in the same order each time, so an attempt after an interruption knows what
is stored already.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container

from contactport.contact import Contact, Group, Item, Note, Reject
from contactport.grant import Upload
from contactport.net.client import Client
from contactport.net.failures import Unreadable
from contactport.sources.base import Account, BookResult, ContactRecord, Page, SourceContext

PROTOCOL = "upload"
FILE = "file"
"""The place of what concerns the file as a whole, as the formats name it."""
_PAGE = 250
"""Entries of a page."""


class UploadedFile:
    """The protocol `upload`. See `sources.base.Source`."""

    def __init__(self, _context: SourceContext | None = None) -> None:
        pass

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """As `Source.pages`. Raises Unreadable for a file in which nothing can be read."""
        grant = account.grant
        if not isinstance(grant, Upload) or account.file is None:
            raise TypeError(f"{account.provider.code} is read from a file here, not by {grant!r}")
        items = await account.file()
        budget = client.processor_budget
        budget.received += grant.size
        page, count, whole = Page(), 0, ""
        budget.begin()
        for item in items:
            await budget.yield_if_due()
            if item is None:
                continue
            if isinstance(item, Reject) and item.place == FILE:
                whole = item.reason
                continue
            count += 1
            _take(page, item, str(count))
            if len(page.contacts) + len(page.rejects) >= _PAGE:
                budget.end()
                page.listed = count
                yield page
                page = Page()
                budget.begin()
        budget.end()
        if whole and not count:
            raise Unreadable(whole)
        page.listed = count
        page.books = [
            BookResult(FILE, "incomplete" if whole else "complete", Unreadable(whole) if whole else None)
        ]
        yield page

    async def check(self, account: Account, client: Client) -> AsyncGenerator[str]:
        """As `Source.check`."""
        count = 0
        async for page in self.pages(account, client, ()):
            count += len(page.contacts)
        yield f"{count} contacts can be read"


def _take(page: Page, item: Item, key: str) -> None:
    if isinstance(item, Contact | Group):
        page.contacts.append(ContactRecord(key, item))
    elif isinstance(item, Reject):
        page.rejects.append(item)
    elif isinstance(item, Note) and page.contacts:
        page.contacts[-1].notes = [*page.contacts[-1].notes, item]
