"""Responses in the form that the caller asked for: JSON, XML or JSONP."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from contactport.errors import Refusal
from contactport.http.context import RequestContext
from contactport.http.wire import jsonp, xml
from contactport.http.wire.schemas import ErrorBody, FailureBody

JSON = "application/json; charset=utf-8"
CHALLENGE = 'Basic realm="contactport"'


def success(context: RequestContext, root: str, body: msgspec.Struct | dict[str, Any]) -> Response:
    """200, exactly: some clients take any other number for an error. `root` names the XML document."""
    return _respond(context, root, body, 200)


def failure(context: RequestContext, error: Refusal) -> Response:
    """The error's body and status; JSONP gets 200, or the browser would never call the page's function."""
    body = FailureBody(
        error=ErrorBody(int(error.code), error.text), user_id=context.user_id, echo=context.echo
    )
    if context.callback is not None:
        return _respond(context, "result", body, 200)
    response = _respond(context, "result", body, error.http or 400)
    if response.status_code == 401:
        response.headers["www-authenticate"] = CHALLENGE
    if error.retry_after is not None:
        response.headers["retry-after"] = str(error.retry_after)
    return response


def _respond(
    context: RequestContext, root: str, body: msgspec.Struct | dict[str, Any], status: int
) -> Response:
    if context.callback is not None:
        return Response(
            jsonp.wrap(context.callback, msgspec.json.encode(body)), status, media_type=jsonp.MEDIA_TYPE
        )
    if context.format == "xml":
        return Response(xml.document(root, xml_values(body)), status, media_type=xml.MEDIA_TYPE)
    return Response(msgspec.json.encode(body), status, media_type=JSON)


def xml_values(body: msgspec.Struct | dict[str, Any]) -> dict[str, Any]:
    """A body as XML shows it: without a `url` that leads nowhere."""
    values: dict[str, Any] = msgspec.to_builtins(body)
    if values.get("url", "") is None:
        del values["url"]
    return values
