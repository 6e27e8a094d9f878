"""Paths: the spellings of one resource, `/events/ID`, `/events/ID.xml`, `/events.xml/ID`, with or without a slash."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from contactport.errors import Code, Refusal
from contactport.http.context import context_of


def paths(resource: str) -> list[str]:
    """The routes of a resource."""
    return [f"/{resource}{middle}/{{name}}{slash}" for middle in ("", ".{format}") for slash in ("", "/")]


def slashed(*paths: str) -> list[str]:
    """Each path with a slash at its end and without."""
    return [f"{path}{slash}" for path in paths for slash in ("", "/")]


def read_id(request: Request, formats: tuple[str, ...]) -> str:
    """The id, as text; the format goes to the request's context. Raises Refusal 404 for an unknown one."""
    given: dict[str, Any] = request.path_params
    name, dot, ending = given["name"].partition(".")
    words = {word.lower() for word in (given.get("format"), ending if dot else None) if word is not None}
    if len(words) > 1 or not words <= set(formats):
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"There is no such format here. Ask for one of {', '.join(formats)}, or leave it out for JSON.",
            http=404,
        )
    context = context_of(request.scope)
    if words and context.callback is None:
        context.format = words.pop()
    return name
