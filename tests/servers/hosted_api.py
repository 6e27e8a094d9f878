"""A provider's API on loopback, in its own thread, with access tokens, faults on demand and a list of requests.

`people.py` and `graph.py` are made of it. It runs in a thread because the clients that judge it are not asynchronous.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class ApiError(Exception):
    """An answer that is no success. A `payload` of bytes is sent as it is."""

    def __init__(self, status: int, payload: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.payload = payload
        self.headers = headers or {}


class AccessToken(msgspec.Struct):
    """What a token is good for. With `requests` it expires after so many, whatever they ask."""

    scopes: frozenset[str]
    requests: int | None = None
    revoked: bool = False


class Rule(msgspec.Struct):
    """The error that requests whose path begins with `path` get: `times` of them, after `after` good ones."""

    error: ApiError
    path: str = "/"
    after: int = 0
    times: int = 1


class Call(msgspec.Struct):
    """One request, as far as it was understood."""

    path: str
    query: list[tuple[str, str]]
    token: str
    status: int = 0

    def one(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.query if key == name), default)


Judge = Callable[[str], Awaitable[Sequence[str] | None]]
"""Asked about a token that is not in the table: its scopes, or None. A server of authorization beside can say."""


class HostedApi:
    """`tokens`, `rules` and what a subclass adds may be changed while it runs; `calls` are the requests so far."""

    unauthenticated: ClassVar[ApiError]
    at_once: ClassVar[int] = 1_000_000
    """How many requests are let in at the same time."""
    too_many: ClassVar[ApiError]

    def __init__(self, *, judge: Judge | None = None, port: int = 0) -> None:
        self.tokens: dict[str, AccessToken] = {}
        self.rules: list[Rule] = []
        self.calls: list[Call] = []
        self.most_at_once = 0
        self.open = threading.Event()
        """Cleared, requests wait inside: so a test sees how many come at once."""
        self.open.set()
        self._judge = judge
        self._inside = 0
        self._listener = socket.create_server(("127.0.0.1", port), backlog=200)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        app = Starlette(routes=[Route("/{path:path}", self._handle)])
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)

    def grant(self, token: str, *scopes: str, requests: int | None = None) -> str:
        """Makes an access token."""
        self.tokens[token] = AccessToken(frozenset(scopes), requests)
        return token

    def revoke(self, token: str) -> None:
        self.tokens[token].revoked = True

    def fail(self, error: ApiError, path: str = "/", *, after: int = 0, times: int = 1) -> None:
        self.rules.append(Rule(error, path, after, times))

    def start(self) -> None:
        self._thread.start()

    def serve(self) -> None:
        """In the calling thread, until the process is told to end."""
        self._server.run([self._listener])

    def stop(self) -> None:
        self.open.set()
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._listener.close()

    def answer(self, call: Call, scopes: frozenset[str]) -> Any:
        """The JSON of an answer, or bytes of a picture. Raises ApiError."""
        raise NotImplementedError

    def is_public(self, path: str) -> bool:
        """Whether the path wants no token."""
        del path
        return False

    async def _handle(self, request: Request) -> Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        call = Call(
            path=request.url.path,
            query=list(request.query_params.multi_items()),
            token=token if scheme.lower() == "bearer" else "",
        )
        self.calls.append(call)
        self._inside += 1
        try:
            payload, status, headers = await self._answer(call)
        finally:
            self._inside -= 1
        call.status = status
        if isinstance(payload, bytes):
            kind = "image/png" if payload.startswith(b"\x89PNG") else "text/html; charset=UTF-8"
            return Response(payload, status, headers, kind)
        return Response(msgspec.json.encode(payload), status, headers, "application/json; charset=UTF-8")

    async def _answer(self, call: Call) -> tuple[Any, int, dict[str, str]]:
        try:
            if self._inside > self.at_once:
                raise self.too_many
            self.most_at_once = max(self.most_at_once, self._inside)
            if not self.open.is_set():
                await asyncio.to_thread(self.open.wait)
            self._apply_rules(call)
            scopes = frozenset[str]() if self.is_public(call.path) else await self._scopes(call.token)
            return self.answer(call, scopes), 200, {}
        except ApiError as error:
            return error.payload, error.status, error.headers

    def _apply_rules(self, call: Call) -> None:
        for rule in self.rules:
            if not call.path.startswith(rule.path) or not rule.times:
                continue
            if rule.after:
                rule.after -= 1
                continue
            rule.times -= 1
            raise rule.error

    async def _scopes(self, token: str) -> frozenset[str]:
        known = self.tokens.get(token)
        if known is None:
            scopes = await self._judge(token) if token and self._judge is not None else None
            if scopes is None:
                raise self.unauthenticated
            return frozenset(scopes)
        if known.revoked or known.requests == 0:
            raise self.unauthenticated
        if known.requests is not None:
            known.requests -= 1
        return known.scopes
