"""What became of an account's books, and what that means for the import.

One book that can't be read is no reason to lose the others: the import is complete once one was read, and says which
were not. It fails where none was, with the reason of the first. Where a server asks for a rest, the import takes it,
and what may be complete without is told by RetryLater.
"""

from __future__ import annotations

from contactport.net.failures import (
    CertificateInvalid,
    NetworkFailure,
    ProxyUnavailable,
    TimedOut,
    TooLarge,
    Unreachable,
    Unreadable,
)
from contactport.sources.base import BookResult
from contactport.sources.carddav.model import AddressBook, Malformed
from contactport.sources.carddav.refusal import UnexpectedStatus, is_final, is_transient, to_book_failure
from contactport.sources.failures import (
    BookUnreadable,
    Failure,
    MembersWithheld,
    NotAsked,
    RetryLater,
    SourceFailure,
    Unavailable,
)
from contactport.sources.providers import Provider

BookFailure = UnexpectedStatus | Malformed | SourceFailure | NetworkFailure

MOST_FAILED = 10
"""Books in a row that fail before the others are left alone: each costs its server a few dozen requests."""
MOST_HURT = 2
"""The same where each may cost minutes, or count against the user's password."""


class BookOutcomes:
    """Of one account's books. `enough` says that the server should be asked for no further one."""

    def __init__(self, books: list[AddressBook], provider: Provider) -> None:
        origins = {book.url.origin() for book in books}
        self._apart = len(origins) > 1
        self._provider = provider
        self._read = 0
        self._failed = 0
        self._hurt = 0
        self._first: Failure | None = None

    @property
    def enough(self) -> bool:
        return self._failed >= MOST_FAILED or self._hurt >= MOST_HURT

    def read(self, book: AddressBook, *, held_back: bool) -> BookResult:
        """The book was read as far as its server gives it."""
        self._read += 1
        self._failed = self._hurt = 0
        if held_back:
            return BookResult(self._place(book), "incomplete", MembersWithheld())
        return BookResult(self._place(book), "complete")

    def failed(self, book: AddressBook, failure: BookFailure) -> BookResult:
        """The book could not be read to its end. Raises what ends the import whatever the other books are like."""
        error = self._told(failure)
        if isinstance(error, TooLarge | ProxyUnavailable):
            raise error
        self._first = self._first or error
        self._failed += 1
        self._hurt += _hurts(failure)
        return BookResult(self._place(book), "failed", error)

    def rest(self, failure: BookFailure) -> Failure | None:
        """What to raise, once all was told, where the server asks to be left alone; None where it does not."""
        error = self._told(failure)
        if not error.retry_after:
            return None
        return RetryLater(error) if self._read else error

    def skipped(self, book: AddressBook) -> BookResult:
        """The book was not asked for."""
        return BookResult(self._place(book), "failed", NotAsked())

    def check(self) -> None:
        """Raises the first book's reason where none was read."""
        if self._first is not None and not self._read:
            raise self._first

    def _place(self, book: AddressBook) -> str:
        return str(book.url) if self._apart else book.path

    def _told(self, failure: BookFailure) -> Failure:
        """The kind of failure of a book that can't be read, of a server that was there a moment ago."""
        if isinstance(failure, UnexpectedStatus):
            return to_book_failure(failure, self._provider)
        if isinstance(failure, Malformed | Unreadable):
            return BookUnreadable()
        if isinstance(failure, Unreachable) and not isinstance(failure, CertificateInvalid):
            return Unavailable()
        return failure


def _hurts(failure: BookFailure) -> bool:
    """Whether the same from another book would do harm: a password refused again, or minutes more of waiting."""
    if isinstance(failure, UnexpectedStatus):
        return is_final(failure) or (is_transient(failure) and failure.status != 500)
    return isinstance(failure, Unreachable | TimedOut)
