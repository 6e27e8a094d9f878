"""Web origins (RFC 6454): scheme, host and port, written as browsers write them, so that two compare as text.

A browser reads a URL by the WHATWG URL standard. Where Python reads it in another way, such as with a
backslash, a user name or a tab, the URL is refused here.
"""

from __future__ import annotations

import ipaddress
import re

DEFAULT_PORTS = {"http": 80, "https": 443}
LONGEST = 2000
"""How many characters of an origin or a URL are read."""

_START = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?P<rest>[/?#].*)?",
    re.IGNORECASE | re.ASCII,
)
_URL_CHARACTERS = re.compile(r"[!-\[\]-~]*")
"""Visible ASCII without the backslash, which browsers read as a slash."""
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class OriginError(ValueError):
    """The text is not an origin. The message says why, for the operator."""


def parse_origin(text: str) -> str:
    """An origin that an operator wrote, in the browser's spelling.

    The host in lower case, in Punycode where it is not ASCII, and no port where it is the scheme's own. A slash
    at the end is allowed. Raises OriginError.
    """
    if text.strip().lower() in ("null", "*"):
        raise OriginError(
            f"{text!r} stands for no site that can be told from others: name each origin by itself"
        )
    if "*" in text:
        raise OriginError(f"{text!r} has a wildcard: name each origin by itself")
    if "@" in text:
        raise OriginError(f"{text!r} has a user name in it: write https://host or https://host:port")
    scheme, separator, rest = text.partition("://")
    if not separator or scheme.lower() not in DEFAULT_PORTS:
        raise OriginError(
            f"{text!r} begins with neither http:// nor https://: write https://host or https://host:port"
        )
    match = _read(f"{scheme}://{_ascii(rest)}")
    if match is not None and match["rest"] not in (None, "/"):
        raise OriginError(
            f"{text!r} has a path, a query or a fragment: an origin ends after the host and the port"
        )
    found = None if match is None else _origin(match)
    if found is None:
        raise OriginError(
            f"{text!r} is not an origin: write https://host or https://host:port, without a dot at the end, and an "
            "IP address in full"
        )
    return found


def read_origin(header: str) -> str | None:
    """The origin that a browser wrote, in a header or a message; None for anything else, such as `null`."""
    match = _read(header)
    return None if match is None or match["rest"] is not None else _origin(match)


def origin_of_url(url: str) -> str | None:
    """The origin of an http or https URL; None for one that a browser could read in another way."""
    match = _read(url)
    return None if match is None else _origin(match)


def _read(url: str) -> re.Match[str] | None:
    if len(url) > LONGEST or not _URL_CHARACTERS.fullmatch(url):
        return None
    return _START.fullmatch(url)


def _origin(match: re.Match[str]) -> str | None:
    scheme = match["scheme"].lower()
    host = _host(match["host"].lower())
    port = DEFAULT_PORTS[scheme] if match["port"] is None else int(match["port"])
    if host is None or not 0 < port < 65536:
        return None
    return f"{scheme}://{host}" if port == DEFAULT_PORTS[scheme] else f"{scheme}://{host}:{port}"


def _host(host: str) -> str | None:
    """The host as browsers write it; None for one that they refuse, or would change into another."""
    if host.startswith("["):
        return _ipv6(host[1:-1])
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    if _NUMBER.fullmatch(labels[-1]):
        # A browser reads it as an IPv4 address, in decimal, octal or hexadecimal.
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            return None
    return host


def _ipv6(text: str) -> str | None:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped
    if mapped is not None:
        # Browsers write hexadecimal here, and Python does not in every version.
        return f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]"
    return f"[{address.compressed}]"


def _ascii(rest: str) -> str:
    """Host, port and what follows, with an internationalised host in Punycode (UTS 46, as browsers do)."""
    if rest.isascii():
        return rest
    host, colon, port = rest.removesuffix("/").partition(":")
    import idna

    try:
        return idna.encode(host, uts46=True).decode("ascii") + colon + port
    except UnicodeError:
        raise OriginError(
            f"{host!r} is not a host name: write it as the browser's address bar copies it (xn--…)"
        ) from None
