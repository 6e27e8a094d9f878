"""Assets: the contact picker's loader and the files of the pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from contactport.errors import Refusal
from contactport.http.context import RequestContext
from contactport.http.service import Service

WIDGET = (
    "The contact picker is not built into this service yet. Import by password works: send the user's `username` and "
    "`password` to /begin_import/import, for the services that /services.json gives the method `password`."
)


async def show_widget(_service: Service, _request: Request) -> Response:
    """For whoever looks at the script that a page could not load."""
    return PlainTextResponse(f"{WIDGET}\n", 404)


def error_text(_context: RequestContext, error: Refusal) -> Response:
    """An error as plain text: nobody reads it but a developer, and no browser takes it for a script."""
    response = PlainTextResponse(f"{error.text}\n", error.http or 400)
    if error.retry_after is not None:
        response.headers["retry-after"] = str(error.retry_after)
    return response
