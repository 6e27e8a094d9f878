"""A client of event streams and of polls that wait, over real connections."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPMessage
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.service_process import WireClient
from tests.event_stream import Dispatched, Reader

BOUND = 30.0
"""Seconds in which whatever is waited for must have come."""


@contextmanager
def ask(url: str, client: WireClient, path: str, **arguments: str) -> Generator[HTTPConnection]:
    """A connection on which a question has been asked."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=BOUND + 30)
    try:
        words = "".join(f"&{name}={value}" for name, value in arguments.items())
        connection.request("GET", f"{path}?{client.in_query}{words}")
        yield connection
    finally:
        connection.close()


def get(url: str, client: WireClient, path: str, **arguments: str) -> tuple[HTTPMessage, dict[str, Any]]:
    """The headers and the body of one answer that is a 200."""
    with ask(url, client, path, **arguments) as asking:
        answer = asking.getresponse()
        body = answer.read()
    assert answer.status == 200, body
    return answer.headers, json.loads(body)


class Stream:
    """A context manager: one connection to an import's stream."""

    def __init__(
        self, url: str, client: WireClient, import_id: int, headers: Mapping[str, str] | None = None
    ) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=BOUND)
        self._connection.request(
            "GET", f"/events/{import_id}/stream?{client.in_query}", headers=dict(headers or {})
        )
        self.answer = self._connection.getresponse()
        self.reader = Reader()
        self._found: list[Dispatched] = []

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def next(self) -> Dispatched | None:
        """The next event; None when the answer has ended well. Raises IncompleteRead when it broke off."""
        while not self._found:
            piece = self.answer.read1(65536)
            if not piece:
                return None
            self._found = self.reader.feed(piece)
        return self._found.pop(0)

    def rest(self) -> list[Dispatched]:
        """All that comes until the answer ends well."""
        return list(iter(self.next, None))


def gathered(one: Dispatched | None) -> int:
    """GATHERING's value in a message."""
    assert one is not None
    return next(e["value"] for e in json.loads(one.data)["events"] if e["event_type"] == "GATHERING")
