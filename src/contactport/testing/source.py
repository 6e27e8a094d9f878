"""A source that holds its pages in memory: what a protocol yields, without the protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Container, Sequence

from contactport.net.client import Client
from contactport.sources.base import Account, Page, RawRecord


class FakeSource:
    """Yields `pages` in order, then raises `end` if there is one. `accounts` are those that it was asked for."""

    def __init__(self, pages: Sequence[Page], end: Exception | None = None) -> None:
        self.pages_held = pages
        self.end = end
        self.accounts: list[Account] = []

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """As `sources.base.Source.pages`."""
        self.accounts.append(account)
        for page in self.pages_held:
            yield page
        if self.end is not None:
            raise self.end

    async def check(self, account: Account, client: Client) -> AsyncIterator[str]:
        """As `sources.base.Source.check`."""
        yield f"{len(self.pages_held)} pages"


def vcard(name: str, *lines: str, uid: str | None = None) -> bytes:
    """A small card of this name, with further `lines`. Its UID is `uid-NAME`; an empty one leaves it out."""
    named = [f"UID:{uid if uid is not None else 'uid-' + name}"] if uid != "" else []
    rows = ["BEGIN:VCARD", "VERSION:3.0", *named, f"FN:{name}", f"N:{name};;;;", *lines, "END:VCARD", ""]
    return "\r\n".join(rows).encode()


def raw(
    name: str, *lines: str, key: str | None = None, uid: str | None = None, book: str = "/b/"
) -> RawRecord:
    """That card as a record, under the key `/b/NAME.vcf`."""
    return RawRecord(key or f"{book}{name}.vcf", vcard(name, *lines, uid=uid), "vcf", book)
