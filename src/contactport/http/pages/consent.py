"""The page of a consent link: signing in at a provider is not built yet."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.http.pages.page import page, words
from contactport.http.service import Service

_TEXT = (
    "Signing in at a provider's own page is not built into this service yet. Please go back to the application "
    "that sent you here."
)


async def show_consent(_service: Service, _request: Request) -> Response:
    """For a person who followed a link."""
    response = page(
        "contactport: not built", f"<main><h1>Not built yet</h1><p class=lead>{words(_TEXT)}</p></main>"
    )
    response.status_code = 404
    return response
