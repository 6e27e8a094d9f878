"""The sandbox's CardDAV server (RFC 6352): each user has one book, which nobody can change.

It answers what a client needs to find the book and to read it, and sends every property that it has, whichever are
asked for. What a user's script says happens on the way: slow answers, broken connections, refusals.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from xml.parsers import expat
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from contactport.http.forms import read_body
from contactport.sandbox.accounts import Account

METHODS = ("OPTIONS", "PROPFIND", "REPORT", "GET", "HEAD")
_BODY_BYTES = 256 * 1024
_HANG_SECONDS = 600.0
"""Longer than any client waits."""
_GARBAGE = bytes(range(256)) * 4
_HREF = "DAV: href"
_COLLECTION = "<D:collection/>"
_REPORTS = "".join(
    f"<D:supported-report><D:report><C:{name}/></D:report></D:supported-report>"
    for name in ("addressbook-multiget", "addressbook-query")
)
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">'
)

Judge = Callable[[str], Account | int]
"""From the header Authorization to an account, or to the status of a refusal."""


class Dropped(Exception):
    """The connection is to break here, as the user's script says."""


class SandboxBooks:
    """The endpoint of everything below `root`. `challenge` is how a client is asked to sign in."""

    def __init__(self, root: str, challenge: str, judge: Judge) -> None:
        self._root = root
        self._challenge = challenge
        self._judge = judge

    async def answer(self, request: Request) -> Response:
        """Raises Refusal for a body that is too long."""
        if request.method == "OPTIONS":
            return Response(headers={"dav": "1, 3, addressbook", "allow": ", ".join(METHODS)})
        account = self._judge(request.headers.get("authorization", ""))
        if account == 401:
            return Response(status_code=401, headers={"www-authenticate": self._challenge})
        if isinstance(account, int):
            return Response(status_code=account)
        answer = await _instead(account)
        if answer is not None:
            return answer
        tree = _Tree(self._root, account)
        path: str = request.scope["path"]
        if account.fault == "partial" and path.startswith(tree.refused):
            return Response(status_code=403)
        match request.method:
            case "PROPFIND":
                return _propfind(tree, path, request.headers.get("depth", "0"))
            case "REPORT":
                return _report(tree, path, await read_body(request, _BODY_BYTES))
            case _:
                number = tree.number(path)
                if number is None:
                    return Response(status_code=404)
                return StreamingResponse(_one(account, number), media_type="text/vcard")


async def _instead(account: Account) -> Response | None:
    """What some users get whatever they ask for."""
    match account.fault:
        case "timeout":
            await asyncio.sleep(_HANG_SECONDS)
            return Response(status_code=504)
        case "garbage":
            return Response(_GARBAGE, 207, media_type="application/xml")
        case "provider_changed":
            return HTMLResponse("<!doctype html><title>Welcome</title><p>Our new address book is in the app.")
        case "provider_down":
            return PlainTextResponse("The service is not available.", 503)
        case "rate_limited":
            return PlainTextResponse("Too many requests.", 429)
        case "account_locked":
            return PlainTextResponse("Your account is locked.", 403)
        case _:
            return None


class _Tree:
    """The paths of one user: what each collection says of itself, and what is in it."""

    def __init__(self, root: str, account: Account) -> None:
        principal = f"{root}{account.user}/"
        home = f"{principal}books/"
        self.account = account
        self.book = f"{home}contacts/"
        self.refused = f"{home}more/"
        book = (
            f"<D:resourcetype>{_COLLECTION}<C:addressbook/></D:resourcetype><D:displayname>Contacts</D:displayname>"
            f"<D:supported-report-set>{_REPORTS}</D:supported-report-set>"
        )
        found = (
            f"<D:current-user-principal><D:href>{principal}</D:href></D:current-user-principal>"
            f"<C:addressbook-home-set><D:href>{home}</D:href></C:addressbook-home-set>"
        )
        self.properties = {
            root: f"<D:resourcetype>{_COLLECTION}</D:resourcetype>{found}",
            principal: f"<D:resourcetype>{_COLLECTION}<D:principal/></D:resourcetype>{found}",
            home: f"<D:resourcetype>{_COLLECTION}</D:resourcetype>",
            self.book: book,
        }
        self.inside = {root: [principal], principal: [home], home: [self.book]}
        if account.fault == "partial":
            self.properties[self.refused] = book
            self.inside[home].append(self.refused)

    def number(self, href: str) -> int | None:
        """Which card this is, from 0 on; None for none."""
        name = re.fullmatch(r"([0-9]{5})\.vcf", href.removeprefix(self.book)) if self._holds(href) else None
        number = -1 if name is None else int(name[1]) - 1
        return number if 0 <= number < self.account.cards.count else None

    def _holds(self, href: str) -> bool:
        return href.startswith(self.book)

    def hrefs(self) -> list[str]:
        """Of all cards."""
        return [f"{self.book}{number:05}.vcf" for number in range(1, self.account.cards.count + 1)]


def _propfind(tree: _Tree, path: str, depth: str) -> Response:
    if tree.number(path) is not None:
        return _multistatus([_member(path)])
    if path not in tree.properties:
        return Response(status_code=404)
    answers = [_response(path, tree.properties[path])]
    if depth != "0":
        answers += [_response(child, tree.properties[child]) for child in tree.inside.get(path, ())]
        answers += map(_member, tree.hrefs()) if path == tree.book else ()
    return _multistatus(answers)


def _report(tree: _Tree, path: str, body: bytes) -> Response:
    if path != tree.book:
        return Response(status_code=404)
    try:
        report, hrefs = _read_report(body)
    except expat.ExpatError:
        return Response(status_code=400)
    if report == "addressbook-query":
        hrefs = tree.hrefs()
    elif report != "addressbook-multiget":
        return Response(status_code=403)
    return StreamingResponse(_cards(tree, hrefs), 207, media_type="application/xml")


async def _cards(tree: _Tree, hrefs: list[str]) -> AsyncGenerator[str]:
    """A card after the other, at the speed of the user's script. Raises Dropped where that says so."""
    yield _HEAD
    account = tree.account
    for href in hrefs:
        number = tree.number(href)
        if number is None:
            yield _gone(href)
            continue
        _check(account, number)
        if account.seconds:
            await asyncio.sleep(account.seconds / account.cards.count)
        card = _text(account.cards.card(number))
        yield _response(href, f"{_etag()}<C:address-data>{card}</C:address-data>")
    yield "</D:multistatus>\n"


async def _one(account: Account, number: int) -> AsyncGenerator[bytes]:
    yield b""
    _check(account, number)
    yield account.cards.card(number)


def _check(account: Account, number: int) -> None:
    if account.drop_at is not None and number >= account.drop_at:
        raise Dropped


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
    return Response(f"{_HEAD}{''.join(answers)}</D:multistatus>\n", 207, media_type="application/xml")


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
