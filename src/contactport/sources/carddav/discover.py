"""From a place to the account's address books (RFC 6764 section 6, RFC 6352 section 7).

Success is a 207 that parses as DAV:multistatus: some servers answer the well-known address with a web page. A
principal's home sets may be several, and on other hosts; every book of every one is read, but directories (the
whole company, on some servers) are left out unless one is named itself, as the caller's `server`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from yarl import URL

from contactport.net.failures import (
    CertificateInvalid,
    ConnectionLost,
    NotHttp,
    TimedOut,
    TooLarge,
    Unreachable,
    Unreadable,
)
from contactport.net.redirects import resolve_reference
from contactport.sources.base import Account
from contactport.sources.carddav import request_bodies
from contactport.sources.carddav.dav_client import MOST_ITEMS, DavClient, PropfindResult
from contactport.sources.carddav.endpoints import WELL_KNOWN, Endpoint, find_endpoints
from contactport.sources.carddav.model import CARD, DAV, AddressBook, Malformed, MultistatusResponse
from contactport.sources.carddav.refusal import UnexpectedStatus, is_final, is_transient, to_failure
from contactport.sources.carddav.table import table_of
from contactport.sources.failures import Failure, NoAddressBook, NotServed, Unavailable
from contactport.sources.memory import Facts, Memory
from contactport.sources.providers import Provider, Providers

ADDRESSBOOK = CARD + "addressbook"
DIRECTORY = CARD + "directory"
HOME_SET = CARD + "addressbook-home-set"
PRINCIPAL_ADDRESS = CARD + "principal-address"
ME_CARD = "http://calendarserver.org/ns/ me-card"
COLLECTION = DAV + "collection"
RESOURCE_TYPE = DAV + "resourcetype"
PRINCIPAL = DAV + "current-user-principal"
PRINCIPAL_URL = DAV + "principal-URL"
UNAUTHENTICATED = DAV + "unauthenticated"
REPORTS = DAV + "supported-report-set"
DEEPER = 10
"""Plain collections looked into where nothing says which is the home of the books."""
HOMES = 100
"""Homes of one principal, those that others share with it among them."""


class Discovery(msgspec.Struct):
    """The books, the provider as it turned out, and the href of the user's own card where the server names one."""

    books: list[AddressBook]
    provider: Provider
    owner: str | None = None


class _Books(msgspec.Struct):
    books: list[AddressBook]
    owner: str | None = None


async def discover(account: Account, dav: DavClient, memory: Memory, providers: Providers) -> Discovery:
    """The account's books. Raises what `Source.pages` says."""
    where = await find_endpoints(account, dav.client.dns, providers)
    search = _Search(dav)
    for place in await _best_first(where.tries, memory):
        found = await search.look(place)
        if found is not None:
            break
    else:
        # A server that stumbled once is asked once more, and no oftener: it may have trouble enough.
        place = search.stumbled
        found = None if place is None else await search.look(place)
        if place is None or found is None:
            worst = search.worst
            if where.not_served is not None and (worst is None or isinstance(worst, Unreachable)):
                raise NotServed(where.not_served)
            failure = _unreached(worst, where.tries) or NoAddressBook()
            if failure is worst:
                raise failure
            # Whoever reads the log learns what lies behind it.
            raise failure from worst
    await _remember(place, memory)
    return Discovery(found.books, place.provider, found.owner)


def _unreached(worst: Failure | None, tries: list[Endpoint]) -> Failure | None:
    """What to say of servers of which none could be reached.

    A provider that everybody knows is not mistyped: it is down. A server that the caller named, or that the name of
    an account led to, may be anything, also what may not be dialled: nothing tells which, and nothing is counted from
    which anybody could learn it later.
    """
    if not isinstance(worst, Unreachable) or isinstance(worst, CertificateInvalid):
        return worst
    if all(
        table_of(place.provider).start and not place.provider.self_hosted and not place.guess
        for place in tries
    ):
        return Unavailable()
    return worst if isinstance(worst, ConnectionLost) else Unreachable()


class _Search:
    """The looks at one account's places. `worst` is what to tell the user when all were in vain."""

    def __init__(self, dav: DavClient) -> None:
        self.worst: Failure | None = None
        self.stumbled: Endpoint | None = None
        """The first place that failed in a way that may pass."""
        self._dav = dav
        self._dead: set[str] = set()
        self._troubled: set[str] = set()

    async def look(self, place: Endpoint) -> _Books | None:
        """What is found there. Raises what is final."""
        url = place.url
        origin = f"{url.host}:{url.port}"
        if place is self.stumbled:
            await self._dav.client.pause(1)
        elif origin in self._dead:
            return None
        self._dav.auth.hosts.trust(url.host or "", *table_of(place.provider).hosts)
        try:
            return await _from(url, self._dav)
        except UnexpectedStatus as refused:
            error = to_failure(refused, place.provider)
            if is_final(refused):
                if not place.guess:
                    raise error from None
                self._dead.add(origin)
            elif is_transient(refused):
                if origin in self._troubled:
                    # Two places and all tries at each: further ones would only add to its trouble.
                    self._dead.add(origin)
                self._troubled.add(origin)
            if refused.status not in (400, 404, 405, 410, 501):
                if not is_final(refused):
                    self._stumble(place)
                self.worst = _worse(self.worst, error)
        except Malformed as error:
            self._stumble(place)
            self.worst = _worse(self.worst, Unreadable(str(error)))
        except Unreadable as error:
            if isinstance(error, NotHttp):
                self._dead.add(origin)
            self.worst = _worse(self.worst, error)
        except (Unreachable, TimedOut) as error:
            if isinstance(error, ConnectionLost | TimedOut):
                self._stumble(place)
            self._dead.add(origin)
            self.worst = _worse(self.worst, error)
        return None

    def _stumble(self, place: Endpoint) -> None:
        self.stumbled = self.stumbled or place


async def _best_first(tries: list[Endpoint], memory: Memory) -> list[Endpoint]:
    """The same, with what a host's memory names before the other places of that host."""
    if not _is_usual(tries[0]):
        return tries
    facts = await memory.get(f"{tries[0].url.host}:{tries[0].url.port}")
    if facts is None or not facts.start:
        return tries
    return sorted(tries, key=lambda place: place.url.raw_path != facts.start)


def _is_usual(place: Endpoint) -> bool:
    """Whether this path is tried on any server: one that the caller named says something of the caller."""
    table = table_of(place.provider)
    return not table.start and place.url.raw_path in (WELL_KNOWN, "/", *table.paths)


async def _remember(place: Endpoint, memory: Memory) -> None:
    path = place.url.raw_path
    if not _is_usual(place):
        return
    host = f"{place.url.host}:{place.url.port}"
    facts = await memory.get(host) or Facts()
    if facts.start != path:
        await memory.put(host, msgspec.structs.replace(facts, start=path))


def _worse(one: Failure | None, other: Failure) -> Failure:
    """Of two failures the one that tells the user more; of two alike the first."""
    return other if one is None or _telling(other) > _telling(one) else one


def _telling(error: Failure) -> int:
    if isinstance(error, CertificateInvalid):
        return 3
    if isinstance(error, Unreachable):
        return 1 if isinstance(error, ConnectionLost) else 0
    return 1 if isinstance(error, Unreadable) else 2


async def _from(url: URL, dav: DavClient) -> _Books | None:
    """The books that this place leads to; None where it is WebDAV but knows of none."""
    answer = await dav.propfind(url, request_bodies.START, depth=0)
    here = _self(answer)
    if here is None:
        return None
    if _is_anonymous(here) and dav.auth.insist(answer.url):
        answer = await dav.propfind(answer.url, request_bodies.START, depth=0)
        here = _self(answer)
        if here is None:
            return None
    if _is_book(here, directories=True):
        # Whoever names a directory itself has asked for it.
        found = await _listed(answer.url, dav, via=answer.url, depth=0, directories=True)
        return found if found.books else None
    homes = _hrefs(here, HOME_SET)
    owner = _hrefs(here, PRINCIPAL_ADDRESS)
    base = answer.url
    if not homes:
        principal = next(iter(_hrefs(here, PRINCIPAL) or _hrefs(here, PRINCIPAL_URL)), None)
        if principal is not None:
            answer = await dav.propfind(
                resolve_reference(base, principal), request_bodies.PRINCIPAL, depth=0, via=base
            )
            base = answer.url
            homes = _hrefs(_self(answer), HOME_SET)
            owner = _hrefs(_self(answer), PRINCIPAL_ADDRESS) or owner
    found = await (_in_homes(homes, base, dav) if homes else _searched(base, dav))
    found.owner = next(iter(owner), found.owner)
    return found if found.books or homes else None


async def _in_homes(homes: Iterable[str], base: URL, dav: DavClient) -> _Books:
    books: dict[URL, AddressBook] = {}
    owner: str | None = None
    refusal: UnexpectedStatus | None = None
    different = list(dict.fromkeys(homes))
    if len(different) > HOMES:
        raise TooLarge("locations")
    for home in different:
        try:
            found = await _listed(resolve_reference(base, home), dav, via=base)
        except UnexpectedStatus as refused:
            # Another's home that is named but not shared is no reason to fail; the user's own is.
            if refused.status not in (403, 404):
                raise
            refusal = refused
        else:
            owner = owner or found.owner
            for book in found.books:
                await dav.time_slice.yield_if_due()
                books.setdefault(book.url, book)
            if len(books) > MOST_ITEMS:
                raise TooLarge("books")
    if not books and refusal is not None:
        raise refusal
    return _Books(list(books.values()), owner)


async def _listed(url: URL, dav: DavClient, *, via: URL, depth: int = 1, directories: bool = False) -> _Books:
    answer = await dav.propfind(url, request_bodies.HOME, depth=depth, via=via)
    mine: str | None = None
    books: list[AddressBook] = []
    for item in answer.items:
        await dav.time_slice.yield_if_due()
        mine = mine or next(iter(_hrefs(item, ME_CARD)), None)
        if _is_book(item, directories=directories):
            books.append(_book(answer.url, item))
    return _Books(books, mine)


async def _searched(url: URL, dav: DavClient) -> _Books:
    """Books in or right below a collection, for servers that name no principal."""
    answer = await dav.propfind(url, request_bodies.HOME, depth=1, via=url)
    books: list[AddressBook] = []
    folders: list[MultistatusResponse] = []
    for item in answer.items:
        await dav.time_slice.yield_if_due()
        if _is_book(item):
            books.append(_book(answer.url, item))
        elif _is_folder(item):
            folders.append(item)
    if books:
        return _Books(books)
    # One of them is the collection itself.
    below = [resolve_reference(answer.url, item.href) for item in folders[: DEEPER + 1]]
    for deeper in [url for url in below if url != answer.url][:DEEPER]:
        try:
            books += (await _listed(deeper, dav, via=answer.url)).books
        except UnexpectedStatus as refused:
            if is_final(refused):
                raise
    return _Books(books)


def _book(base: URL, item: MultistatusResponse) -> AddressBook:
    reports = item.value(REPORTS)
    return AddressBook(
        resolve_reference(base, item.href),
        base,
        frozenset()
        if reports is None
        else frozenset(
            local
            for word in reports.names
            if (local := word.rpartition(" ")[2]) not in ("supported-report", "report")
        ),
    )


def _is_book(item: MultistatusResponse, *, directories: bool = False) -> bool:
    kind = item.found(RESOURCE_TYPE)
    return kind is not None and ADDRESSBOOK in kind.names and (directories or DIRECTORY not in kind.names)


def _is_folder(item: MultistatusResponse) -> bool:
    kind = item.value(RESOURCE_TYPE)
    return kind is not None and COLLECTION in kind.names


def _is_anonymous(item: MultistatusResponse) -> bool:
    principal = item.value(PRINCIPAL)
    return principal is not None and UNAUTHENTICATED in principal.names


def _self(answer: PropfindResult) -> MultistatusResponse | None:
    return answer.items[0] if answer.items else None


def _hrefs(item: MultistatusResponse | None, name: str) -> tuple[str, ...]:
    value = None if item is None else item.value(name)
    return () if value is None else tuple(href for href in value.hrefs if href)
