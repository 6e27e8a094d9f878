"""The contract that every source of address books keeps.

The words used here and in every source:

*Account*: whose book, at which provider, and with which grant (a password, a token, a file). A source asks which of
them it is.
*Source*: a protocol's way to an account's books. It yields pages until everything was yielded.
*Page*: raw records with their format, or contacts, and what the source itself had to leave out.
*Raw record*: the bytes of one resource (a card of a CardDAV book) and the name of their format.
*Key*: names one record or contact for the life of an import, across restarts: a CardDAV href, a resource name.
*Known*: the keys that an earlier attempt of the same import has stored. A source need not fetch those again
(and may when it can't help it: what is stored twice is noticed above).
*Member*: what a server lists, whether or not it can be read.

A source raises the kinds of `sources/failures.py`, lets those of `net/failures.py` pass, and raises nothing else on
purpose; an asyncio.CancelledError passes through. It never reports an empty book while the server lists members.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Container, Iterator
from typing import Literal, Protocol

import msgspec

from contactport.contact import Contact, Group, Item, Note, Reject
from contactport.grant import Grant
from contactport.net.auth import Refresh
from contactport.net.client import Client
from contactport.sources.failures import Failure
from contactport.sources.memory import Memory, ShortMemory
from contactport.sources.providers import Provider, Providers
from contactport.sources.rows import load_providers

INCLUDES = frozenset({"mailing_address", "photo"})
"""What is left out of an import unless it is asked for."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account to read. Never logged: see __repr__."""

    provider: Provider
    grant: Grant
    include: frozenset[str] = frozenset()
    """Which of INCLUDES were asked for; a source may leave out what was not."""
    refresh: Refresh | None = None
    """Gets another access token once the grant's is refused, where there may be one."""
    file: Callable[[], Awaitable[Iterator[Item | None]]] | None = None
    """Reads an uploaded file: its entries in order, with None for a pause within one that takes long."""
    scope: str = ""
    """For whom a source may remember what it learns of hosts: a word for one domain, or empty for everybody."""

    def __repr__(self) -> str:
        return f"Account({self.provider.code})"


class RawRecord(msgspec.Struct, gc=False):
    """One resource as it came. `format` is a name of `formats/registry.py`; `book` scopes its UIDs."""

    key: str
    data: bytes
    format: str
    book: str = ""


class ContactRecord(msgspec.Struct, gc=False):
    """A contact or group that the source has read itself; `notes` say what was left out of it."""

    key: str
    item: Contact | Group
    book: str = ""
    notes: list[Note] = []


class BookResult(msgspec.Struct, gc=False):
    """What became of one book: where it is, whether it was read to its end, and if not, why.

    "incomplete": the server gave a part of it and held back the rest. "failed": it could not be read, or only up to
    where the reading broke off; what was read of it before stays.
    """

    place: str
    state: Literal["complete", "incomplete", "failed"]
    failure: Failure | None = None


class Page(msgspec.Struct, gc=False):
    """`repeats` counts records that the server sent a second time under the same key and that were dropped.

    `listed` is the number of members known so far over all books, or None while nothing was listed.
    `owner` is the account's own card, where the server names one: it is among the records as well.
    `books` says of each book what became of it, in the page of its last record or a later one. A later attempt says
    it again: the last word on a place counts.
    """

    records: list[RawRecord] = []
    rejects: list[Reject] = []
    repeats: int = 0
    listed: int | None = None
    owner: str | None = None
    """The key of the account's own card, once known."""
    owner_card: Contact | None = None
    """The account's own card, where the provider keeps it apart from the address books."""
    books: list[BookResult] = []
    contacts: list[ContactRecord] = []


class SourceContext(msgspec.Struct, frozen=True, kw_only=True):
    """What every source is made with: where to keep what it learns of hosts, and all providers that there are."""

    memory: Memory = msgspec.field(default_factory=ShortMemory)
    providers: Providers = msgspec.field(default_factory=load_providers)


class Source(Protocol):
    """A protocol. Made once a process with a SourceContext, by the entry point in the group `contactport.sources`.

    A class that has a static method `row_faults(provider)` (`registry.ChecksRows`) is asked whether a row fits.
    """

    def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """Every record of every book of the account, in pages of at most a few hundred records.

        Closed in the middle, it lets go of its connections at once.

        A book that can't be read is told of in `Page.books`, as long as one other is read to its end.

        Raises the kind of failure that ends the reading: `WrongPassword`, `AccountBlocked`, `Unavailable`,
        `NoAddressBook` and the others of `sources/failures.py`, or one of the network's, such as `TooLarge`.
        """
        ...

    def check(self, account: Account, client: Client) -> AsyncIterator[str]:
        """The same, step by step, for an operator who tries a provider's row with an account of their own.

        Yields what each step found, in words without one of a contact. Raises as `pages` does, where a step fails.
        """
        ...
