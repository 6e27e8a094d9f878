"""Paths of the wire that are not built yet. Their answers say so, and what works instead."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.errors import Code, Refusal
from contactport.http.dependencies import Service

REJECTS = (
    "The raw records that could not be read are not kept yet. GET /imports/ID lists the first thousand of them, "
    "with place and reason."
)


async def refuse_rejects(_service: Service, _request: Request) -> Response:
    """The raw rejects of an import as a file."""
    raise Refusal(Code.INVALID_PARAMETERS, REJECTS, http=404)
