"""Links that an application sends a user to: `/n/CODE`. What opens depends on the way that the import was begun."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from contactport.grant import Way
from contactport.http.dependencies import Service
from contactport.http.pages.consent import show_consent
from contactport.http.pages.credentials import show_credentials, take_credentials
from contactport.http.pages.refusals import refuse
from contactport.http.pages.upload import show_upload, take_upload
from contactport.store import consents

_CODE = re.compile(r"[A-Z0-9]{7}")
_Endpoint = Callable[[Service, Request, str], Awaitable[Response]]
_PAGES: dict[Way | None, tuple[_Endpoint, _Endpoint | None]] = {
    "consent": (show_consent, None),
    "password": (show_credentials, take_credentials),
    "file": (show_upload, take_upload),
}
"""By the way of the import: what a browser is shown, and what takes its forms."""


async def serve_link(service: Service, request: Request) -> Response:
    """GET: on to the provider's page, or the service's own, for a password or a file. POST: the form of that page."""
    code = _code_of(request)
    way = await service.store.database.read(consents.way_of, service.store.ring, code)
    show, take = _PAGES.get(way, (None, None))
    endpoint = take if request.method == "POST" else show
    return refuse(request, "unknown") if endpoint is None else await endpoint(service, request, code)


def _code_of(request: Request) -> str:
    """The code in the path, in capitals; empty for one that can't be."""
    code: str = request.path_params["code"].upper()
    return code if _CODE.fullmatch(code) else ""
