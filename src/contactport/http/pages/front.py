"""The page at `/`: what the service is, for people who come by."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.http.pages.page import page
from contactport.http.service import Service

_FRONT = (
    "<main><h1>contactport</h1>"
    "<p class=lead>An address-book import service. A user's name and password in, the user's address book out.</p>"
    "<p>This is its address for applications; there is nothing to sign in to here.</p>"
    "<nav aria-label=Pages><ul>"
    "<li><a href='/docs'>The wire</a> <small>every call, argument, body and error</small></li>"
    "<li><a href='/openapi.yaml'>openapi.yaml</a> <small>the same for machines</small></li>"
    "<li><a href='/services.json'>services.json</a> <small>every service, and how it is read</small></li>"
    "<li><a href='/health'>health</a> <small>whether the service is alive, and its version</small></li>"
    "<li><a href='/ready'>ready</a> <small>whether it takes requests now</small></li>"
    "</ul></nav></main>"
)


async def show_front(_service: Service, _request: Request) -> Response:
    """The page."""
    return page("contactport", _FRONT)
