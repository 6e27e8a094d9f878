"""Paths that the wire has and this service does not serve yet. They say so, and what works meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from contactport.errors import Code, Refusal
from contactport.http.pages.page import page, words
from contactport.http.service import Service

Endpoint = Callable[[Service, Request], Awaitable[Response]]

_MEANWHILE = (
    "Import by password works: send the user's `username` and `password` to /begin_import/import, for the "
    "services that /services.json gives the method `password`."
)
UPLOAD = f"Uploading a file is not built yet. {_MEANWHILE}"
REJECTS = (
    "The raw records that could not be read are not kept yet. GET /imports/ID lists the first thousand of them, "
    "with place and reason."
)
CONSENT = (
    "Signing in at a provider's own page is not built into this service yet. Please go back to the application "
    "that sent you here."
)
WIDGET = f"The contact picker is not built into this service yet. {_MEANWHILE}"


async def _upload(_service: Service, _request: Request) -> Response:
    # Not a word of the body is read: it may be a whole address book.
    raise Refusal(Code.INVALID_PARAMETERS, UPLOAD, http=404)


async def _rejects(_service: Service, _request: Request) -> Response:
    raise Refusal(Code.INVALID_PARAMETERS, REJECTS, http=404)


async def _consent(_service: Service, _request: Request) -> Response:
    """For a person who followed a link."""
    response = page(
        "contactport: not built", f"<main><h1>Not built yet</h1><p class=lead>{words(CONSENT)}</p></main>"
    )
    response.status_code = 404
    return response


async def _widget(_service: Service, _request: Request) -> Response:
    """For whoever looks at the script that a page could not load."""
    return Response(f"{WIDGET}\n", 404, media_type="text/plain")


def _slashed(*found: str) -> tuple[str, ...]:
    return tuple(f"{one}{slash}" for one in found for slash in ("", "/"))


PATHS: tuple[tuple[Endpoint, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        _upload,
        "/begin_import/upload",
        _slashed(*(f"/begin_import/upload{form}" for form in ("", ".json", ".xml"))),
        ("POST",),
    ),
    (
        _rejects,
        "/imports/{id}/rejects",
        _slashed("/imports/{name}/rejects"),
        ("GET", "HEAD"),
    ),
    (_consent, "/n/{code}", _slashed("/n/{code}"), ("GET", "HEAD")),
    (_consent, "/auth", _slashed("/auth"), ("GET", "HEAD", "POST")),
    (_widget, "/widget/{key}.js", ("/widget/{key}.js", "/widget/v1/{key}.js"), ("GET", "HEAD")),
    (_widget, "/address_books.js", ("/address_books.js",), ("GET", "HEAD")),
)
"""Endpoint, template, spellings and methods of each."""
