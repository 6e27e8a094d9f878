"""One book, read to its end: the ladder.

No request works on every server. First comes the one that is quickest where the server is known: a query, or a
sync-collection with the cards in it. Where its answer can't be vouched for, the listing tells what it lacked, and
that is fetched by multiget, else by a query in its other forms, else one by one. What then still lacks is rejected
with its reason. A book is empty only where its listing is. Where an answer says that it was cut, and no other step
brings the rest, `held_back` says so.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Literal

import msgspec

from contactport.net.failures import ConnectionLost, TimedOut, TooLarge
from contactport.sources.carddav import request_bodies
from contactport.sources.carddav.completeness import Completeness
from contactport.sources.carddav.dav_client import DavClient
from contactport.sources.carddav.element_parser import FULL
from contactport.sources.carddav.individual_gets import IndividualGets
from contactport.sources.carddav.members import BookMembers, href_hash
from contactport.sources.carddav.model import DAV, AddressBook, Malformed, MultistatusResponse
from contactport.sources.carddav.multiget import Multiget
from contactport.sources.carddav.multistatus import Multistatus
from contactport.sources.carddav.refusal import (
    UnexpectedStatus,
    is_busy,
    is_final,
    is_lasting,
    is_missing,
    is_setback,
)
from contactport.sources.failures import MembersWithheld, NoAddressBook
from contactport.sources.memory import Facts

_RESOURCE_TYPE = DAV + "resourcetype"
_CONTENT_TYPE = DAV + "getcontenttype"
_COLLECTION = DAV + "collection"
CONTINUATIONS = 100
"""Pages of a book that the server gives in pieces."""
MEMBERS_EACH = 20
"""So many members allow one page more: each is a request, and the server chooses how little stands in it."""
First = Literal["query", "sync", "listing"]
LOOKS = 3
"""Tries at a listing that fails in a way that may pass; one that is refused gets a second."""
SETBACKS = 2
"""Requests that may end in silence, or in a busy server, before the book is given up: each may take minutes."""

Step = Callable[[], Awaitable[None]]
Failure = (UnexpectedStatus, Malformed, ConnectionLost, TimedOut)


class BookReader:
    """One book's way down the ladder."""

    def __init__(
        self,
        dav: DavClient,
        book: AddressBook,
        members: BookMembers,
        *,
        facts: Facts | None = None,
        batch: int = 0,
        concurrency: int = 1,
    ) -> None:
        self.facts = facts or Facts()
        """What is known of the host; after `read()` what was learnt."""
        self._dav = dav
        self._book = book
        self._members = members
        self._batch = batch
        self._concurrency = concurrency
        self._self = href_hash(book.path.rstrip("/"))
        self._lacking: dict[str, None] = {}
        self._forgotten = 0
        self._again = False
        self._complete = Completeness()
        self._reasons: dict[str, str] = {}
        self._tried: set[bytes] = set()
        self._answered = False
        self._listed = False
        self._trouble: Exception | None = None
        self._setbacks = 0

    @property
    def held_back(self) -> bool:
        """Whether the server kept a part of the book to itself."""
        return self._complete.held_back

    async def read(self) -> None:
        """Raises UnexpectedStatus, Malformed and the client's errors when no step of the ladder gives anything."""
        await self._first_steps()
        if self._is_vouched_for():
            self._members.listed(self._members.received)
        else:
            self._again = True
            if self._trouble is not None and is_lasting(self._trouble):
                # The server does not do that: nothing to tell anybody of, unless nothing else works.
                self._trouble = None
            await self._list()
            await self._further_steps()
            self._check()
        if self._members.truncated:
            await IndividualGets(self._dav, self._book, self._members, self._reasons).mend(
                self._members.truncated
            )

    async def _first_steps(self) -> None:
        """The quickest request that the server answers; one that breaks off is not begun again."""
        for name, step in self._bulk():
            try:
                await step()
            except Failure as error:
                self._failed(error)
                if self._members.received or not is_lasting(error):
                    return
            else:
                self._answered = True
                if self._members.received:
                    self.facts = msgspec.structs.replace(self.facts, first=name)
                    return
                if not self._lacking:
                    return
                break
        self.facts = msgspec.structs.replace(self.facts, first="listing")

    def _is_vouched_for(self) -> bool:
        """Whether the first answer needs no listing beside it. Nothing at all always does."""
        return (
            self._answered
            and self._members.received > 0
            and not self.held_back
            and not self._lacking
            and self._book.engine == "radicale"
        )

    async def _further_steps(self) -> None:
        """What the listing has and the first step did not bring; queries, where both brought nothing."""
        wanted = bool(self._lacking)
        for step in self._ladder():
            try:
                await step()
            except Failure as error:
                if is_setback(error):
                    raise
                self._failed(error)
            else:
                self._answered = self._answered or not (wanted or step == self._one_by_one)
            await self._forget_received()
            if self._members.received and not self._lacking and not self.held_back:
                return

    def _ladder(self) -> Iterator[Step]:
        """The further steps, each as it is come to."""
        if self._lacking:
            yield self._multiget
        if self.held_back and self._may_sync and request_bodies.sync() not in self._tried:
            yield self._sync
        for body in (request_bodies.QUERY, request_bodies.QUERY_FILTER):
            nothing = not (self._members.received or (self._answered and self._listed))
            if (self._lacking or self.held_back or nothing) and body not in self._tried:
                yield functools.partial(self._query, body)
        if self._lacking and self.held_back:
            yield self._multiget
        yield self._one_by_one

    async def _forget_received(self) -> None:
        if self._forgotten != self._members.received:
            # A book of cards that are asked for in many steps would be gone through at each.
            self._forgotten = self._members.received
            self._lacking = dict.fromkeys(await self._missing(self._lacking))

    async def _missing(self, hrefs: Iterable[str]) -> list[str]:
        """Those of them that were not received."""
        missing: list[str] = []
        for href in hrefs:
            await self._dav.time_slice.yield_if_due()
            if not self._members.has(href):
                missing.append(href)
        return missing

    def _check(self) -> None:
        """Raises what went wrong where nobody can say that the book is whole, or empty."""
        if self._lacking or not (self._listed or (self._answered and not self.held_back)):
            raise self._trouble or NoAddressBook()
        if self.held_back and not self._members.received:
            raise self._trouble or MembersWithheld()

    def _failed(self, error: Exception) -> None:
        """Remembers why a step gave nothing. Raises it where further steps could only do harm: after a refusal of
        the user, or where a server asks for a rest or needs one."""
        if isinstance(error, UnexpectedStatus) and is_final(error):
            raise error
        if is_setback(error):
            self._setbacks += 1
            if self._setbacks >= SETBACKS:
                raise error
        # That a server does not do this says less than that it could not just now.
        if self._trouble is None or (is_lasting(self._trouble) and not is_lasting(error)):
            self._trouble = error

    def _bulk(self) -> list[tuple[First, Step]]:
        """What to try before the listing, best first."""
        query = functools.partial(self._query, request_bodies.QUERY)
        if self.facts.first == "listing":
            return []
        if self.facts.first == "query" or self._book.engine == "radicale":
            return [("query", query), ("sync", self._sync)]
        return [("sync", self._sync)] if self.facts.first == "sync" or self._may_sync else []

    @property
    def _may_sync(self) -> bool:
        return not self._book.reports or "sync-collection" in self._book.reports

    async def _query(self, body: bytes) -> None:
        # The first answer is counted by what came of it.
        self._complete.begin(counted=self._again)
        await self._report(body, 1, Multistatus(self._dav.limits))
        self._complete.end(await self._known())

    async def _sync(self) -> None:
        self._complete.begin(counted=self._again)
        token = ""
        for number in itertools.count(1):
            self._complete.cut = False
            before = await self._known()
            parser = Multistatus(self._dav.limits)
            await self._report(request_bodies.sync(token), 0, parser)
            # 507 for the collection itself: go on from the new token (RFC 6578 section 3.6).
            moved = parser.sync_token not in ("", token) and await self._known() > before
            enough = number >= CONTINUATIONS + await self._known() // MEMBERS_EACH
            if not self._complete.cut or not moved or enough:
                # Where it is cut, the further steps of the ladder see to the rest.
                break
            token = parser.sync_token
        self._complete.end(await self._known())

    async def _report(self, body: bytes, depth: int, parser: Multistatus) -> None:
        self._tried.add(body)
        await self._dav.ask("REPORT", self._book, body, self._take, depth=depth, parser=parser)
        self._complete.cut = self._complete.cut or parser.more

    async def _known(self) -> int:
        """How many members are known so far."""
        await self._forget_received()
        return self._members.received + len(self._lacking)

    async def _list(self) -> None:
        """Adds to `_lacking` what stands in the listing and was not received."""
        for looks in itertools.count(1):
            try:
                count = await self._look()
            except Failure as error:
                final = isinstance(error, UnexpectedStatus) and is_final(error)
                if final or looks >= (2 if is_lasting(error) else 1 if is_busy(error) else LOOKS):
                    if is_missing(error) and not self._members.received and await self._exists():
                        count = 0
                    else:
                        self._failed(error)
                        return
                else:
                    if not is_lasting(error):
                        self._failed(error)
                    await self._dav.client.pause(looks)
                    continue
            self._listed = True
            self._members.listed(count)
            return

    async def _look(self) -> int:
        """One look at the listing; how many members it has."""
        count = 0
        most = self._dav.client.settings.import_members
        parser = Multistatus(self._dav.limits)
        self._complete.begin(counted=False)

        async def take(items: list[MultistatusResponse]) -> None:
            nonlocal count
            for item in items:
                await self._dav.time_slice.yield_if_due()
                if not self._is_member(item):
                    continue
                count += 1
                if count > most:
                    raise TooLarge("members", most)
                key = self._members.key(item.href)
                if item.fault:
                    self._members.reject(key, item.fault)
                elif not self._members.has(key):
                    self._lacking[key] = None

        await self._dav.ask("PROPFIND", self._book, request_bodies.LISTING, take, depth=1, parser=parser)
        self._complete.cut = self._complete.cut or parser.more
        self._complete.end(count)
        return count

    async def _exists(self) -> bool:
        """Whether the book itself is there: some servers say 404 to a listing of nothing."""
        try:
            answer = await self._dav.propfind(
                self._book.url, request_bodies.HOME, depth=0, via=self._book.via
            )
        except Failure:
            return False
        return bool(answer.items)

    async def _take(self, items: list[MultistatusResponse]) -> None:
        members = self._members
        again = self._again
        time_slice = self._dav.time_slice
        for item in items:
            if time_slice.due:
                await time_slice.yield_if_due()
            href = item.href
            data = item.data
            if data:
                key = href if href[:1] == "/" != href[1:2] else members.key(href)
                members.card(key, data, again=again)
                if again:
                    self._complete.member(href_hash(key))
            elif item.too_long:
                members.reject(members.key(href))
            elif self._is_member(item):
                key = members.key(href)
                if item.fault:
                    members.reject(key, item.fault)
                elif not members.has(key):
                    self._lacking[key] = None
        await members.room()

    def _is_member(self, item: MultistatusResponse) -> bool:
        key = self._members.key(item.href)
        found = href_hash(key.rstrip("/"))
        if found == self._self:
            if item.status == FULL:
                self._complete.cut = True
            return False
        if item.status >= 400:
            # One that the server fails to tell of is a member all the same; one that is gone is none.
            if item.status in (404, 410) or key.endswith("/"):
                return False
        elif not _is_a_card(item):
            return False
        self._complete.member(href_hash(key))
        return True

    async def _multiget(self) -> None:
        multiget = Multiget(
            self._dav,
            self._book,
            self._members,
            first=self.facts.batch,
            most=self._batch,
            concurrency=self._concurrency,
        )
        await multiget.read(self._lacking)
        self.facts = msgspec.structs.replace(self.facts, batch=multiget.size)
        omitted = await self._missing(multiget.left)
        if 1 < len(omitted) < len(self._lacking):
            # Left out by an answer that was cut short, or because they are gone: a second look tells.
            multiget.left.clear()
            await multiget.read(omitted)
        self._reasons |= multiget.alone

    async def _one_by_one(self) -> None:
        await IndividualGets(self._dav, self._book, self._members, self._reasons).read(self._lacking)


def _is_a_card(item: MultistatusResponse) -> bool:
    """Whether a member may be a card, by what the listing says of its kind."""
    kind = item.found(_RESOURCE_TYPE)
    if kind is not None and _COLLECTION in kind.names:
        return False
    content = item.found(_CONTENT_TYPE)
    return content is None or not content.text.lower().startswith("text/calendar")
