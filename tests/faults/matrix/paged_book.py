"""The address book behind the fault proxy: the normal answer to each request.

It is asked in one of two manners. `pages` knows multiget alone, so that a book comes in many answers; `lump` gives
the whole book in one answer to sync-collection, and multiget beside it.
"""

from __future__ import annotations

import base64
import re
from typing import Literal
from xml.sax.saxutils import escape

import msgspec

from tests.e2e.paused_server import people

Manner = Literal["pages", "lump"]
Stage = Literal[
    "discovery", "listing", "pages", "lump", "token", "refresh", "first page", "next page", "revocation"
]
"""`pages`: in the middle of a book that comes in many answers; `lump`: within one long answer. The rest is of imports
by consent."""
ROOT = "/dav/"
HOME = "/dav/alice/"
BOOK = "/dav/alice/book/"
USERNAME, PASSWORD = "alice", "secret"
COUNT = 1200
XML = {"Content-Type": "application/xml; charset=utf-8"}
CHALLENGE = {"WWW-Authenticate": 'Basic realm="book", charset="UTF-8"'}

_EXPECTED = "Basic " + base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
_OPEN = b'<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">'
_CLOSE = b"</D:multistatus>"
_HREF = re.compile(rb"<D:href>([^<]*)</D:href>")
_KIND = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"


class PagedRequest(msgspec.Struct):
    """One request of the import; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class PagedAnswer(msgspec.Struct):
    status: int
    headers: dict[str, str] = {}
    body: bytes = b""


def response(href: str, properties: str) -> bytes:
    """One DAV:response; both are XML already."""
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    ).encode()


def multistatus(*responses: bytes) -> PagedAnswer:
    return PagedAnswer(207, XML, b"".join((_OPEN, *responses, _CLOSE)))


class PagedBook:
    """Alice's one book of COUNT people; answers are put together once, so that many imports cost little."""

    def __init__(self, manner: Manner, count: int = COUNT) -> None:
        self.emails = sorted(f"person.{number}@example.org" for number in range(count))
        self._cards = people(count)
        given = {
            BOOK + name: response(
                BOOK + name, f'<D:getetag>"{name}"</D:getetag><C:address-data>{escape(card)}</C:address-data>'
            )
            for name, card in self._cards.items()
        }
        self._given = given
        self._lump = multistatus(*given.values()) if manner == "lump" else None
        listed = [response(href, "<D:getetag>1</D:getetag><D:resourcetype/>") for href in given]
        self._book = response(BOOK, _KIND)
        self._listing = multistatus(self._book, *listed)
        reports = ["addressbook-multiget"] + ["sync-collection"] * (manner == "lump")
        supported = "".join(
            f"<D:supported-report><D:report><C:{report}/></D:report></D:supported-report>"
            for report in reports
        )
        self._home = multistatus(
            response(HOME, "<D:resourcetype><D:collection/></D:resourcetype>"),
            response(BOOK, f"{_KIND}<D:supported-report-set>{supported}</D:supported-report-set>"),
        )
        self._root = multistatus(
            response(
                ROOT,
                "<D:resourcetype><D:collection/></D:resourcetype>"
                f"<D:current-user-principal><D:href>{HOME}</D:href></D:current-user-principal>"
                f"<C:addressbook-home-set><D:href>{HOME}</D:href></C:addressbook-home-set>",
            )
        )

    def answer(self, request: PagedRequest) -> PagedAnswer:
        """What a sound server says."""
        if not request.target.startswith(ROOT):
            return PagedAnswer(404)
        if not self.knows(request):
            return PagedAnswer(401, CHALLENGE)
        return self.given(request)

    def knows(self, request: PagedRequest) -> bool:
        """Whether it comes with the right password."""
        return request.headers.get("authorization") == _EXPECTED

    def is_page(self, request: PagedRequest) -> bool:
        """Whether it asks for cards, many at once."""
        return request.method == "REPORT"

    def is_at(self, stage: Stage, request: PagedRequest, page: int) -> bool:
        """Whether the import is in this stage; `page` counts the requests for cards."""
        if request.method == "PROPFIND":
            return stage == ("listing" if request.target == BOOK else "discovery")
        if request.method not in ("REPORT", "GET"):
            return False
        # One page has come before the fault does.
        return stage == "lump" or (stage == "pages" and page > 1)

    def given(self, request: PagedRequest) -> PagedAnswer:
        """To somebody who is signed in."""
        if request.method == "PROPFIND":
            return self._found(request.target, deep=request.headers.get("depth") == "1")
        if request.method == "REPORT" and request.target == BOOK:
            return self._reported(request.body)
        if request.method == "GET" and request.target in self._given:
            card = self._cards[request.target.removeprefix(BOOK)]
            return PagedAnswer(200, {"Content-Type": "text/vcard; charset=utf-8"}, card.encode())
        return PagedAnswer(404)

    def _found(self, target: str, *, deep: bool) -> PagedAnswer:
        if target == BOOK:
            return self._listing if deep else multistatus(self._book)
        if target == HOME and deep:
            return self._home
        return self._root if target in (ROOT, HOME) else PagedAnswer(404)

    def _reported(self, body: bytes) -> PagedAnswer:
        if b":addressbook-multiget" in body:
            asked = (href.decode() for href in _HREF.findall(body))
            return multistatus(*(self._given[href] for href in asked if href in self._given))
        if b":sync-collection" in body and self._lump is not None:
            return self._lump
        return PagedAnswer(403)
