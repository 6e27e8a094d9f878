"""Links that an application sends a user to: `/n/CODE`. What opens depends on the way that the import was begun."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response

from contactport.http.dependencies import Service
from contactport.http.pages.consent import show_consent
from contactport.http.pages.credentials import show_credentials, take_credentials
from contactport.http.pages.refusals import refuse
from contactport.store import consents

_CODE = re.compile(r"[A-Z0-9]{7}")


async def serve_link(service: Service, request: Request) -> Response:
    """GET: on to the provider's page, or the service's own for a name and a password. POST: the form of that page."""
    code = _code_of(request)
    way = await service.store.database.read(consents.way_of, service.store.ring, code)
    if request.method == "POST":
        return (
            await take_credentials(service, request, code)
            if way == "password"
            else refuse(request, "unknown")
        )
    if way == "consent":
        return await show_consent(service, request, code)
    if way == "password":
        return await show_credentials(service, request, code)
    return refuse(request, "unknown")


def _code_of(request: Request) -> str:
    """The code in the path, in capitals; empty for one that can't be."""
    code: str = request.path_params["code"].upper()
    return code if _CODE.fullmatch(code) else ""
