"""A CardDAV server that generates its address books while it sends them: `python -m benchmarks.streaming_server`.

The path says how large a book is: below `/10000/` lives an account whose one book has 10,000 cards. Memory holds a
thousand cards, whatever the number; one costs a few microseconds. It is a process of its own, so that its work is
not counted as the service's.

It answers what a client of RFC 6352 asks: principal, home set, the home's listing, the book's listing, and all
cards by sync-collection (RFC 6578) or addressbook-query. Any name and password will do. Only for loopback. It may
listen on several ports, and so be as many providers to the service.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from samples.book import card

DISTINCT = 1000
"""Cards that are written once and then numbered on: everything but the numbers in them repeats."""
BASE = 7_000_000
"""Where the numbers of those begin, as no other number of a card does."""
PIECE = 64 * 1024
LONGEST_BODY = 1024 * 1024

Pieces = Iterator[bytes]
_OPEN = (
    b'<?xml version="1.0" encoding="utf-8"?>\n'
    b'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">'
)
_CLOSE = b"<D:sync-token>urn:streaming:1</D:sync-token></D:multistatus>"
_REPORTS = "".join(
    f"<D:supported-report><D:report><{name}/></D:report></D:supported-report>"
    for name in ("D:sync-collection", "C:addressbook-query")
)
_UNKNOWN = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'
_NOTHING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_HEAD = (
    b"HTTP/1.1 207 Multi-Status\r\nContent-Type: application/xml; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


def _response(href: str, properties: str) -> str:
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )


def _href(home: str, number: object) -> str:
    return f"{home}book/{number}.vcf"


class Book:
    """The cards of every account; each text is made once."""

    def __init__(self) -> None:
        self._texts = [escape(card(BASE + i)).encode().split(b"%d" % (BASE + i)) for i in range(DISTINCT)]

    def cards(self, home: str, count: int) -> Pieces:
        """All cards, with their data."""
        head, middle, tail = (
            _response(_href(home, "#"), '<D:getetag>"1"</D:getetag><C:address-data>#</C:address-data>')
            .encode()
            .split(b"#")
        )

        def member(i: int) -> bytes:
            number = b"%d" % i
            return b"%s%s%s%s%s" % (head, number, middle, number.join(self._texts[i % DISTINCT]), tail)

        return _gathered(member, count)

    def listing(self, home: str, count: int) -> Pieces:
        """The collection and its members, without data."""
        kind = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"
        head, tail = _response(_href(home, "#"), '<D:getetag>"1"</D:getetag>').encode().split(b"#")
        return chain(
            [_response(f"{home}book/", kind).encode()],
            _gathered(lambda i: b"%s%d%s" % (head, i, tail), count),
        )


def _gathered(member: Callable[[int], bytes], count: int) -> Pieces:
    """`count` members, some 64 KiB at a time."""
    some: list[bytes] = []
    size = 0
    for i in range(count):
        one = member(i)
        some.append(one)
        size += len(one)
        if size >= PIECE:
            yield b"".join(some)
            some, size = [], 0
    yield b"".join(some)


def _account(home: str, depth: str) -> Pieces:
    """An account's home, which is its principal too, and at depth 1 its book."""
    yield _response(
        home,
        "<D:resourcetype><D:collection/></D:resourcetype>"
        f"<D:current-user-principal><D:href>{home}</D:href></D:current-user-principal>"
        f"<C:addressbook-home-set><D:href>{home}</D:href></C:addressbook-home-set>",
    ).encode()
    if depth == "1":
        yield _response(
            f"{home}book/",
            "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"
            f"<D:displayname>book</D:displayname><D:supported-report-set>{_REPORTS}</D:supported-report-set>",
        ).encode()


def answer(book: Book, method: str, path: str, depth: str, body: bytes) -> Pieces | None:
    """The multistatus in pieces; None for what is not there."""
    found = re.fullmatch(r"/(\d{1,7})/(book/)?", path)
    if found is None:
        return None
    home, count = f"/{found[1]}/", int(found[1])
    inside: Pieces | None = None
    if method == "PROPFIND":
        inside = book.listing(home, count) if found[2] else _account(home, depth)
    elif method == "REPORT" and found[2] and (b"sync-collection" in body or b"addressbook-query" in body):
        inside = book.cards(home, count)
    return None if inside is None else chain([_OPEN], inside, [_CLOSE])


async def _converse(book: Book, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Request after request of one connection."""
    while True:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ", 2)
        parted = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in parted}
        length = int(headers.get("content-length", "0"))
        if length > LONGEST_BODY:
            return
        body = await reader.readexactly(length)
        pieces = answer(book, method, path, headers.get("depth", "0"), body)
        if "authorization" not in headers:
            writer.write(_UNKNOWN)
        elif pieces is None:
            writer.write(_NOTHING)
        else:
            writer.write(_HEAD)
            for piece in pieces:
                if piece:
                    writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    await writer.drain()
            writer.write(b"0\r\n\r\n")
        await writer.drain()


class Streaming(NamedTuple):
    """A running server: where it listens, without a slash at the end of each URL, and its process."""

    urls: tuple[str, ...]
    pid: int

    @property
    def url(self) -> str:
        """The first, or the only one."""
        return self.urls[0]


async def serve(ports: int) -> None:
    """Serve free ports of 127.0.0.1, which are printed on one line, until the process is ended."""
    book = Book()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(book, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    servers = [await asyncio.start_server(connected, "127.0.0.1", 0) for _ in range(ports)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


@contextmanager
def streaming(ports: int = 1) -> Generator[Streaming]:
    """Such a server as a process. It is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.streaming_server", str(ports)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        assert process.stdout is not None
        urls = tuple(f"http://127.0.0.1:{port}" for port in process.stdout.readline().split())
        assert len(urls) == ports, "the streaming server did not start"
        yield Streaming(urls, process.pid)
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 1))
