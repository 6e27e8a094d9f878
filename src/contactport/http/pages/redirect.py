"""Redirects whose header is spelt `Location`."""

from __future__ import annotations

from starlette.responses import Response


class _Spelled(bytes):
    """A header's name that reaches the client as it is spelt; servers write names in lower case, as ASGI has them.

    One client looks for `Location` with a capital.
    """

    def lower(self) -> bytes:
        return self


def redirect(url: str, status: int = 302) -> Response:
    """To this URL. After a form it is 303, so that the browser asks by GET."""
    response = Response(status_code=status)
    response.raw_headers.append((_Spelled(b"Location"), url.encode("ascii")))
    return response
