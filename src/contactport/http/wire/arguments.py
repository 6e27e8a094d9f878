"""Arguments of a request: from the query, a urlencoded body or a multipart body.

A body's argument wins over the query's, and of several of one name the last that is not empty. Empty is absent,
unknown is ignored and not even looked at. Values are kept exactly, spaces at a password's end as well; one that is
not valid UTF-8 is read as windows-1252.
"""

from __future__ import annotations

import unicodedata

from starlette.requests import Request

from contactport.errors import Code, Refusal
from contactport.http import forms
from contactport.http.context import context_of
from contactport.http.wire.jsonp import is_name
from contactport.settings import Settings

Arguments = dict[str, str]

PAIR = frozenset({b"domain_key", b"domain_password"})
SERVICES = frozenset({b"callback"})
POLL = PAIR | {b"echo", b"callback"}
FILE = POLL - {b"callback"}
EVENTS = POLL | {b"wait", b"since"}
STREAM = POLL - {b"callback"} | {b"lastEventId"}
CONTACTS = POLL | {b"start", b"count"}
BEGIN = POLL | {
    b"service",
    b"username",
    b"password",
    b"server",
    b"include",
    b"user_id",
    b"tracking_string",
    b"csv",
}
UPLOAD = BEGIN - {b"username", b"password", b"server", b"csv", b"callback"}
CONSENT = BEGIN | {b"redirect_url", b"oauth_client"}

_FREE = frozenset({"echo", "user_id", "tracking_string"})
"""The application's own words, returned and never read: they may be of several lines."""
_LONGEST = 8192
"""Characters of any other argument."""
_LONGEST_QUERY = 60_000
"""Bytes. Past 65,535 the server below gives up by itself, in words of its own."""
_FORM = "application/x-www-form-urlencoded"


def check_query(raw: bytes, settings: Settings) -> forms.Pairs:
    """The query's pairs. Raises Refusal for one that is too long or has too many fields."""
    if len(raw) > min(settings.body_bytes, _LONGEST_QUERY):
        raise forms.too_large(settings.body_bytes)
    return forms.urlencoded(raw)


async def read(request: Request, settings: Settings, known: frozenset[bytes]) -> Arguments:
    """The request's arguments of the names in `known`. Raises Refusal for what can't be taken.

    `echo` and `user_id` are noted in the request's RequestContext, for errors return them as well.
    """
    pairs = context_of(request.scope).query
    if request.method == "POST":
        # JSONP is GET's alone.
        known -= {b"callback"}
        pairs = pairs + await _body_pairs(request, settings, known)
    return of_pairs(request, pairs, settings, known)


def of_pairs(request: Request, pairs: forms.Pairs, settings: Settings, known: frozenset[bytes]) -> Arguments:
    """The arguments among these pairs. Raises Refusal; notes `echo` and `user_id` as `read` does."""
    context = context_of(request.scope)
    raw: dict[bytes, bytes] = {name: value for name, value in pairs if name in known and value}
    arguments: Arguments = {}
    refused: Refusal | None = None
    for name, value in raw.items():
        try:
            arguments[name.decode("ascii")] = _checked(name.decode("ascii"), value, settings)
        except Refusal as error:
            refused = refused or error
    context.echo = arguments.get("echo")
    context.user_id = arguments.get("user_id") or arguments.get("tracking_string")
    if refused is not None:
        raise refused
    return arguments


def number(arguments: Arguments, name: str) -> int | None:
    """A whole number from 0 on. Raises Refusal."""
    given = arguments.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()) or len(given) > 10:
        raise Refusal(
            Code.INVALID_PARAMETERS, f"`{name}` is not a whole number from 0 on. Send one, or leave it out."
        )
    return int(given)


def _checked(name: str, value: bytes, settings: Settings) -> str:
    text = forms.decoded(value)
    longest = settings.echo_characters if name in _FREE else _LONGEST
    if len(text) > longest:
        raise Refusal(
            Code.INVALID_PARAMETERS, f"`{name}` is longer than {longest} characters. Send a shorter one."
        )
    allowed = "\t\n\r" if name in _FREE else ""
    if any(unicodedata.category(one) == "Cc" and one not in allowed for one in text):
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"`{name}` holds a control character, such as a line end or NUL. Send it without.",
        )
    if name == "callback" and not is_name(text):
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "`callback` is not the name of a function: it may hold letters, digits, `_`, `$` and `.`, 200 at most.",
        )
    return text


async def _body_pairs(request: Request, settings: Settings, known: frozenset[bytes]) -> forms.Pairs:
    body = await forms.read_body(request, settings.body_bytes)
    if not body:
        return []
    given = request.headers.get("content-type", _FORM)
    kind = given.partition(";")[0].strip().lower()
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refusal(
            Code.INVALID_PARAMETERS, "The body is compressed. Send it as it is, without Content-Encoding."
        )
    if kind == "multipart/form-data":
        return forms.multipart(body, given, known)
    if kind == _FORM:
        return forms.urlencoded(body)
    raise Refusal(
        Code.INVALID_PARAMETERS,
        f"The body is of a kind that is not read here. Send the arguments as {_FORM} or multipart/form-data, or in "
        "the query.",
    )
