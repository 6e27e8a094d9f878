"""Consent at a provider's own page: the way there (`/n/CODE`), and the way back (`/auth`)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.http import forms
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.origins import own_origin
from contactport.http.pages.browser import browser_of, set_cookie
from contactport.http.pages.outcome import outcome_at, show_outcome
from contactport.http.pages.page import redirect
from contactport.http.pages.refusals import refuse
from contactport.imports.consent import ConsentRefused, Exchanging, ToProvider

RESPONSE_BYTES = 64 * 1024
"""A code has at most 16 KiB, and every byte of it may be percent-encoded."""
RESPONSE_FIELDS = frozenset({b"code", b"state", b"iss", b"error", b"error_code", b"error_description"})


async def show_consent(service: Service, request: Request, code: str) -> Response:
    """GET: a browser opens the link, for the first time or on its way back."""
    origin = own_origin(service.settings)
    browser = browser_of(request, origin)
    try:
        found = await service.consents.visit(code, browser.secret)
    except ConsentRefused as refused:
        return refuse(request, refused.kind)
    if isinstance(found, ToProvider):
        response = redirect(found.url)
        set_cookie(response, browser, origin)
        return response
    context = context_of(request.scope)
    context.import_id = found.import_id
    there = await service.store.database.write(outcome_at, service.store.ring, code)
    if there is None:
        return refuse(request, "unknown")
    if there.return_url and not isinstance(found, Exchanging):
        return redirect(there.return_url)
    # While another request of the same browser takes the provider's answer up, the import is pending still.
    return show_outcome(there, service.providers, context.request_id)


async def receive_response(service: Service, request: Request) -> Response:
    """The provider's answer: by the browser itself, or relayed by a page or a server of the application.

    Whoever brings it is sent to the link, which is on this origin: the cookie of the browser comes along there.
    """
    pairs = forms.urlencoded(request.scope["query_string"])
    if request.method == "POST":
        body = await forms.read_body(request, RESPONSE_BYTES)
        kind = request.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() == "multipart/form-data":
            pairs += forms.multipart(body, kind, RESPONSE_FIELDS)
        else:
            pairs += forms.urlencoded(body)
    try:
        url = await service.consents.receive(
            [(name.decode("ascii"), forms.decoded(value)) for name, value in pairs if name in RESPONSE_FIELDS]
        )
    except ConsentRefused as refused:
        return refuse(request, refused.kind)
    return redirect(url)
