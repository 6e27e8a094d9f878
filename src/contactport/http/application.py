"""The HTTP application: three mounts, each with its routes, its middleware and its own form of errors."""

from __future__ import annotations

from typing import NoReturn

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.types import Lifespan

from contactport.http.assets import error_text, show_page_file, show_widget
from contactport.http.dependencies import Service
from contactport.http.middleware.cors import Cors
from contactport.http.middleware.errors import Errors
from contactport.http.middleware.overload import Overload
from contactport.http.middleware.query import Query
from contactport.http.middleware.request_log import RequestLog
from contactport.http.middleware.security_headers import SecurityHeaders
from contactport.http.origins import check_public_url
from contactport.http.pages.consent import receive_response
from contactport.http.pages.documentation import show_description, show_documentation, show_front
from contactport.http.pages.errors import error_page
from contactport.http.pages.links import serve_link
from contactport.http.routes import Mount, MountRoutes
from contactport.http.wire.begin_import import begin_applet, begin_consent, begin_password
from contactport.http.wire.contacts import show_contacts
from contactport.http.wire.events import show_events
from contactport.http.wire.health import Readiness, show_health
from contactport.http.wire.imports import serve_import
from contactport.http.wire.paths import paths, slashed
from contactport.http.wire.rejects import show_rejects
from contactport.http.wire.responses import failure
from contactport.http.wire.services import ServiceList
from contactport.http.wire.sse import show_stream
from contactport.http.wire.upload import begin_upload


def build(service: Service, lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    """The whole application. It never redirects to another spelling of a path.

    A path that nobody knows is answered by the wire: programs ask for most of what there is here.

    Raises SettingError.
    """
    check_public_url(service.settings)
    application = Starlette(
        routes=[_pages(service), _assets(service), _wire(service)],
        middleware=[Middleware(RequestLog)],
        exception_handlers={HTTPException: _to_the_mount},
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    application.state.stopping = service.stopping
    return application


def _wire(service: Service) -> Mount:
    """The API, and every path that is nobody's."""
    here = MountRoutes(service)
    here.add(show_events, "/events/{id}", paths("events"), "GET", "HEAD")
    here.add(show_stream, "/events/{id}/stream", slashed("/events/{name}/stream"), "GET", "HEAD")
    here.add(show_contacts, "/contacts/{id}", paths("contacts"), "GET", "HEAD")
    for way, endpoint in (
        ("import", begin_password),
        ("user_consent", begin_consent),
        ("desktop_applet", begin_applet),
    ):
        path = f"/begin_import/{way}"
        # Not HEAD: whoever only looks must not begin an import.
        here.add(endpoint, path, slashed(path, f"{path}.json", f"{path}.xml"), "GET", "POST")
    here.add(serve_import, "/imports/{id}", paths("imports"), "GET", "HEAD", "DELETE")
    here.add(show_rejects, "/imports/{id}/rejects", slashed("/imports/{name}/rejects"), "GET", "HEAD")
    for path, endpoint in (
        ("/services.json", ServiceList(service.store)),
        ("/health", show_health),
        ("/ready", Readiness(service.store)),
        ("/openapi.yaml", show_description),
    ):
        here.add(endpoint, path, slashed(path), "GET", "HEAD")
    upload = "/begin_import/upload"
    here.add(begin_upload, upload, slashed(upload, f"{upload}.json", f"{upload}.xml"), "POST")
    return Mount(
        here.routes,
        [
            Middleware(SecurityHeaders),
            Middleware(Cors),
            Middleware(Errors, failure),
            Middleware(Query, service.settings),
            Middleware(Overload),
        ],
    )


def _pages(service: Service) -> Mount:
    """What people see."""
    here = MountRoutes(service)
    here.add(show_front, "/", ("/",), "GET", "HEAD")
    here.add(show_documentation, "/docs", slashed("/docs"), "GET", "HEAD")
    # Not HEAD: whoever only looks must not make a link their own, nor use an answer up.
    here.add(serve_link, "/n/{code}", slashed("/n/{code}"), "GET", "POST")
    here.add(receive_response, "/auth", slashed("/auth"), "GET", "POST")
    return Mount(
        here.routes,
        [Middleware(SecurityHeaders), Middleware(Errors, error_page), Middleware(Overload)],
        frozenset({"/", "docs", "n", "auth"}),
    )


def _assets(service: Service) -> Mount:
    """Files that pages load: those of other sites, too."""
    here = MountRoutes(service)
    here.add(show_widget, "/widget/{key}.js", ("/widget/{key}.js", "/widget/v1/{key}.js"), "GET", "HEAD")
    here.add(show_widget, "/address_books.js", ("/address_books.js",), "GET", "HEAD")
    here.add(show_page_file, "/assets/{name}", ("/assets/{name}",), "GET", "HEAD")
    return Mount(
        here.routes,
        [Middleware(SecurityHeaders), Middleware(Errors, error_text), Middleware(Overload)],
        frozenset({"assets", "widget", "address_books.js"}),
    )


async def _to_the_mount(_request: Request, error: Exception) -> NoReturn:
    """Each mount has the last word on its errors, its router's own as well."""
    raise error
