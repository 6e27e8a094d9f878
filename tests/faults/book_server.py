"""A CardDAV server of our own with any number of accounts, each with its own address book.

It knows multiget alone, so that a book comes in many pages; it takes its time over each page, so that a fault finds
imports under way; and it answers in another order each time, so that nothing can work by position. Every card names
its account: a contact that is delivered to the wrong import is seen.
"""

from __future__ import annotations

import asyncio
import base64
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from random import Random
from types import TracebackType
from typing import Any

PASSWORD = "secret"
_SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"'
_MULTIGET = (
    "<D:supported-report-set><D:supported-report><D:report><C:addressbook-multiget/></D:report>"
    "</D:supported-report></D:supported-report-set>"
)
_BOOK = "<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>"
_MOST_BODY = 16 * 1024 * 1024


def address(account: str, number: int) -> str:
    """The e-mail address of a card, which stands for its identity."""
    return f"person.{number}@{account}.example.org"


def book(account: str, count: int) -> set[str]:
    """The addresses of an account's whole book."""
    return {address(account, number) for number in range(count)}


def _card(account: str, number: int) -> str:
    return (
        "BEGIN:VCARD\r\nVERSION:3.0\r\n"
        f"UID:{account}-{number}\r\nFN:Person {number} of {account}\r\nN:of {account};Person {number};;;\r\n"
        f"EMAIL;TYPE=HOME:{address(account, number)}\r\nTEL;TYPE=CELL:+49 30 {number:07}\r\n"
        f"NOTE:card {number} of account {account}\r\nEND:VCARD\r\n"
    )


class HeldPage:
    """A page that waits at the gate, until `release`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._event = asyncio.Event()

    def release(self) -> None:
        """Let it go on its way; from any thread."""
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self) -> None:
        await self._event.wait()


class BookServer:
    """A context manager; the server is a thread of its own. `url` goes into `server`, with `PASSWORD` for any user.

    `count` cards are in each book, `pause` is how many seconds a page takes at most, `page` how many cards it holds.
    """

    def __init__(self, count: int, *, pause: float = 0.0, page: int = 500, seed: int = 1) -> None:
        self.count = count
        self.pause = pause
        self.page = page
        self.pages: Counter[str] = Counter()
        """How many pages each account has been sent."""
        self.asked: Counter[str] = Counter()
        """How many cards each account was asked for."""
        self.held: dict[str, list[HeldPage]] = {}
        """The pages that wait, by account, oldest first. Only of accounts that are held."""
        self.instead: dict[str, bytes] = {}
        """What is answered, as it goes over the wire, to whatever is asked below a path."""
        self.refused_paths: Counter[str] = Counter()
        """How often that was answered, by path."""
        self.tried: list[tuple[str, str]] = []
        """The user names and passwords that it has refused, in order."""
        self._random = Random(seed)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="book server")
        self._port = 0
        self._open: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        """Where discovery begins."""
        return f"http://127.0.0.1:{self._port}/dav/"

    def __enter__(self) -> BookServer:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @contextmanager
    def holding(self, account: str) -> Generator[list[HeldPage]]:
        """Every page of this account waits to be released: until `let_all_through`, or the end of the block."""
        waiting: list[HeldPage] = []
        self.held[account] = waiting
        try:
            yield waiting
        finally:
            self.let_all_through(account)

    def let_all_through(self, account: str) -> None:
        """Release what waits, and hold nothing more of this account."""
        for one in self.held.pop(account, []):
            one.release()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in self._open:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._open, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            # The reader was killed: that is what these tests are about.
            return
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rows = head.rstrip().split("\r\n")
        method, path, _ = line.split(" ", 2)
        headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows)}
        length = int(headers.get("content-length", "0"))
        if length > _MOST_BODY:
            return False
        body = (await reader.readexactly(length)).decode()
        account = _account(headers.get("authorization", ""))
        below = next((one for one in self.instead if path.startswith(one)), None)
        if below is not None:
            self.refused_paths[below] += 1
            writer.write(self.instead[below])
            await writer.drain()
        elif account is None:
            if (pair := _pair(headers.get("authorization", ""))) is not None:
                self.tried.append(pair)
            await _send(writer, 401, "", 'WWW-Authenticate: Basic realm="book", charset="UTF-8"\r\n')
        elif method == "PROPFIND":
            await self._propfind(writer, path, headers.get("depth", "0"), account)
        elif method == "REPORT" and path == f"/dav/{account}/book/" and "addressbook-multiget" in body:
            await self._multiget(writer, path, body, account)
        else:
            await _send(writer, 403, "")
        return True

    async def _propfind(self, writer: asyncio.StreamWriter, path: str, depth: str, account: str) -> None:
        home = f"/dav/{account}/"
        books = f"{home}book/"
        if path == books:
            found = [_response(books, _BOOK)]
            if depth == "1":
                kind = "<D:resourcetype/>"
                found += [_response(f"{books}{number:05}.vcf", kind) for number in range(self.count)]
                self._random.shuffle(found)
        elif path == home and depth == "1":
            found = [_response(home, "<D:resourcetype><D:collection/></D:resourcetype>")]
            found.append(_response(books, f"{_BOOK}{_MULTIGET}"))
        elif path in ("/dav/", home):
            principal = f"<D:href>{home}</D:href>"
            found = [
                _response(
                    path,
                    "<D:resourcetype><D:collection/></D:resourcetype>"
                    f"<D:current-user-principal>{principal}</D:current-user-principal>"
                    f"<C:addressbook-home-set>{principal}</C:addressbook-home-set>",
                )
            ]
        else:
            await _send(writer, 404, "")
            return
        await _multistatus(writer, found)

    async def _multiget(self, writer: asyncio.StreamWriter, path: str, body: str, account: str) -> None:
        hrefs = [part.partition("</D:href>")[0] for part in body.split("<D:href>")[1:]]
        if len(hrefs) > self.page:
            await _send(writer, 413, "")
            return
        self.asked[account] += len(hrefs)
        if account in self.held:
            page = HeldPage(self._loop)
            self.held[account].append(page)
            await page.wait()
        elif self.pause:
            await asyncio.sleep(self._random.uniform(0.2, 1.0) * self.pause)
        self._random.shuffle(hrefs)
        # Nothing in a card needs an escape.
        await _multistatus(
            writer,
            [
                _response(
                    href,
                    f"<C:address-data>{_card(account, int(href.removeprefix(path)[:5]))}</C:address-data>",
                )
                for href in hrefs
            ],
        )
        self.pages[account] += 1


def _account(authorization: str) -> str | None:
    """The user's name, of whoever knows the password."""
    pair = _pair(authorization)
    return pair[0] if pair is not None and pair[1] == PASSWORD else None


def _pair(authorization: str) -> tuple[str, str] | None:
    if not authorization.startswith("Basic "):
        return None
    name, _, password = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    return name, password


def _response(href: str, properties: str) -> str:
    return (
        f"<D:response><D:href>{href}</D:href><D:propstat><D:prop>{properties}</D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )


async def _multistatus(writer: asyncio.StreamWriter, responses: list[str]) -> None:
    body = f'<?xml version="1.0"?><D:multistatus {_SPACES}>{"".join(responses)}</D:multistatus>'
    await _send(writer, 207, body, "Content-Type: application/xml; charset=utf-8\r\n")


async def _send(writer: asyncio.StreamWriter, status: int, body: str, headers: str = "") -> None:
    data = body.encode()
    writer.write(f"HTTP/1.1 {status} Answer\r\n{headers}Content-Length: {len(data)}\r\n\r\n".encode() + data)
    await writer.drain()
