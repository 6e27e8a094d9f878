"""Registrable domain of a host, by the Public Suffix List."""

from __future__ import annotations

import functools
import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


def is_host(name: str) -> bool:
    """Whether a host can have this name, in ASCII: an address, or labels of letters, digits and hyphens.

    What claims to be an internationalised label and is none (`xn--0`) is no name: libraries fail on it.
    """
    name = name.removesuffix(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        pass
    else:
        return "%" not in name
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    try:
        for label in labels:
            if label[:4].lower() == "xn--":
                label.lower().encode("ascii").decode("idna")
    except UnicodeError:
        return False
    return True


@functools.cache
def _suffixes() -> PublicSuffixList:
    # 70 ms and only wanted when an answer leads to another host.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()


def registrable(host: str) -> str:
    """The domain that someone registered: `example.co.uk` of `dav.example.co.uk`.

    An address, a single label or a public suffix is itself. Private suffixes of the list count, so that two
    customers of one dynamic-DNS service are strangers.
    """
    host = host.rstrip(".").lower()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _suffixes().privatesuffix(host) or host
    return host


def same_owner(one: str, other: str) -> bool:
    """Whether two hosts lie under one registrable domain."""
    one, other = one.rstrip(".").lower(), other.rstrip(".").lower()
    return one == other or registrable(one) == registrable(other)


def matches(host: str, pattern: str) -> bool:
    """Whether a host is `pattern`, or lies under it where the pattern is `*.domain`."""
    host, pattern = host.rstrip(".").lower(), pattern.lower()
    if pattern.startswith("*."):
        return host.endswith(pattern[1:])
    return host == pattern
