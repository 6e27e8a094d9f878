"""A CardDAV server of our own. Its pages wait until the test releases them, and each answer has another order.

It knows multiget alone, so that a book comes in many pages, and it gives out a page only when the test lets it:
a test can stop an import between any two pages without a look at the clock.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from types import TracebackType
from typing import Any, cast
from xml.etree import ElementTree
from xml.sax.saxutils import escape

DAV = "{DAV:}"
CARD = "{urn:ietf:params:xml:ns:carddav}"
HOME = "/dav/alice/"
BOOK = "/dav/alice/book/"
_SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"'


def people(count: int, *, mark: str = "") -> dict[str, str]:
    """`count` cards by file name. Each is told by its e-mail address, `person.N@example.org`."""
    return {
        f"{number:05}.vcf": "\r\n".join(
            (
                "BEGIN:VCARD",
                "VERSION:3.0",
                f"UID:uid-{number}",
                f"FN:Person {number}{mark}",
                f"N:{number}{mark};Person;;;",
                f"EMAIL;TYPE=HOME:person.{number}{mark}@example.org",
                f"TEL;TYPE=CELL:+49 30 {number:07}",
                f"ADR;TYPE=HOME:;;{number}{mark} Example Street;Berlin;;10115;Germany",
                "END:VCARD",
                "",
            )
        )
        for number in range(count)
    }


class Gate:
    """Lets pages through: as many as the test says, or all."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._tickets = 0
        self._waiting = 0
        self._age = 0
        self._open = False

    def pass_one(self) -> None:
        """Let one page through, if one is waiting."""
        with self._changed:
            if self._waiting > self._tickets:
                self._tickets += 1
                self._changed.notify_all()

    def open(self) -> None:
        """Let everything through, those who wait as well."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def renew(self) -> None:
        """Send away whoever waits: their reader is dead."""
        with self._changed:
            self._age += 1
            self._tickets = self._waiting = 0
            self._changed.notify_all()

    def wait(self) -> bool:
        """Until it is this page's turn; False where it is sent away."""
        with self._changed:
            age = self._age
            self._waiting += 1
            self._changed.wait_for(lambda: self._open or self._tickets > 0 or self._age > age)
            if self._age > age:
                return False
            self._waiting -= 1
            self._tickets = max(0, self._tickets - 1)
            return True


class PausedServer:
    """A context manager. `url` goes into `server`; the account is alice's, with `password`."""

    def __init__(self, cards: dict[str, str], *, password: str = "secret", username: str = "alice") -> None:
        self.cards = cards
        self.gate = Gate()
        self.asked: list[list[str]] = []
        """The hrefs of every page that was asked for, in the order of the questions."""
        self.released = 0
        """How many cards have passed the gate."""
        self.order = Random(1)
        self.expected = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _PausedHandler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        cast(Any, self._http).book = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where discovery begins."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/dav/"

    def __enter__(self) -> PausedServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.open()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def shuffled(self, names: Iterable[str]) -> list[str]:
        """The same names in an order that no earlier answer had."""
        given = sorted(names)
        self.order.shuffle(given)
        return given


class _PausedHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is written: a test's own output is enough."""

    @property
    def _book(self) -> PausedServer:
        return cast(PausedServer, cast(Any, self.server).book)

    def do_PROPFIND(self) -> None:
        self._body()
        if not self._is_signed_in():
            return
        if self.path == BOOK:
            listed = [_response(BOOK, "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>")]
            if self.headers.get("Depth") == "1":
                listed += [
                    _response(BOOK + name, f'<D:getetag>"{name}"</D:getetag><D:resourcetype/>')
                    for name in self._book.shuffled(self._book.cards)
                ]
            self._multistatus(listed)
        elif self.path == HOME and self.headers.get("Depth") == "1":
            multiget = (
                "<D:supported-report-set><D:supported-report><D:report><C:addressbook-multiget/></D:report>"
                "</D:supported-report></D:supported-report-set>"
            )
            kind = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"
            self._multistatus(
                [
                    _response(HOME, "<D:resourcetype><D:collection/></D:resourcetype>"),
                    _response(BOOK, f"{kind}<D:displayname>Book</D:displayname>{multiget}"),
                ]
            )
        elif self.path.startswith("/dav/"):
            self._multistatus(
                [
                    _response(
                        self.path,
                        "<D:resourcetype><D:collection/></D:resourcetype>"
                        f"<D:current-user-principal><D:href>{HOME}</D:href></D:current-user-principal>"
                        f"<C:addressbook-home-set><D:href>{HOME}</D:href></C:addressbook-home-set>",
                    )
                ]
            )
        else:
            self._answer(404, b"")

    def do_REPORT(self) -> None:
        body = self._body()
        if not self._is_signed_in():
            return
        question = ElementTree.fromstring(body)
        if self.path != BOOK or question.tag != f"{CARD}addressbook-multiget":
            self._answer(403, b"")
            return
        hrefs = [str(href.text) for href in question.iter(f"{DAV}href")]
        self._book.asked.append(hrefs)
        if not self._book.gate.wait():
            self.close_connection = True
            return
        self._book.released += len(hrefs)
        self._multistatus(
            [
                _response(
                    BOOK + name,
                    f'<D:getetag>"{name}"</D:getetag>'
                    f"<C:address-data>{escape(self._book.cards[name])}</C:address-data>",
                )
                for name in self._book.shuffled(href.removeprefix(BOOK) for href in hrefs)
            ]
        )

    def _is_signed_in(self) -> bool:
        if self.headers.get("Authorization") == self._book.expected:
            return True
        self._answer(401, b"", {"WWW-Authenticate": 'Basic realm="book", charset="UTF-8"'})
        return False

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _multistatus(self, responses: list[str]) -> None:
        body = f'<?xml version="1.0"?><D:multistatus {_SPACES}>{"".join(responses)}</D:multistatus>'
        self._answer(207, body.encode(), {"Content-Type": "application/xml; charset=utf-8"})

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            # The reader was killed: that is what these tests are about.
            self.close_connection = True


def _response(href: str, properties: str) -> str:
    return (
        f"<D:response><D:href>{escape(href)}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )
