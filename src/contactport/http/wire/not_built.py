"""Paths of the wire that are not built yet. Their answers say so, and what works instead."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.errors import Code, Refusal
from contactport.http.dependencies import Service

UPLOAD = (
    "Uploading a file is not built yet. Import by password works: send the user's `username` and `password` to "
    "/begin_import/import, for the services that /services.json gives the method `password`."
)
REJECTS = (
    "The raw records that could not be read are not kept yet. GET /imports/ID lists the first thousand of them, "
    "with place and reason."
)


async def refuse_upload(_service: Service, _request: Request) -> Response:
    """Not a word of the body is read: it may be a whole address book."""
    raise Refusal(Code.INVALID_PARAMETERS, UPLOAD, http=404)


async def refuse_rejects(_service: Service, _request: Request) -> Response:
    """The raw rejects of an import as a file."""
    raise Refusal(Code.INVALID_PARAMETERS, REJECTS, http=404)
