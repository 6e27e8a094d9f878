"""Assets: the contact picker's loader and the files of the pages."""

from __future__ import annotations

import re

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from contactport.errors import Refusal
from contactport.http.context import RequestContext
from contactport.http.dependencies import Service
from contactport.http.pages.page import page_file

FOR_GOOD = "public, max-age=31536000, immutable"
"""How long a file may be kept whose name changes with what is in it."""
_PAGE_FILE = re.compile(r"(style|close|upload)-[0-9a-f]{16}\.(css|js)")
_MEDIA_TYPES = {
    ("style", "css"): "text/css",
    ("close", "js"): "text/javascript",
    ("upload", "js"): "text/javascript",
}
WIDGET = (
    "The contact picker is not built into this service yet. Import by password works: send the user's `username` and "
    "`password` to /begin_import/import, for the services that /services.json gives the method `password`."
)


async def show_page_file(_service: Service, request: Request) -> Response:
    """A file of the pages."""
    return page_file_response(request.path_params["name"])


def page_file_response(name: str) -> Response:
    """The file of the pages that has this name. Under another version's name it is this one, and not kept: another
    process, older or newer, made the page.
    """
    asked = _PAGE_FILE.fullmatch(name)
    media_type = None if asked is None else _MEDIA_TYPES.get((asked[1], asked[2]))
    if asked is None or media_type is None:
        raise HTTPException(404)
    file = page_file(asked[1], asked[2])
    headers = {"cache-control": FOR_GOOD} if name == file.name else {}
    return Response(file.body, headers=headers, media_type=media_type)


async def show_widget(_service: Service, _request: Request) -> Response:
    """For whoever looks at the script that a page could not load."""
    return PlainTextResponse(f"{WIDGET}\n", 404)


def error_text(_context: RequestContext, error: Refusal) -> Response:
    """An error as plain text: nobody reads it but a developer, and no browser takes it for a script."""
    response = PlainTextResponse(f"{error.text}\n", error.http or 400)
    if error.retry_after is not None:
        response.headers["retry-after"] = str(error.retry_after)
    return response
