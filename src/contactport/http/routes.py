"""Routes: endpoints under their paths, and mounts of whole parts of the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Receive, Scope, Send

from contactport.http.context import context_of
from contactport.http.dependencies import Service

Endpoint = Callable[[Service, Request], Awaitable[Response]]


class MountRoutes:
    """Collects the routes of one mount."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.routes: list[BaseRoute] = []

    def add(self, endpoint: Endpoint, template: str, spellings: Iterable[str], *methods: str) -> None:
        """Serve every spelling of a path by one endpoint; the log and the metrics name the template."""
        self.routes.extend(
            _EndpointRoute(self._service, endpoint, template, path, methods) for path in spellings
        )


class Mount(BaseRoute):
    """Part of the application with a middleware stack of its own, chosen by the first segment of the path.

    Starlette's own takes the prefix off the path, which these paths need: `/n/CODE` and `/docs` have no prefix in
    common. The front page's segment is `/`. Without `segments` the mount takes every path.
    """

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        middleware: Sequence[Middleware],
        segments: frozenset[str] | None = None,
    ) -> None:
        self._segments = segments
        # Never a redirect: a client of the wire may not follow one, and its body would be lost.
        self._router = Router(routes, redirect_slashes=False, middleware=middleware)

    def matches(self, scope: Scope) -> tuple[Match, dict[str, Any]]:
        if scope["type"] != "http":
            return Match.NONE, {}
        path: str = scope["path"]
        first = path[1:].partition("/")[0] or path
        matches = self._segments is None or first in self._segments
        return (Match.FULL if matches else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)


class _EndpointRoute(Route):
    """A route that takes exactly the methods it names, notes its template for the log, and answers OPTIONS."""

    def __init__(
        self, service: Service, endpoint: Endpoint, template: str, path: str, methods: tuple[str, ...]
    ) -> None:
        allowed = ", ".join((*methods, "OPTIONS"))

        async def answer(request: Request) -> Response:
            context_of(request.scope).route = template
            if request.method in methods:
                return await endpoint(service, request)
            if request.method == "OPTIONS":
                return Response(headers={"allow": allowed})
            raise HTTPException(405, headers={"allow": allowed})

        super().__init__(path, answer)
        self.methods = None
