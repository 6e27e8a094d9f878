"""The application without a socket: one request, and every message of its answer."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.applications import Starlette
from starlette.types import Message, Scope

from contactport.store.domains import KeyPair


class AsgiResponse(msgspec.Struct):
    """`pieces` are the body as it was sent; `whole` is False when the answer broke off."""

    status: int
    headers: dict[str, str]
    pieces: list[bytes]
    whole: bool

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def basic(pair: KeyPair) -> dict[str, str]:
    """The header of a key pair."""
    word = b64encode(f"{pair.domain_key}:{pair.domain_password}".encode()).decode()
    return {"Authorization": f"Basic {word}"}


async def ask(
    application: Starlette,
    method: str,
    path: str,
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
    content: bytes = b"",
    heard: Callable[[bytes], None] | None = None,
    left: asyncio.Event | None = None,
    extensions: dict[str, dict[str, str]] | None = None,
) -> AsgiResponse:
    """One request, with a form or with any `content`. `heard` gets every piece of the body as it comes; the client
    leaves when `left` is set.
    """
    body = urlencode(form).encode() if form else content
    given = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    given |= headers or {}
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "extensions": extensions or {},
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }
    answer = AsgiResponse(0, {}, [], False)

    leaving = left or asyncio.Event()
    requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if requests:
            return requests.pop()
        await leaving.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert not answer.status, "an answer can begin only once"
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        answer.pieces.append(bytes(message.get("body", b"")))
        answer.whole = not message.get("more_body", False)
        if heard is not None:
            heard(answer.pieces[-1])

    await application(scope, receive, send)
    return answer
