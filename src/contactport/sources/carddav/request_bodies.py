"""The bodies of requests. None has a `limit` (servers cut their answers for it) and none asks for parts of a card
(some then leave out VERSION and UID)."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

_HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'
_SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"'
_APPLE = 'xmlns:A="http://calendarserver.org/ns/"'
_CARD = "<D:prop><D:getetag/><C:address-data/></D:prop>"


def _body(text: str) -> bytes:
    return _HEAD + text.encode("utf-8")


START = _body(
    f"<D:propfind {_SPACES}><D:prop><D:current-user-principal/><D:principal-URL/><D:resourcetype/>"
    "<C:addressbook-home-set/><C:principal-address/></D:prop></D:propfind>"
)
"""Where am I, and who am I here? (RFC 5397, RFC 6352 section 7.1.1)"""

PRINCIPAL = _body(
    f"<D:propfind {_SPACES}><D:prop><C:addressbook-home-set/><C:principal-address/></D:prop></D:propfind>"
)

HOME = _body(
    f"<D:propfind {_SPACES} {_APPLE}><D:prop><D:resourcetype/><D:displayname/><D:supported-report-set/>"
    "<A:me-card/></D:prop></D:propfind>"
)
"""The books of a home, and where Apple's extension is known the user's own card."""

LISTING = _body(
    f"<D:propfind {_SPACES}><D:prop><D:getetag/><D:resourcetype/><D:getcontenttype/></D:prop></D:propfind>"
)

QUERY = _body(f"<C:addressbook-query {_SPACES}>{_CARD}</C:addressbook-query>")
"""RFC 6352 wants a filter; without one all six servers that were tried give everything."""

QUERY_FILTER = _body(f"<C:addressbook-query {_SPACES}>{_CARD}<C:filter/></C:addressbook-query>")


def sync(token: str = "") -> bytes:
    """sync-collection (RFC 6578): everything for an empty token."""
    return _body(
        f"<D:sync-collection {_SPACES}><D:sync-token>{escape(token)}</D:sync-token>"
        f"<D:sync-level>1</D:sync-level>{_CARD}</D:sync-collection>"
    )


def multiget(hrefs: Iterable[str]) -> bytes:
    """addressbook-multiget (RFC 6352 section 8.7), with each href as its server wrote it."""
    asked = "".join(f"<D:href>{escape(href)}</D:href>" for href in hrefs)
    return _body(f"<C:addressbook-multiget {_SPACES}>{_CARD}{asked}</C:addressbook-multiget>")
