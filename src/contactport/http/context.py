"""Context of a request: the form of its answer. It is known before any error can occur."""

from __future__ import annotations

import re
from typing import cast

import msgspec
from starlette.types import Scope

from contactport.http.wire.jsonp import is_name

_KEY = "contactport.answer"
_XML = re.compile(r"\.xml(?:/|$)")


class RequestContext(msgspec.Struct):
    """`query` are the query's decoded pairs. `user_id` and `echo` stand in every body, errors' as well.

    `route` and `import_id` are for the log: a path that nobody knows is not written there. `status` is the answer's,
    and 0 until it has begun. `origins` are those whose pages may read the answer: the domain's, once it is known.
    """

    format: str
    request_id: str
    callback: str | None = None
    query: list[tuple[bytes, bytes]] = []
    user_id: str | None = None
    echo: str | None = None
    route: str = "(none)"
    import_id: int | None = None
    status: int = 0
    origins: tuple[str, ...] = ()

    def take_query(self, method: str, pairs: list[tuple[bytes, bytes]]) -> None:
        """Keep the query's pairs, and the callback where there is a sound one and the method takes it."""
        self.query = pairs
        if method in ("GET", "HEAD"):
            for name, value in pairs:
                if name == b"callback" and value:
                    text = value.decode("utf-8", "replace")
                    self.callback = text if is_name(text) else None
        if self.callback is not None:
            self.format = "json"


def new_context(scope: Scope, request_id: str) -> RequestContext:
    """The answer of a request just come; the path alone says whether errors are XML."""
    context = RequestContext("xml" if _XML.search(scope["path"]) else "json", request_id)
    scope[_KEY] = context
    return context


def context_of(scope: Scope) -> RequestContext:
    """The request's own RequestContext."""
    return cast(RequestContext, scope[_KEY])
