"""Which domain asks: by HTTP Basic, or by the arguments `domain_key` and `domain_password`."""

from __future__ import annotations

import binascii
from base64 import b64decode

from starlette.requests import Request

from contactport.errors import Code, Refusal
from contactport.http.answer import answer_of
from contactport.http.arguments import Arguments
from contactport.http.forms import decoded
from contactport.store.database import Database
from contactport.store.domains import Domain, authenticate


def key_pair(request: Request, arguments: Arguments) -> tuple[str, str]:
    """The key and password that came with the request. Raises Refusal 401 when none did.

    Basic wins over arguments. A browser that once learnt a key pair sends it along with whatever page asks, so
    Basic does not count for JSONP, nor where the browser says that the page is another site's.
    """
    given = _basic(request) if _may_be_basic(request) else None
    if given is None and "domain_key" in arguments and "domain_password" in arguments:
        given = arguments["domain_key"], arguments["domain_password"]
    if given is None:
        raise Refusal(
            Code.NOT_AUTHENTICATED,
            "No domain key and password came with the request. Send the pair that `contactport domain add` printed "
            "by HTTP Basic, or as `domain_key` and `domain_password` (JSONP and other sites' pages: the latter).",
        )
    return given


async def domain_of(database: Database, request: Request, arguments: Arguments) -> Domain:
    """The domain of the request's key pair. Raises Refusal 401."""
    domain = await database.read(authenticate, *key_pair(request, arguments))
    if domain is None:
        raise Refusal(Code.NOT_AUTHENTICATED)
    return domain


def _may_be_basic(request: Request) -> bool:
    crosses = request.headers.get("sec-fetch-site", "").strip().lower() == "cross-site"
    return not crosses and answer_of(request.scope).callback is None


def _basic(request: Request) -> tuple[str, str] | None:
    """Key and password of the header (RFC 7617), None without one. Raises Refusal for a broken one."""
    scheme, _, word = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        key, colon, password = decoded(b64decode(word.strip(), validate=True)).partition(":")
    except (binascii.Error, ValueError):
        colon = key = password = ""
    if not colon:
        raise Refusal(
            Code.NOT_AUTHENTICATED,
            "The Authorization header can't be read. Send the Base64 of `key:password`, in UTF-8, after `Basic`.",
        )
    return key, password
