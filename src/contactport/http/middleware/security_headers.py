"""Middleware for the security headers of every answer of one mount."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contactport.http.context import context_of

COMMON = (
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
)
"""On every answer that does not say otherwise."""


class SecurityHeaders:
    """ASGI middleware. A header that the answer has already stays as it is."""

    def __init__(self, app: ASGIApp, headers: tuple[tuple[str, str], ...] = COMMON) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = context_of(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers:
                    headers.setdefault(name, value)
                # A script of another site's page is what JSONP is for; nothing else here is anybody else's to embed.
                headers["cross-origin-resource-policy"] = (
                    "same-origin" if context.callback is None else "cross-origin"
                )
            await send(message)

        await self._app(scope, receive, guarded)
