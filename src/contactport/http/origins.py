"""Origin check: what a web origin may do in a browser, by a domain's own list and the service's own origin.

A domain that lists no origin has none. What servers send each other is not judged here: it carries the key pair.
"""

from __future__ import annotations

from urllib.parse import urlencode

from contactport.errors import Code, Refusal
from contactport.origin import OriginError, origin_of_url, parse_origin, read_origin
from contactport.settings import SettingError, Settings, public_origin
from contactport.store.domains import Domain


def is_listed(domain: Domain, origin: str) -> bool:
    """Whether the domain lists this origin, which a browser wrote in a header or beside a message."""
    read = read_origin(origin)
    return read is not None and read in domain.origins


def check_redirect_url(domain: Domain, url: str) -> str:
    """The URL that a browser may be sent back to. Raises Refusal where its origin is not listed for the domain."""
    origin = origin_of_url(url)
    if origin is None:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "`redirect_url` can't be used: send a whole http or https URL in plain ASCII, without a user name in it.",
        )
    if origin not in domain.origins:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "The origin of `redirect_url` is not listed for this domain, so no browser is sent there. The service's "
            "operator can list it with `contactport domain set --origins`; leave the argument out for a pop-up.",
        )
    return url


def with_query(url: str, parameters: dict[str, str]) -> str:
    """A URL with more parameters in its query, before its fragment."""
    start, hash_, fragment = url.partition("#")
    joint = "" if start.endswith(("?", "&")) else "&" if "?" in start else "?"
    return f"{start}{joint}{urlencode(parameters)}{hash_}{fragment}"


def frame_ancestors(domain: Domain) -> str:
    """The directive of a policy (CSP) that lets the domain's pages frame an answer, and nobody else's."""
    allowed = " ".join(domain.origins) or "'none'"
    return f"frame-ancestors {allowed}"


def check_public_url(settings: Settings) -> None:
    """Raises SettingError where `public_url` is set and is no origin."""
    if settings.public_url:
        try:
            parse_origin(settings.public_url)
        except OriginError as error:
            raise SettingError(f"public_url: {error}") from None


def own_origin(settings: Settings) -> str:
    """The origin that browsers reach this service by. Never one that a request names. Raises Refusal 503."""
    origin = public_origin(settings)
    if not origin:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "The service does not know by which address browsers reach it, so it can't send anybody to a page. Its "
            "operator says so with the setting `public_url`.",
            http=503,
        )
    return parse_origin(origin)
