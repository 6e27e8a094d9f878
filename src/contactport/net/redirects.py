"""Redirects, followed by our own code: method and body are kept, and https never becomes http.

A client library would turn a PROPFIND into a GET, and would carry the password wherever it was sent.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from yarl import URL

from contactport.net.failures import Unreadable
from contactport.net.registrable_domain import is_host

STATUSES = frozenset({301, 302, 303, 307, 308})
LONGEST = 8000
"""Characters of a reference: no server that is used reads a request line longer than that (RFC 9110 section 4.1)."""


_FORBIDDEN = re.compile(r"[^\x21-\x7e]")


def _escaped(found: re.Match[str]) -> str:
    return quote(found[0], safe="", errors="surrogateescape")


def resolve_reference(base: URL, reference: str) -> URL:
    """Where a reference in an answer from `base` leads (RFC 3986 section 5), escaped as the server wrote it.

    From TLS it never leads out of TLS: the same place is asked over https, since proxies that end TLS often
    name http by mistake. Raises Unreadable for what is no http URL.
    """
    if len(reference) > LONGEST:
        raise Unreadable("it leads to an address that is too long")
    try:
        # What no URL may hold is escaped, as browsers do; what is escaped already stays as it is.
        reference = _FORBIDDEN.sub(_escaped, reference.strip())
    except UnicodeEncodeError:
        raise Unreadable("it leads to an address that is none") from None
    if re.match(r"(?:https?:)?///", reference, re.IGNORECASE):
        raise Unreadable("it leads to an address that is none")
    try:
        url = base.join(URL(reference, encoded=True))
        port = url.port
        host = url.raw_host
    except (ValueError, TypeError):
        raise Unreadable("it leads to an address that is none") from None
    if url.scheme not in ("http", "https") or not host or not is_host(host):
        raise Unreadable("it leads to an address that is none")
    if url.user is not None or url.password is not None:
        url = url.with_user(None)
    if base.scheme == "https" and url.scheme == "http":
        url = url.with_scheme("https")
        if port == 80:
            url = url.with_port(None)
    return url.with_fragment(None) if url.fragment else url


class RedirectChain:
    """The redirects of one request: at most `limit`, and none twice."""

    def __init__(self, start: URL, limit: int) -> None:
        self._seen = {start}
        self._limit = limit

    def follow(self, base: URL, location: str) -> URL:
        """The next URL. Raises Unreadable for a circle or one too many."""
        url = resolve_reference(base, location)
        if url in self._seen:
            raise Unreadable("its redirects form a circle")
        if len(self._seen) > self._limit:
            raise Unreadable(f"it redirects more than {self._limit} times")
        self._seen.add(url)
        return url
