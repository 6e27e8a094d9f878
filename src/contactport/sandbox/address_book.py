"""The sandbox's CardDAV server (RFC 6352): one user, one book, which nobody can change.

It answers what a client needs to find the book and to read it, and sends every property that it has, whichever are
asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from xml.parsers import expat
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response

from contactport.http.forms import read_body
from contactport.sandbox.sample_cards import cards

ROOT = "/carddav/"
PRINCIPAL = f"{ROOT}user_good/"
HOME = f"{PRINCIPAL}books/"
BOOK = f"{HOME}contacts/"
METHODS = ("OPTIONS", "PROPFIND", "REPORT", "GET", "HEAD")
_BODY_BYTES = 256 * 1024
_HREF = "DAV: href"
_COLLECTION = "<D:collection/>"
_REPORTS = "".join(
    f"<D:supported-report><D:report><C:{name}/></D:report></D:supported-report>"
    for name in ("addressbook-multiget", "addressbook-query")
)
_PROPERTIES = {
    ROOT: f"<D:resourcetype>{_COLLECTION}</D:resourcetype>"
    f"<D:current-user-principal><D:href>{PRINCIPAL}</D:href></D:current-user-principal>",
    PRINCIPAL: f"<D:resourcetype>{_COLLECTION}<D:principal/></D:resourcetype>"
    f"<D:current-user-principal><D:href>{PRINCIPAL}</D:href></D:current-user-principal>"
    f"<C:addressbook-home-set><D:href>{HOME}</D:href></C:addressbook-home-set>",
    HOME: f"<D:resourcetype>{_COLLECTION}</D:resourcetype>",
    BOOK: f"<D:resourcetype>{_COLLECTION}<C:addressbook/></D:resourcetype><D:displayname>Contacts</D:displayname>"
    f"<D:supported-report-set>{_REPORTS}</D:supported-report-set>",
}
"""What each collection says of itself."""
_INSIDE = {ROOT: [PRINCIPAL], PRINCIPAL: [HOME], HOME: [BOOK]}

Judge = Callable[[str], int]
"""From the header Authorization to 200, or to the status of a refusal."""


class SandboxBook:
    """The endpoint of everything below ROOT."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._cards = {f"{BOOK}{number:02}.vcf": data for number, data in enumerate(cards(), 1)}

    async def answer(self, request: Request) -> Response:
        """Raises Refusal for a body that is too long."""
        if request.method == "OPTIONS":
            return Response(headers={"dav": "1, 3, addressbook", "allow": ", ".join(METHODS)})
        status = self._judge(request.headers.get("authorization", ""))
        if status == 401:
            return Response(
                status_code=401, headers={"www-authenticate": 'Bearer realm="contactport sandbox"'}
            )
        if status != 200:
            return Response(status_code=status)
        path: str = request.scope["path"]
        match request.method:
            case "PROPFIND":
                return self._propfind(path, request.headers.get("depth", "0"))
            case "REPORT":
                return self._report(path, await read_body(request, _BODY_BYTES))
            case _:
                card = self._cards.get(path)
                return Response(status_code=404) if card is None else Response(card, media_type="text/vcard")

    def _propfind(self, path: str, depth: str) -> Response:
        if path in self._cards:
            return _multistatus([_member(path)])
        if path not in _PROPERTIES:
            return Response(status_code=404)
        answers = [_response(path, _PROPERTIES[path])]
        if depth != "0":
            answers += [_response(child, _PROPERTIES[child]) for child in _INSIDE.get(path, ())]
            answers += map(_member, self._cards) if path == BOOK else ()
        return _multistatus(answers)

    def _report(self, path: str, body: bytes) -> Response:
        if path != BOOK:
            return Response(status_code=404)
        try:
            report, hrefs = _read_report(body)
        except expat.ExpatError:
            return Response(status_code=400)
        if report == "addressbook-query":
            hrefs = list(self._cards)
        elif report != "addressbook-multiget":
            return Response(status_code=403)
        return _multistatus(
            _response(href, f"{_etag()}<C:address-data>{_text(self._cards[href])}</C:address-data>")
            if href in self._cards
            else _gone(href)
            for href in hrefs
        )


def _read_report(body: bytes) -> tuple[str, list[str]]:
    """The report's name, and the hrefs in it. Raises expat.ExpatError."""
    names: list[str] = []
    hrefs: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        names.append(name)
        if name == _HREF:
            hrefs.append("")

    def text(data: str) -> None:
        if names and names[-1] == _HREF:
            hrefs[-1] += data

    def end(_name: str) -> None:
        # The root's name stays: it is the report's.
        if len(names) > 1:
            names.pop()

    def refuse(*_: object) -> None:
        raise expat.ExpatError("a document type is not read")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(body, True)
    return names[0].rpartition(" ")[2], hrefs


def _multistatus(answers: Iterable[str]) -> Response:
    body = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">{"".join(answers)}</D:multistatus>\n'
    )
    return Response(body, 207, media_type="application/xml")


def _response(href: str, properties: str) -> str:
    return (
        f"<D:response><D:href>{escape(href)}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )


def _gone(href: str) -> str:
    status = "<D:status>HTTP/1.1 404 Not Found</D:status>"
    return f"<D:response><D:href>{escape(href)}</D:href>{status}</D:response>"


def _member(href: str) -> str:
    return _response(href, f"{_etag()}<D:resourcetype/><D:getcontenttype>text/vcard</D:getcontenttype>")


def _etag() -> str:
    return '<D:getetag>"1"</D:getetag>'


def _text(card: bytes) -> str:
    return re.sub("\r", "&#13;", escape(card.decode("utf-8")))
