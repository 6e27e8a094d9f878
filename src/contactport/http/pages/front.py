"""The page at `/`: what the service is, for people who come by."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.http.dependencies import Service
from contactport.http.pages.page import page


async def show_front(_service: Service, _request: Request) -> Response:
    """The page."""
    return page("front")
