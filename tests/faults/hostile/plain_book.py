"""The normal address book of a hostile server, for the requests that its scenario does not change."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape

from tests.faults.hostile.scenario import ScenarioRequest, Step

CARDS = 40
PIECE = 64 * 1024
OPEN = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">'
)
CLOSE = b"</D:multistatus>"
KIND = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"
REPORTS = "".join(
    f"<D:supported-report><D:report><{name}/></D:report></D:supported-report>"
    for name in ("D:sync-collection", "C:addressbook-multiget")
)
UNKNOWN = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="book"\r\nContent-Length: 0\r\n\r\n'


def href(number: object) -> str:
    return f"/dav/book/{number}.vcf"


def card(number: object, more: str = "") -> str:
    return (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u{number}\r\nFN:Person {number}\r\nN:{number};Person;;;\r\n"
        f"EMAIL:p{number}@example.org\r\n{more}END:VCARD\r\n"
    )


def response(where: str, properties: str, status: int = 200) -> bytes:
    return (
        f"<D:response><D:href>{escape(where)}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        f"<D:status>HTTP/1.1 {status} Whatever</D:status></D:propstat></D:response>"
    ).encode()


def with_card(where: str, text: str) -> bytes:
    data = f"<C:address-data>{escape(text)}</C:address-data>"
    return response(where, f'<D:getetag>"1"</D:getetag>{data}')


def member(where: str) -> bytes:
    return response(where, '<D:getetag>"1"</D:getetag><D:resourcetype/>')


def head(status: int = 207, *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", *lines, "", ""]).encode("latin-1")


def whole(status: int, body: bytes = b"", *lines: str) -> Iterator[Step]:
    """A whole answer with its length."""
    yield head(status, f"Content-Length: {len(body)}", *lines) + body


def chunked(pieces: Iterable[bytes], *lines: str, status: int = 207) -> Iterator[Step]:
    """An answer in chunks, some 64 KiB each."""
    yield head(status, "Content-Type: application/xml", "Transfer-Encoding: chunked", *lines)
    some: list[bytes] = []
    size = 0
    for piece in pieces:
        some.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"%x\r\n%s\r\n" % (size, b"".join(some))
            some, size = [], 0
    yield b"%x\r\n%s\r\n" % (size, b"".join(some)) if size else b""
    yield b"0\r\n\r\n"


def multistatus(pieces: Iterable[bytes], *lines: str) -> Iterator[Step]:
    return chunked(itertools.chain([OPEN], pieces, [CLOSE]), *lines)


def asked(request: ScenarioRequest) -> list[str]:
    """The hrefs of a multiget."""
    return re.findall(r"<D:href>([^<]*)</D:href>", request.body.decode())


def numbered(where: str) -> str:
    return where.rpartition("/")[2].partition(".")[0]


def sound(request: ScenarioRequest, count: int = CARDS) -> Iterator[Step]:
    """What an ordinary server says: principal, home, one book, its cards in every way."""
    if "authorization" not in request.headers:
        return iter([UNKNOWN])
    target = request.target
    if request.method == "GET" and target.startswith("/dav/book/"):
        return whole(200, card(numbered(target)).encode(), "Content-Type: text/vcard")
    if request.method == "PROPFIND" and target in ("/dav/", "/dav/alice/"):
        properties = (
            "<D:current-user-principal><D:href>/dav/alice/</D:href></D:current-user-principal>"
            "<C:addressbook-home-set><D:href>/dav/home/</D:href></C:addressbook-home-set>"
        )
        return multistatus([response(target, properties)])
    if request.is_home:
        book = f"{KIND}<D:displayname>Book</D:displayname><D:supported-report-set>{REPORTS}</D:supported-report-set>"
        return multistatus([response("/dav/book/", book)])
    if request.is_listing:
        members = (member(href(number)) for number in range(count))
        return multistatus(itertools.chain([response("/dav/book/", KIND)], members))
    if request.is_sync:
        return multistatus(with_card(href(number), card(number)) for number in range(count))
    if request.is_multiget:
        return multistatus(with_card(where, card(numbered(where))) for where in asked(request))
    return whole(404)
