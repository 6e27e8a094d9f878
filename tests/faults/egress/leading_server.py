"""A user's server that leads an import to another address, in every way that a server can."""

from __future__ import annotations

from xml.sax.saxutils import escape

from tests.faults.egress.addresses import Way
from tests.faults.matrix.paged_book import BOOK, HOME, ROOT, multistatus, response
from tests.unit.net.little_server import Handler, ReceivedRequest, reply

_BOOK_KIND = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"
_STATUSES = (301, 302, 303, 307, 308)
WELL_KNOWN = "/.well-known/carddav"


def handler(way: Way, target: str) -> Handler:
    """Answers every request; `target` is named where `way` says, as bytes that no library has tidied up."""
    status = _STATUSES[len(target) % len(_STATUSES)]
    location = "Location: " + target.encode("utf-8").decode("latin-1")

    def answer(request: ReceivedRequest) -> bytes:
        place = request.target
        if way == "redirect" or (way == "well-known" and place == WELL_KNOWN):
            return reply(status, b"", location)
        if way == "well-known":
            return reply(404)
        if request.method == "PROPFIND":
            return _xml(_found(way, target, place, deep=request.headers.get("depth") == "1"))
        if request.method == "REPORT" and way == "photo":
            return _xml([_card(target)])
        return reply(501)

    return answer


def _found(way: Way, target: str, place: str, *, deep: bool) -> list[bytes]:
    if place == BOOK:
        member = target if way == "card" else BOOK + "one.vcf"
        return [response(BOOK, _BOOK_KIND)] + [response(escape(member), "<D:resourcetype/>")] * deep
    if place == HOME and deep:
        return [response(escape(target) if way == "book" else BOOK, _BOOK_KIND)]
    if way == "principal":
        named = f"<D:current-user-principal><D:href>{escape(target)}</D:href></D:current-user-principal>"
    else:
        home = escape(target) if way == "home set" else HOME
        named = f"<C:addressbook-home-set><D:href>{home}</D:href></C:addressbook-home-set>"
    return [response(ROOT, f"<D:resourcetype><D:collection/></D:resourcetype>{named}")]


def _card(picture: str) -> bytes:
    lines = (
        *("BEGIN:VCARD", "VERSION:3.0", "UID:one", "FN:Ann", "N:;Ann;;;", f"PHOTO;VALUE=URI:{picture}"),
        *(f"URL:{picture}", f"SOURCE:{picture}", f"KEY;VALUE=URI:{picture}", "END:VCARD", ""),
    )
    card = escape("\r\n".join(lines))
    return response(BOOK + "one.vcf", f"<C:address-data>{card}</C:address-data>")


def _xml(responses: list[bytes]) -> bytes:
    answer = multistatus(*responses)
    return reply(207, answer.body, *(f"{name}: {value}" for name, value in answer.headers.items()))
