"""Requests in the form of the server, for tests of one module."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import Message, Scope

from contactport.http.context import new_context
from contactport.http.wire.arguments import check_query
from contactport.settings import Settings


def request(
    method: str = "GET",
    query: bytes = b"",
    body: bytes = b"",
    headers: Iterable[tuple[str, str]] = (),
    path: str = "/",
    settings: Settings | None = None,
) -> Request:
    """A request whose query has been read, as the middleware does."""
    scope: Scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.lower().encode(), value.encode("utf-8")) for name, value in headers],
        "path_params": {},
    }
    chunks = [body[at : at + 7] for at in range(0, len(body), 7)] or [b""]

    async def receive() -> Message:
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    answer = new_context(scope, "a-request")
    answer.take_query(method, check_query(query, settings or Settings()))
    return Request(scope, receive)
