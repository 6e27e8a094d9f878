"""The table of routes, and the application that serves them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import NoReturn

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan

from contactport.http.context import context_of
from contactport.http.middleware.frame import Frame
from contactport.http.not_built import PATHS as NOT_BUILT
from contactport.http.pages.documentation import show_description, show_documentation
from contactport.http.service import Service
from contactport.http.wire.begin_import import begin_applet, begin_consent, begin_password
from contactport.http.wire.contacts import show_contacts
from contactport.http.wire.events import show_events
from contactport.http.wire.health import Readiness, show_front, show_health
from contactport.http.wire.imports import serve_import
from contactport.http.wire.paths import paths
from contactport.http.wire.services import show_services
from contactport.http.wire.sse import show_stream

Endpoint = Callable[[Service, Request], Awaitable[Response]]


def build(service: Service, lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The whole wire. It never redirects, and answers every request, known or not, in the wire's own words."""
    routes: list[Route] = []

    def serve(endpoint: Endpoint, template: str, spellings: Iterable[str], *methods: str) -> None:
        routes.extend(_Route(service, endpoint, template, path, methods) for path in spellings)

    serve(show_events, "/events/{id}", paths("events"), "GET", "HEAD")
    stream = "/events/{name}/stream"
    serve(show_stream, "/events/{id}/stream", (stream, f"{stream}/"), "GET", "HEAD")
    serve(show_contacts, "/contacts/{id}", paths("contacts"), "GET", "HEAD")
    for way, endpoint in (
        ("import", begin_password),
        ("user_consent", begin_consent),
        ("desktop_applet", begin_applet),
    ):
        path = f"/begin_import/{way}"
        spellings = [f"{path}{form}{slash}" for form in ("", ".json", ".xml") for slash in ("", "/")]
        # Not HEAD: whoever only looks must not begin an import.
        serve(endpoint, path, spellings, "GET", "POST")
    serve(serve_import, "/imports/{id}", paths("imports"), "GET", "HEAD", "DELETE")
    for path, endpoint in (
        ("/services.json", show_services),
        ("/health", show_health),
        ("/ready", Readiness(service.store)),
        ("/docs", show_documentation),
        ("/openapi.yaml", show_description),
    ):
        serve(endpoint, path, (path, f"{path}/"), "GET", "HEAD")
    serve(show_front, "/", ("/",), "GET", "HEAD")
    for endpoint, template, spellings, methods in NOT_BUILT:
        serve(endpoint, template, spellings, *methods)

    application = Starlette(
        routes=routes,
        middleware=[Middleware(Frame, service.settings)],
        exception_handlers={HTTPException: _to_the_frame},
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    application.state.stopping = service.stopping
    return application


class _Route(Route):
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


async def _to_the_frame(_request: Request, error: Exception) -> NoReturn:
    """The frame has the last word on every error, the router's own as well."""
    raise error
