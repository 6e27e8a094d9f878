"""A small CardDAV server with several address books. A test can replace each of its answers.

It answers from bytes, so that an href or a card may hold whatever no sound server would write.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import unquote_to_bytes
from xml.sax.saxutils import escape

from tests.unit.net.little_server import LittleServer, ReceivedRequest, Reply, little_server, reply

Replace = Callable[[str, ReceivedRequest], Reply | bool | Awaitable[Reply]]
Books = dict[str, dict[bytes, bytes]]
"""By the path of each book its cards, by the href that the server writes."""

HOME = "/home/"
XML = "Content-Type: application/xml; charset=utf-8"
_SPACES = b'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"'
_HREF = re.compile(rb"<D:href>([^<]*)</D:href>")
FULL = b"<D:status>HTTP/1.1 507 Insufficient Storage</D:status>"


def card(name: str, *lines: str) -> bytes:
    """A card whose UID and names are this name."""
    text = "".join(f"{line}\r\n" for line in (f"UID:{name}", f"FN:{name}", f"N:{name};;;;", *lines))
    return f"BEGIN:VCARD\r\nVERSION:3.0\r\n{text}END:VCARD\r\n".encode()


def book(path: str, count: int) -> dict[bytes, bytes]:
    """A book of so many cards, which are named by its path and a number."""
    name = path.strip("/").replace("/", "-")
    return {f"{path}{number:04}.vcf".encode(): card(f"{name}-{number}") for number in range(count)}


def multistatus(*responses: bytes) -> bytes:
    body = b'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus %b>\n%b</D:multistatus>\n'
    return reply(207, body % (_SPACES, b"".join(responses)), XML)


def full(path: str) -> bytes:
    """The response of a server that cuts its answer (RFC 6578 section 3.6, RFC 6352 section 8.6.2)."""
    return b"<D:response><D:href>%b</D:href>%b</D:response>\n" % (path.encode(), FULL)


def gone(href: bytes) -> bytes:
    return b"<D:response><D:href>%b</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>\n" % href


def properties(href: bytes, found: bytes) -> bytes:
    return (
        b"<D:response><D:href>%b</D:href><D:propstat><D:prop>%b</D:prop>"
        b"<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n" % (href, found)
    )


def member(href: bytes) -> bytes:
    """Of a listing."""
    return properties(href, b'<D:getetag>"1"</D:getetag><D:resourcetype/>')


def carried(href: bytes, data: bytes) -> bytes:
    """Of a report."""
    text = escape(data.decode("utf-8", "surrogateescape"), {"\r": "&#13;"})
    inner = text.encode("utf-8", "surrogateescape")
    return properties(href, b'<D:getetag>"1"</D:getetag><C:address-data>%b</C:address-data>' % inner)


def asked(request: ReceivedRequest) -> list[bytes]:
    """The hrefs of a multiget."""
    return [
        href.replace(b"&lt;", b"<").replace(b"&gt;", b">").replace(b"&amp;", b"&")
        for href in _HREF.findall(request.body)
    ]


def kind(request: ReceivedRequest) -> str:
    """`listing`, `multiget`, `query`, `sync`, `get`, or `discovery`."""
    if request.method == "REPORT":
        return next(
            word for word in ("multiget", "query", "sync") if f"{word}".encode() in request.body[:200]
        )
    if request.method == "GET":
        return "get"
    is_book = request.target != HOME and request.headers.get("depth") == "1"
    return "listing" if is_book else "discovery"


class ScriptedBooks:
    """`replace` is asked first; what it returns but `PASS` is the answer. `kinds` are the requests to books."""

    def __init__(self, books: Books, replace: Replace, reports: str) -> None:
        self.books = books
        self.kinds: list[tuple[str, str]] = []
        self._replace = replace
        self._reports = reports.split()

    def answer(self, request: ReceivedRequest) -> Reply | Awaitable[Reply]:
        what = kind(request)
        if what != "discovery":
            self.kinds.append((what, request.target))
        instead = self._replace(what, request)
        if not isinstance(instead, bool):
            return instead
        return self.plain(what, request)

    def plain(self, what: str, request: ReceivedRequest) -> Reply:
        """What a sound server says."""
        cards = self.books.get(request.target)
        if what == "discovery":
            return self._discovered(request)
        if what == "get":
            wanted = unquote_to_bytes(request.target)
            for cards in self.books.values():
                for href, data in cards.items():
                    if unquote_to_bytes(href) == wanted:
                        return reply(200, data, "Content-Type: text/vcard")
            return reply(404)
        if cards is None:
            return reply(404)
        if what == "listing":
            itself = properties(request.target.encode(), b"<D:resourcetype><D:collection/></D:resourcetype>")
            return multistatus(itself, *map(member, cards))
        if not any(what in report for report in self._reports):
            return reply(501)
        if what == "multiget":
            by_octets = {unquote_to_bytes(href): href for href in cards}
            found = [(href, by_octets.get(unquote_to_bytes(href))) for href in asked(request)]
            return multistatus(
                *(gone(href) if real is None else carried(real, cards[real]) for href, real in found)
            )
        return multistatus(*(carried(href, data) for href, data in cards.items()))

    def _discovered(self, request: ReceivedRequest) -> Reply:
        if request.target != HOME:
            home = b"<C:addressbook-home-set><D:href>%b</D:href></C:addressbook-home-set>" % HOME.encode()
            return multistatus(properties(request.target.encode(), home))
        reports = b"".join(
            b"<D:supported-report><D:report><%b/></D:report></D:supported-report>"
            % (("D:" if name.startswith("sync") else "C:") + name).encode()
            for name in self._reports
        )
        return multistatus(
            *(
                properties(
                    path.encode(),
                    b"<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"
                    b"<D:supported-report-set>%b</D:supported-report-set>" % reports,
                )
                for path in self.books
            )
        )


ALL_REPORTS = "sync-collection addressbook-multiget addressbook-query"


@asynccontextmanager
async def scripted_books(
    books: Books,
    replace: Replace = lambda what, request: True,
    reports: str = ALL_REPORTS,
) -> AsyncGenerator[tuple[ScriptedBooks, LittleServer]]:
    """Runs until the block ends. `replace` returns True where the answer is the usual one."""
    one = ScriptedBooks(books, replace, reports)
    async with little_server(one.answer) as server:
        yield one, server
