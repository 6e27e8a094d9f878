"""Errors as pages, for people."""

from __future__ import annotations

from starlette.responses import Response

from contactport.errors import Refusal
from contactport.http.context import RequestContext
from contactport.http.pages.page import page

_TEXTS = {
    404: ("Page not found", "There is no page at this address. Check the link that brought you here."),
    405: ("This does not work here", "This page can't take what was sent to it. Go back and try again."),
    413: ("Too much was sent", "The form holds more than this page takes. Go back and shorten it."),
    429: ("Too many requests", "Too many requests came at once. Wait a minute and try again."),
    503: ("Not available right now", "The service can't answer at the moment. Try again in a few seconds."),
}
"""Title and text of a status. Errors of the wire are written for developers."""
_OWN_FAULT = (
    "Something went wrong",
    "The fault is in this service and not in what you did. Please try again; if it happens again, tell the people "
    "who run it the reference below.",
)
_OTHER = ("This can't be done", "The request can't be read. Go back and try again.")


def error_page(context: RequestContext, error: Refusal) -> Response:
    """The page of a refused or failed request."""
    status = error.http or 400
    title, text = _TEXTS.get(status, _OWN_FAULT if status >= 500 else _OTHER)
    response = page("error", {"title": title, "text": text, "reference": context.request_id}, status=status)
    if error.retry_after is not None:
        response.headers["retry-after"] = str(error.retry_after)
    return response
