"""A proxy that makes Radicale behave like other servers. Each quirk is a row with a name.

A quirk is a chain of filters; each gets the request and a way to pass it on, and may change either side or answer by
itself. What the filters imitate is listed in QUIRKS with the provider or server that does so.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from contactport.net.challenge import parse
from contactport.net.digest import ALGORITHMS
from tests.unit.net.little_server import Last, LittleServer, ReceivedRequest, Reply, little_server


class QuirkAnswer(msgspec.Struct):
    """Radicale's, or what a filter made of it."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    close: bool = False

    def raw(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Whatever", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {line}" for name, value in self.headers.items() for line in value.split("\n")]
        whole = "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body
        return Last(whole) if self.close else whole


Pass = Callable[[ReceivedRequest], Awaitable[QuirkAnswer]]
Filter = Callable[[ReceivedRequest, Pass], Awaitable[QuirkAnswer | None]]

_RESPONSE = re.compile(rb"<response>.*?</response>", re.DOTALL)
_DATA = re.compile(rb"<CR:address-data>.*?</CR:address-data>", re.DOTALL)
_HREF = re.compile(rb"<href>([^<]*)</href>")
XML = {"Content-Type": "text/xml; charset=utf-8"}


def asks(request: ReceivedRequest, report: str) -> bool:
    """Whether the request is this REPORT."""
    return request.method == "REPORT" and f":{report}".encode() in request.body


def has_filter(request: ReceivedRequest) -> bool:
    return b":filter" in request.body


def refuses(
    report: str, status: int, body: bytes = b"", *, unless: Callable[[ReceivedRequest], bool] | None = None
) -> Filter:
    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        if asks(request, report) and not (unless and unless(request)):
            return QuirkAnswer(status, XML, body)
        return await onward(request)

    return apply


def answers_empty(report: str, *, when: Callable[[ReceivedRequest], bool] = lambda _: True) -> Filter:
    """A multistatus without a response in it."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        if asks(request, report) and when(request):
            return QuirkAnswer(207, XML, b'<?xml version="1.0"?><multistatus xmlns="DAV:"/>')
        return await onward(request)

    return apply


def rewrites(
    change: Callable[[bytes], bytes], *, when: Callable[[ReceivedRequest], bool] = lambda _: True
) -> Filter:
    """Changes the body of every multistatus that answers such a request."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        answer = await onward(request)
        if answer.status == 207 and when(request):
            answer.body = change(answer.body)
        return answer

    return apply


def nameless() -> Filter:
    """Does not say which reports it supports, so that nobody takes it for Radicale."""
    return rewrites(
        lambda body: re.sub(rb"<supported-report-set>.*?</supported-report-set>", b"", body, flags=re.DOTALL)
    )


def without_data(report: str = "sync-collection") -> Filter:
    """Gives the etags alone, as Xandikos and DAViCal do."""
    return rewrites(lambda body: _DATA.sub(b"", body), when=lambda request: asks(request, report))


def challenges(*headers: str) -> Filter:
    """What a 401 says; nothing at all without arguments."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        answer = await onward(request)
        if answer.status == 401:
            answer.headers = {"WWW-Authenticate": "\n".join(headers)} if headers else {}
        return answer

    return apply


def digest(algorithm: str, username: str, password: str, *, nonce_life: int = 1000) -> Filter:
    """Checks Digest, and passes the request on with Basic. A nonce is good for `nonce_life` requests."""
    state = {"nonce": 0, "used": 0}

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        nonce = f"nonce-{state['nonce']}"
        sent = parse([request.headers.get("authorization", "")])
        hashed = ALGORITHMS[algorithm.lower()]

        def h(*parts: str) -> str:
            return hashed(":".join(parts).encode())

        stale = ""
        if sent and sent[0].scheme == "digest":
            found = sent[0]
            secret = h(username, "dav", password)
            if algorithm.lower().endswith("-sess"):
                secret = h(secret, found["nonce"], found["cnonce"])
            place = h(request.method, request.target)
            expected = h(secret, found["nonce"], found["nc"], found["cnonce"], "auth", place)
            good = found["response"] == expected and found["uri"] == request.target
            if good and found["nonce"] == nonce and state["used"] < nonce_life:
                state["used"] += 1
                pair = base64.b64encode(f"{username}:{password}".encode()).decode()
                request.headers["authorization"] = f"Basic {pair}"
                return await onward(request)
            if good:
                state["nonce"] += 1
                state["used"] = 0
                stale = ", stale=true"
        challenge = (
            f'Digest realm="dav", nonce="nonce-{state["nonce"]}", qop="auth", algorithm={algorithm}{stale}'
        )
        return QuirkAnswer(401, {"WWW-Authenticate": challenge})

    return apply


def drops_every(count: int) -> Filter:
    """Ends the connection instead of answering, each so many requests."""
    seen = {"requests": 0}

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer | None:
        seen["requests"] += 1
        if seen["requests"] % count == 0:
            return None
        return await onward(request)

    return apply


def breaks_off(report: str, *, times: int) -> Filter:
    """Ends the connection in the middle of the body."""
    left = {"times": times}

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        answer = await onward(request)
        if asks(request, report) and left["times"] > 0 and len(answer.body) > 2000:
            left["times"] -= 1
            answer.body = answer.body[: len(answer.body) * 2 // 3]
            # No length, so that only the XML tells.
            answer.close = True
        return answer

    return apply


def cuts_for_limit() -> Filter:
    """Honours DAV:limit by leaving members out, without a word."""
    return cuts(10, when=lambda request: b":limit" in request.body)


def cuts(count: int, *, when: Callable[[ReceivedRequest], bool]) -> Filter:
    """Gives only so many responses, without a word."""

    def change(body: bytes) -> bytes:
        kept = _RESPONSE.findall(body)
        for extra in kept[count:]:
            body = body.replace(extra, b"")
        return body

    return rewrites(change, when=when)


def pages_sync(count: int) -> Filter:
    """Answers sync-collection in portions, with 507 for the collection and a token that continues."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        if not asks(request, "sync-collection"):
            return await onward(request)
        asked = re.search(rb"<D:sync-token>portion-(\d+)</D:sync-token>", request.body)
        start = int(asked[1]) if asked else 0
        if asked:
            request.body = request.body.replace(asked[0], b"<D:sync-token/>")
            request.headers["content-length"] = str(len(request.body))
        answer = await onward(request)
        found = sorted(_RESPONSE.findall(answer.body))
        portion = b"".join(found[start : start + count])
        more = start + count < len(found)
        token = f"<sync-token>portion-{start + count}</sync-token>".encode()
        if more:
            path = request.target.encode()
            portion += (
                b"<response><href>"
                + path
                + b"</href><status>HTTP/1.1 507 Insufficient Storage</status></response>"
            )
        head = answer.body[: answer.body.index(b"<response>")] if found else answer.body
        answer.body = (
            re.sub(rb"<sync-token>.*?</sync-token>", b"", head) + portion + token + b"</multistatus>"
        )
        return answer

    return apply


def html(*targets: str) -> Filter:
    """A 200 web page where WebDAV was asked for."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        if request.target in targets:
            return QuirkAnswer(
                200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><body>Welcome</body></html>"
            )
        return await onward(request)

    return apply


def redirects(target: str, location: str, status: int = 301) -> Filter:
    """`{host}` in the location is the request's own."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        if request.target == target:
            return QuirkAnswer(status, {"Location": location.format(host=request.headers["host"])})
        return await onward(request)

    return apply


def at(path: str, real: str = "/") -> Filter:
    """Serves `real` at another path."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        if request.target == path:
            request.target = real
        elif request.target == real and path != real:
            return QuirkAnswer(404, {})
        return await onward(request)

    return apply


def no_principal() -> Filter:
    """Says neither who the user is nor where the books are: the start URL is their home."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        if request.target in ("/", "/carddav/"):
            user = base64.b64decode(request.headers.get("authorization", "Basic Og==")[6:]).partition(b":")[0]
            request.target = f"/{user.decode()}/" if user else "/"
        answer = await onward(request)
        for name in (b"current-user-principal", b"principal-URL", b"CR:addressbook-home-set"):
            answer.body = re.sub(b"<" + name + b">.*?</" + name + b">", b"", answer.body, flags=re.DOTALL)
        return answer

    return apply


def principal_in_404() -> Filter:
    """The current user's principal stands in a propstat of status 404."""

    def change(body: bytes) -> bytes:
        found = re.search(rb"<current-user-principal>.*?</current-user-principal>", body, re.DOTALL)
        if found is None or b"unauthenticated" in found[0]:
            return body
        moved = b"<propstat><prop>" + found[0] + b"</prop><status>HTTP/1.1 404 Not Found</status></propstat>"
        return body.replace(found[0], b"").replace(b"</response>", moved + b"</response>", 1)

    return rewrites(change)


def home_on(host: str) -> Filter:
    """The home set is a URL on another host; the books are only there."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        name, _, port = request.headers["host"].partition(":")
        if name != host and request.method == "REPORT":
            return QuirkAnswer(404, {})
        answer = await onward(request)
        answer.body = re.sub(
            rb"(<CR:addressbook-home-set>\s*<href>)(/[^<]*)",
            rb"\1https://" + f"{host}:{port}".encode() + rb"\2",
            answer.body,
        )
        return answer

    return apply


def only_paths() -> Filter:
    """Refuses multiget of absolute URIs."""
    return refuses("addressbook-multiget", 400, unless=lambda request: b"href>http" not in request.body)


def omits_missing() -> Filter:
    """multiget says nothing about hrefs that are gone."""

    def change(body: bytes) -> bytes:
        for response in _RESPONSE.findall(body):
            if b"404" in response and b"propstat" not in response:
                body = body.replace(response, b"")
        return body

    return rewrites(change, when=lambda request: asks(request, "addressbook-multiget"))


def lists_ghosts(count: int) -> Filter:
    """Members that are in the listing and gone when they are asked for."""

    def change(body: bytes) -> bytes:
        hrefs = [href for href in _HREF.findall(body) if href.endswith(b".vcf")]
        if not hrefs:
            return body
        folder = hrefs[0].rpartition(b"/")[0]
        ghosts = b"".join(
            b"<response><href>%b/ghost-%d.vcf</href><propstat><prop><getetag>&quot;x&quot;</getetag></prop>"
            b"<status>HTTP/1.1 200 OK</status></propstat></response>" % (folder, number)
            for number in range(count)
        )
        return body.replace(b"</multistatus>", ghosts + b"</multistatus>")

    return rewrites(change, when=lambda request: request.method == "PROPFIND")


def names_owner(number: int, *, as_principal_address: bool) -> Filter:
    """Says which card is the user's own: by RFC 6352, or in Apple's way on the home."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        answer = await onward(request)
        user = request.target.strip("/").partition("/")[0]
        if request.method != "PROPFIND" or answer.status != 207 or not user or user.startswith("."):
            return answer
        href = f"<href>/{user}/contacts/{number:06d}.vcf</href>".encode()
        if as_principal_address:
            mine = b"<CR:principal-address>" + href + b"</CR:principal-address>"
        else:
            mine = b'<A:me-card xmlns:A="http://calendarserver.org/ns/">' + href + b"</A:me-card>"
        answer.body = answer.body.replace(
            b"</prop><status>HTTP/1.1 200 OK", mine + b"</prop><status>HTTP/1.1 200 OK", 1
        )
        return answer

    return apply


def twice() -> Filter:
    """Every response is sent a second time."""

    def change(body: bytes) -> bytes:
        doubles = b"".join(response for response in _RESPONSE.findall(body) if b".vcf</href>" in response)
        return body.replace(b"</multistatus>", doubles + b"</multistatus>")

    return rewrites(
        change, when=lambda request: request.method == "REPORT" or request.headers.get("depth") == "1"
    )


def empty_book_404() -> Filter:
    """A book without members is not found when it is listed or synchronised."""

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        answer = await onward(request)
        is_book = request.target.count("/") == 3 and not request.target.startswith("/.")
        depth = request.headers.get("depth")
        if is_book and (request.method == "REPORT" or depth == "1") and b".vcf</href>" not in answer.body:
            return QuirkAnswer(404, {})
        return answer

    return apply


def most_hrefs(count: int, status: int) -> Filter:
    """Refuses a multiget of more hrefs."""
    return refuses(
        "addressbook-multiget", status, unless=lambda request: request.body.count(b"href>") <= 2 * count
    )


def busy_once(status: int = 503) -> Filter:
    """Every new kind of request is first told to come back."""
    seen: set[tuple[str, str]] = set()

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        kind = (request.method, request.target)
        if kind not in seen:
            seen.add(kind)
            return QuirkAnswer(status, {"Retry-After": "0"})
        return await onward(request)

    return apply


def cdata() -> Filter:
    """Cards in CDATA, as Cyrus writes them."""

    def wrap(found: re.Match[bytes]) -> bytes:
        text = found[0].removeprefix(b"<CR:address-data>").removesuffix(b"</CR:address-data>")
        for name, character in ((b"&lt;", b"<"), (b"&gt;", b">"), (b"&amp;", b"&")):
            text = text.replace(name, character)
        return b"<CR:address-data><![CDATA[" + text + b"]]></CR:address-data>"

    return rewrites(lambda body: _DATA.sub(wrap, body))


def in_the_style_of_sabre() -> Filter:
    """Prefixes d: and card:, carriage returns as references."""

    def change(body: bytes) -> bytes:
        body = re.sub(rb"<(/?)(?![A-Za-z0-9]+:)([A-Za-z])", rb"<\1d:\2", body)
        body = body.replace(b"<CR:", b"<card:").replace(b"</CR:", b"</card:")
        body = body.replace(b'xmlns="DAV:"', b'xmlns:d="DAV:"').replace(b"xmlns:CR=", b"xmlns:card=")
        return _sabre_data.sub(lambda found: re.sub(rb"\r?\n", b"&#13;\n", found[0]), body)

    return rewrites(change)


_sabre_data = re.compile(rb"<card:address-data>.*?</card:address-data>", re.DOTALL)


def damages(kinds: dict[int, bytes]) -> Filter:
    """Writes these bytes into the name of the card with this number."""

    def change(body: bytes) -> bytes:
        for number, junk in kinds.items():
            body = body.replace(
                b"UID:sample-1-%d\r\n" % number, b"UID:sample-1-%d\r\nNOTE:%b\r\n" % (number, junk)
            )
            body = body.replace(b"UID:sample-1-%d\n" % number, b"UID:sample-1-%d\nNOTE:%b\n" % (number, junk))
        return body

    return rewrites(change)


def keeps(*numbers: int) -> Filter:
    """Does not hand out these cards by GET."""
    targets = tuple(f"/{number:06d}.vcf" for number in numbers)

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        if request.method == "GET" and request.target.endswith(targets):
            return QuirkAnswer(500, {})
        return await onward(request)

    return apply


def chokes_on(*numbers: int) -> Filter:
    """Fails at any report that has one of these cards in it."""
    uids = [b"UID:sample-1-%d" % number for number in numbers]

    async def apply(request: ReceivedRequest, onward: Pass) -> QuirkAnswer:
        answer = await onward(request)
        if request.method == "REPORT" and any(
            uid + end in answer.body for uid in uids for end in (b"\r", b"\n")
        ):
            return QuirkAnswer(500, {})
        return answer

    return apply


def cuts_at_nul(*numbers: int) -> Filter:
    """Ends the text of these cards in the middle, as a program does that takes a NUL for the end."""

    def change(body: bytes) -> bytes:
        for number in numbers:
            body = re.sub(rb"(UID:sample-1-%d\r?\n)[^<]*(</CR:address-data>)" % number, rb"\1\2", body)
        return body

    return rewrites(change, when=lambda request: request.method == "REPORT")


BROKEN_BYTES = {
    0: b"a control \x0b character",
    1: b"a reference to one &#11; and &#x0B;",
    2: b"not UTF-8: caf\xe9 \xc3( \xff\xfe",
    3: b"HTML: &nbsp;&eacute;&hellip;",
    4: b"bare: AT&T & Co",
    5: b"nothing: \x00&#0;",
    6: b"no character: \xef\xbf\xbf&#xFFFF;",
}
"""Each kind is mended without a loss."""
BEYOND_REPAIR = {7: b"an angle < that begins no tag", 150: b"</CR:address-data></never>"}
"""Each costs its own card."""


class Quirk(msgspec.Struct):
    """`rejects` is how many of the cards can't be delivered, `repeats` whether doubles are sent.

    A quirk that shows only over TLS has `hosts`, the first of which is the user's.
    """

    filters: Callable[[str, str], tuple[Filter, ...]]
    hosts: tuple[str, ...] = ()
    rejects: int = 0
    repeats: bool = False


def _always(*filters: Callable[[], Filter]) -> Callable[[str, str], tuple[Filter, ...]]:
    return lambda username, password: tuple(make() for make in filters)


QUIRKS: dict[str, Quirk] = {
    "plain": Quirk(_always()),
    "unknown server": Quirk(_always(nameless)),
    "icloud": Quirk(
        _always(
            nameless,
            principal_in_404,
            lambda: home_on("p07-contacts.icloud.com"),
            only_paths,
            without_data,
            lambda: challenges('X-MobileMe-AuthToken realm="Newcastle", Basic realm="Newcastle"'),
        ),
        hosts=("contacts.icloud.com", "p07-contacts.icloud.com"),
    ),
    "yahoo": Quirk(
        _always(
            nameless,
            challenges,
            lambda: refuses("addressbook-query", 400, b'<yahoo:error xmlns:yahoo="urn:x"/>'),
            lambda: refuses("sync-collection", 400, b'<yahoo:error xmlns:yahoo="urn:x"/>'),
        ),
        hosts=("carddav.address.yahoo.com",),
    ),
    "yandex": Quirk(
        _always(nameless, lambda: refuses("addressbook-query", 403), empty_book_404, without_data)
    ),
    "mailbox.org": Quirk(_always(nameless, lambda: answers_empty("addressbook-query"), without_data)),
    "mailbox.org that looks like Radicale": Quirk(_always(lambda: answers_empty("addressbook-query"))),
    "google": Quirk(
        _always(
            nameless,
            lambda: refuses("sync-collection", 400),
            lambda: refuses("addressbook-query", 400, unless=has_filter),
        )
    ),
    "google without multiget": Quirk(
        _always(
            nameless,
            lambda: refuses("sync-collection", 400),
            lambda: refuses("addressbook-multiget", 403),
            lambda: refuses("addressbook-query", 400, unless=has_filter),
        )
    ),
    "synology": Quirk(_always(nameless, no_principal, lambda: redirects("/.well-known/carddav", "/"))),
    "lying xandikos": Quirk(_always(nameless, without_data, cuts_for_limit)),
    "dropping sogo": Quirk(
        _always(
            nameless,
            lambda: html("/.well-known/carddav"),
            lambda: drops_every(3),
            lambda: breaks_off("sync-collection", times=1),
        )
    ),
    "breaking off again and again": Quirk(
        _always(nameless, without_data, lambda: breaks_off("addressbook-multiget", times=5))
    ),
    "silent cutter": Quirk(
        _always(
            nameless,
            lambda: cuts(
                25, when=lambda request: request.method == "REPORT" and b"multiget" not in request.body
            ),
        )
    ),
    "sync in portions": Quirk(_always(nameless, lambda: pages_sync(40))),
    "multiget in silence": Quirk(
        _always(
            nameless,
            without_data,
            lambda: cuts(30, when=lambda request: asks(request, "addressbook-multiget")),
        )
    ),
    "multiget of few": Quirk(_always(nameless, without_data, lambda: most_hrefs(20, 507))),
    "multiget of one": Quirk(_always(nameless, without_data, lambda: most_hrefs(1, 413))),
    "nothing but GET": Quirk(
        _always(
            nameless,
            lambda: refuses("sync-collection", 501),
            lambda: refuses("addressbook-multiget", 501),
            lambda: refuses("addressbook-query", 501),
        )
    ),
    "multiget that finds nothing": Quirk(
        _always(nameless, without_data, lambda: answers_empty("addressbook-multiget"))
    ),
    "ghosts": Quirk(_always(nameless, without_data, lambda: lists_ghosts(3)), rejects=3),
    "silent ghosts": Quirk(
        _always(nameless, without_data, lambda: lists_ghosts(3), omits_missing), rejects=3
    ),
    "owner": Quirk(_always(nameless, lambda: names_owner(42, as_principal_address=True))),
    "owner by Apple": Quirk(_always(nameless, lambda: names_owner(42, as_principal_address=False))),
    "zimbra": Quirk(_always(nameless, twice), repeats=True),
    "cyrus": Quirk(
        lambda username, password: (
            nameless(),
            cdata(),
            digest("MD5-sess", username, password, nonce_life=3),
        )
    ),
    "digest sha-256": Quirk(lambda username, password: (nameless(), digest("SHA-256", username, password))),
    "sabre": Quirk(
        _always(
            nameless,
            in_the_style_of_sabre,
            omits_missing,
            lambda: redirects("/.well-known/carddav", "http://{host}/"),
        )
    ),
    "busy": Quirk(_always(nameless, busy_once)),
    "broken bytes": Quirk(_always(lambda: damages(BROKEN_BYTES))),
    "broken bytes in multiget": Quirk(_always(nameless, without_data, lambda: damages(BROKEN_BYTES))),
    "broken beyond repair": Quirk(
        _always(lambda: damages({**BROKEN_BYTES, **BEYOND_REPAIR}), lambda: keeps(*BEYOND_REPAIR)), rejects=2
    ),
    "broken beyond repair, unknown": Quirk(
        _always(nameless, lambda: damages({**BROKEN_BYTES, **BEYOND_REPAIR}), lambda: keeps(*BEYOND_REPAIR)),
        rejects=2,
    ),
    "broken in reports": Quirk(_always(nameless, without_data, lambda: damages(BEYOND_REPAIR))),
    "a card that fails every report": Quirk(
        _always(nameless, without_data, lambda: chokes_on(*BEYOND_REPAIR))
    ),
    "cards that fail every report and GET": Quirk(
        _always(nameless, without_data, lambda: chokes_on(*BEYOND_REPAIR), lambda: keeps(*BEYOND_REPAIR)),
        rejects=2,
    ),
    "reports that end at a NUL": Quirk(_always(nameless, lambda: cuts_at_nul(3, 33, 299))),
    "multigets that end at a NUL": Quirk(_always(nameless, without_data, lambda: cuts_at_nul(3, 33, 299))),
}


@asynccontextmanager
async def quirk_proxy(
    quirk: Quirk, port: int, username: str, password: str, *, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[LittleServer]:
    """A server that is Radicale at `port`, but for its quirk."""

    async def radicale(request: ReceivedRequest) -> QuirkAnswer:
        return await _ask(port, request)

    chain: Pass = radicale
    handled: Callable[[ReceivedRequest], Awaitable[QuirkAnswer | None]] = radicale
    for apply in quirk.filters(username, password):
        handled = _wrapped(apply, chain)
        chain = _never_silent(handled)

    async def handler(request: ReceivedRequest) -> Reply:
        try:
            answer = await handled(request)
        except Dropped:
            return None
        return None if answer is None else answer.raw()

    async with little_server(handler, tls=tls) as server:
        yield server


def _wrapped(apply: Filter, onward: Pass) -> Callable[[ReceivedRequest], Awaitable[QuirkAnswer | None]]:
    async def wrapped(request: ReceivedRequest) -> QuirkAnswer | None:
        return await apply(request, onward)

    return wrapped


class Dropped(Exception):
    """A filter inside ended the connection."""


def _never_silent(handled: Callable[[ReceivedRequest], Awaitable[QuirkAnswer | None]]) -> Pass:
    async def onward(request: ReceivedRequest) -> QuirkAnswer:
        answer = await handled(request)
        if answer is None:
            raise Dropped
        return answer

    return onward


async def _ask(port: int, request: ReceivedRequest) -> QuirkAnswer:
    """One request to Radicale, over a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        names = ("authorization", "content-type", "depth", "accept")
        lines = [f"{request.method} {request.target} HTTP/1.0", f"Content-Length: {len(request.body)}"]
        lines += [f"{name}: {request.headers[name]}" for name in names if name in request.headers]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + request.body)
        raw = await reader.read()
    finally:
        writer.close()
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in rest)
    kept = {
        name: headers[name]
        for name in ("Content-Type", "WWW-Authenticate", "Location", "DAV")
        if name in headers
    }
    return QuirkAnswer(int(first.split(" ")[1]), kept, body)
