"""Pages for a link that belongs to another browser, or is not valid any more."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.http.context import context_of
from contactport.http.pages.page import page

_TEXTS: dict[str, tuple[int, str, str]] = {
    "unknown": (
        404,
        "This link is not valid",
        "It may be mistyped, or its time is over. Go back to where you found it and begin again.",
    ),
    "another_browser": (
        403,
        "This link is in use elsewhere",
        "It was opened in another browser, or this browser does not keep cookies. Go back to where you found it, "
        "allow cookies for this site, and begin again.",
    ),
    "malformed": (
        400,
        "The provider's answer can't be read",
        "What came back from the provider is incomplete. Go back to the application and begin again.",
    ),
}
"""Status, title and text, by the kind of `imports.consent.ConsentRefused`."""


def refuse(request: Request, kind: str) -> Response:
    """The page that says why."""
    status, title, text = _TEXTS[kind]
    values = {"title": title, "text": text, "reference": context_of(request.scope).request_id}
    return page("error", values, status=status)
