"""Server address as a caller may write it in `server`: a URL, `host`, `host:port`, or a mail domain.

And as a provider's row may write it: the URL where its server begins.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote

import msgspec
from yarl import URL

from contactport.net.registrable_domain import is_host
from contactport.sources.failures import ServerInvalid

LONGEST = 2000
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Server(msgspec.Struct, frozen=True):
    """`host` is in lower case and ASCII. `bare`: it may as well be a mail domain, without scheme, port and path."""

    scheme: str
    host: str
    port: int | None = None
    path: str = ""
    bare: bool = False

    def url(self, path: str) -> URL:
        """A URL on this server; `path` is escaped already."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return URL(f"{self.scheme}://{host}{port}{path}", encoded=True)


NO_BASE_URL = "is not an http or https URL without user, query and fragment"
"""What is said of a row's URL that fails `is_base_url`."""


def is_base_url(url: URL) -> bool:
    """Whether a provider's row may name this URL as the place where its server begins."""
    plain = not (url.user or url.query_string or url.fragment)
    return url.scheme in ("https", "http") and bool(url.host) and plain


def parse_server(text: str) -> Server:
    """Raises ServerInvalid for what is no server, or holds more than one: user info, a query, a fragment."""
    text = text.strip()
    if not text:
        raise ServerInvalid("it is empty")
    if len(text) > LONGEST:
        raise ServerInvalid(f"it is longer than {LONGEST} characters")
    if any(ord(character) <= 0x20 or 0x7F <= ord(character) <= 0xA0 for character in text):
        raise ServerInvalid("it holds blanks or control characters")
    if "\\" in text:
        raise ServerInvalid("it holds a backslash")
    if "?" in text or "#" in text:
        raise ServerInvalid("it holds a query or a fragment")
    scheme, separator, rest = text.partition("://")
    if separator:
        scheme = scheme.lower()
        if scheme not in ("https", "http"):
            raise ServerInvalid(
                "only https:// addresses can be reached, and http:// ones where the operator allows"
            )
    else:
        scheme, rest = "https", text
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        raise ServerInvalid("it holds a user name; send that as `username`")
    host, port = _split(authority)
    return Server(
        scheme,
        _host(host),
        port,
        quote(slash + path, safe="/%:@!$&'()*+,;=~-._", errors="replace") if path else "",
        bare=not separator and port is None and not path and not _is_address(host),
    )


def _split(authority: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        host, bracket, rest = authority[1:].partition("]")
        if not bracket or not _is_address(host) or (rest and not rest.startswith(":")):
            raise ServerInvalid("its brackets do not hold an address")
        port = rest[1:]
    elif authority.count(":") > 1:
        raise ServerInvalid("an IPv6 address stands in brackets: [2001:db8::1]:8443")
    else:
        host, _, port = authority.partition(":")
        if not port and authority.endswith(":"):
            raise ServerInvalid("its port is missing")
    if not port:
        return host, None
    if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise ServerInvalid("its port is not a number from 1 to 65535")
    return host, int(port)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host(host: str) -> str:
    host = host.lower().removesuffix(".")
    if _is_address(host):
        return host
    if not host.isascii():
        try:
            host = (URL(f"https://{host}/").raw_host or "").removesuffix(".")
        except ValueError:
            raise ServerInvalid("its name is not one that a host can have") from None
    labels = host.split(".")
    if not is_host(host):
        raise ServerInvalid("its name is not one that a host can have")
    if _NUMBER.fullmatch(labels[-1]):
        # 127.1, 0x7f000001 and the like are addresses to some libraries and names to others.
        raise ServerInvalid("its address is not written as four numbers")
    return host
