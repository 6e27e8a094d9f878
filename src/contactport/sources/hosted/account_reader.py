"""An account's listings, one after the other, and what became of each.

One that can't be read is no reason to lose the others: the import is complete once one was read, and says which were
not. It fails where none was, with the reason of the first. Where the provider asks for a rest, the import takes it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing

from contactport.net.failures import NetworkFailure, ProxyUnavailable, TooLarge, Unreadable
from contactport.sources.base import BookResult, Page
from contactport.sources.failures import (
    FAILURES,
    AccessDenied,
    ConsentWithdrawn,
    Failure,
    MembersWithheld,
    NotAsked,
    RetryLater,
    SetUpIncomplete,
)
from contactport.sources.hosted.api_client import ApiClient, ApiRefusal
from contactport.sources.hosted.listing import Finish, Listing, ListingReader
from contactport.sources.hosted.record_collector import RecordCollector

MOST_FAILED = 5
"""Listings in a row that fail before the others are left alone."""
CAUGHT = (ApiRefusal, *FAILURES)
_FINAL = (AccessDenied, ConsentWithdrawn, SetUpIncomplete)
"""What the provider would say to any further question too."""


class AccountReader:
    """Of one account. `to_failure` says what a refusal of its provider amounts to."""

    def __init__(
        self,
        api: ApiClient,
        collector: RecordCollector,
        to_failure: Callable[[ApiRefusal], Failure],
        *,
        finish: Finish | None = None,
    ) -> None:
        self._api = api
        self._collector = collector
        self._to_failure = to_failure
        self._finish = finish
        self._read = 0
        self._failed = 0
        self._enough = False
        self._first: Failure | None = None
        self._rest: Failure | None = None

    def told(self, error: ApiRefusal | Failure) -> Failure:
        """The kind of failure that something caught amounts to."""
        return self._to_failure(error) if isinstance(error, ApiRefusal) else error

    @property
    def enough(self) -> bool:
        """Whether the provider should be asked nothing further."""
        return self._enough

    def aside(self, place: str, error: ApiRefusal | Failure, left: Iterable[str] = ()) -> Page:
        """Tells that something beside the contacts could not be read. `rest()` belongs after it.

        Raises what the contacts would meet too, as long as none were read.
        """
        failure = self.told(error)
        final = isinstance(failure, _FINAL)
        network = isinstance(failure, NetworkFailure) and not isinstance(failure, Unreadable)
        if isinstance(failure, TooLarge | ProxyUnavailable) or (
            not self._read and (final or network or failure.retry_after)
        ):
            raise failure from None
        self._first = self._first or failure
        self._enough = self._enough or final
        self._rest = RetryLater(failure) if failure.retry_after else None
        return Page(books=[BookResult(place, "failed", failure), *self._not_asked(left)])

    def rest(self) -> None:
        """Raises where the provider has asked for a rest."""
        if self._rest is not None:
            raise self._rest

    def _not_asked(self, left: Iterable[str]) -> list[BookResult]:
        return [BookResult(place, "failed", NotAsked()) for place in left] if self._rest else []

    async def pages(self, listing: Listing, left: Iterable[str] = ()) -> AsyncGenerator[Page]:
        """One listing's, and in the end what became of it. `left` are the places of those that come after it.

        Raises what ends the import whatever the others are like, and where the provider asks for a rest.
        """
        if self._enough:
            yield Page(books=[BookResult(listing.place, "failed", NotAsked())])
            return
        reader = ListingReader(self._api, listing, self._collector, self._finish)
        try:
            async with aclosing(reader.pages()) as pages:
                async for page in pages:
                    yield page
        except CAUGHT as error:
            failure = self.told(error)
            if isinstance(failure, TooLarge | ProxyUnavailable):
                raise failure from None
            async with aclosing(self._broken_off(listing, failure, left)) as pages:
                async for page in pages:
                    yield page
        else:
            self._read += 1
            self._failed = 0
            book = BookResult(listing.place, "complete")
            if reader.held_back:
                book = BookResult(listing.place, "incomplete", MembersWithheld())
            yield Page(books=[book], listed=self._collector.listed)

    async def _broken_off(
        self, listing: Listing, failure: Failure, left: Iterable[str]
    ) -> AsyncGenerator[Page]:
        self._first = self._first or failure
        self._failed += 1
        self._enough = isinstance(failure, _FINAL) or self._failed >= MOST_FAILED
        while not self._collector.empty:
            # What came before it stays.
            yield self._collector.page()
        if failure.retry_after:
            self._rest = RetryLater(failure) if self._read else failure
        books = [BookResult(listing.place, "failed", failure), *self._not_asked(left)]
        yield Page(books=books, listed=self._collector.listed)
        self.rest()

    def check(self) -> None:
        """Raises the first failure where no listing was read."""
        if self._first is not None and not self._read:
            raise self._first
