"""HTTP as bytes: a request exactly as a client library writes it, and the answer exactly as it came.

Header names keep their paths and their order both ways, for some clients look at either.
"""

from __future__ import annotations

import gzip
import json
import socket
from base64 import b64encode
from http.client import HTTPResponse
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import msgspec

PATIENCE = 60.0


class RawResponse(msgspec.Struct):
    """`headers` are names and values as they came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for one, value in self.headers if one.lower() == name.lower()), None)

    @property
    def text(self) -> bytes:
        """The body without its content coding, as a client that asked for one reads it."""
        coding = self.header("content-encoding")
        assert coding in (None, "gzip")
        return self.body if coding is None else gzip.decompress(self.body)

    def json(self) -> Any:
        """The body, whose objects keep the order of their keys."""
        return json.loads(self.text)

    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.text)


class RawConnection:
    """One connection, kept alive as clients keep it."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self, method: str = "GET") -> RawResponse:
        response = HTTPResponse(self._socket, method=method)
        response.begin()
        return RawResponse(response.status, response.getheaders(), response.read())

    def interim(self) -> bytes:
        """The bytes of a `100 Continue`, which some clients wait for before they send a body."""
        got = b""
        while not got.endswith(b"\r\n\r\n"):
            byte = self._socket.recv(1)
            assert byte, "the connection was closed"
            got += byte
        return got

    def ask(self, method: str, target: str, headers: list[str], body: bytes = b"") -> RawResponse:
        """A request whose header lines stand as they are given."""
        self.send("\r\n".join([f"{method} {target} HTTP/1.1", *headers, "", ""]).encode() + body)
        return self.answer(method)


def ask(port: int, method: str, target: str, *headers: str, body: bytes = b"") -> RawResponse:
    """One request on a connection of its own, with a Host and a Content-Length where there is a body."""
    length = [f"Content-Length: {len(body)}"] if body or method == "POST" else []
    with RawConnection(port) as connection:
        return connection.ask(method, target, [f"Host: 127.0.0.1:{port}", *headers, *length], body)


def basic(key: str, password: str) -> str:
    """The header line of a key pair."""
    return "Authorization: Basic " + b64encode(f"{key}:{password}".encode()).decode()


FORM = "Content-Type: application/x-www-form-urlencoded"


def form(fields: dict[str, str]) -> bytes:
    return urlencode(fields, quote_via=quote).encode()


def multipart(boundary: str, fields: dict[str, str], *headers: str) -> bytes:
    """A multipart body; `headers` stand in every part, as some clients write them."""
    parts = [
        "\r\n".join(
            [f"--{boundary}", f'Content-Disposition: form-data; name="{name}"', *headers, "", value, ""]
        )
        for name, value in fields.items()
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode()
