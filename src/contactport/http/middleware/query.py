"""Middleware that reads the query, so that an error also knows the JSONP callback."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from contactport.http.context import context_of
from contactport.http.wire.arguments import check_query
from contactport.settings import Settings


class Query:
    """ASGI middleware. Raises Refusal for a query that is too long or has too many fields."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context_of(scope).take_query(scope["method"], check_query(scope["query_string"], self._settings))
        await self._app(scope, receive, send)
