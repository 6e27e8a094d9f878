"""`[provider.google]` and `[provider.microsoft]`: what a row says of its provider's API."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from yarl import URL

from contactport.sources.providers import Provider
from contactport.sources.server_address import NO_BASE_URL, is_base_url


class ApiTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is where the API is, instead of where everybody finds it: a national cloud, or a stand-in for tests."""

    url: str = ""


def api_url(provider: Provider, protocol: str, usual: str) -> URL:
    """Where the API of an account is."""
    return URL(provider.table(protocol, ApiTable).url or usual)


def row_faults(provider: Provider, protocol: str) -> Iterator[tuple[str, str]]:
    """The fields of a row with which nothing could be read, and why."""
    told = provider.table(protocol, ApiTable).url
    try:
        url = URL(told)
    except ValueError:
        url = URL()
    if told and not is_base_url(url):
        yield f"{protocol}.url", f"{told!r} {NO_BASE_URL}"
