"""The page of a consent link: signing in at a provider is not built yet."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.pages.page import page

_TEXT = (
    "Signing in at a provider's own page is not built into this service yet. Please go back to the application "
    "that sent you here."
)


async def show_consent(_service: Service, request: Request) -> Response:
    """For a person who followed a link."""
    reference = context_of(request.scope).request_id
    return page("error", {"title": "Not built yet", "text": _TEXT, "reference": reference}, status=404)
