"""`[provider.carddav]`: what the row of a provider says of its CardDAV server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta
from yarl import URL

from contactport.sources.providers import Provider
from contactport.sources.server_address import NO_BASE_URL, is_base_url

PROTOCOL = "carddav"


class CardDavTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`start` is the URL where discovery begins; `{domain}` and `{username}` in it are filled in.

    `paths` are where to look when discovery finds nothing. `hosts` may be sent the user's secret, beside the start's
    own (`*.icloud.com`). `batch` is the most hrefs of a multiget; 0 leaves it to the source. `concurrency` is how
    many requests run at once on one account.
    """

    start: str = ""
    paths: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    batch: Annotated[int, Meta(ge=0, le=1000)] = 0
    concurrency: Annotated[int, Meta(ge=1, le=10)] = 1


def table_of(provider: Provider) -> CardDavTable:
    """The table of a row, or one of defaults."""
    return provider.table(PROTOCOL, CardDavTable)


def row_faults(provider: Provider) -> Iterator[tuple[str, str]]:
    """The fields of a row with which no book could be found, and why."""
    table = table_of(provider)
    if not table.start and not provider.self_hosted:
        yield "carddav.start", "it is missing; a row has it, or `self_hosted = true`"
    if table.start:
        try:
            url = URL(table.start.replace("{", "").replace("}", ""), encoded=True)
        except ValueError:
            url = URL()
        if not is_base_url(url):
            yield "carddav.start", f"{table.start!r} {NO_BASE_URL}"
    for path in table.paths:
        if not path.startswith("/"):
            yield "carddav.paths", f"{path!r} does not begin with a slash"
    for host in table.hosts:
        if "*" in host.removeprefix("*.") or "." not in host.removeprefix("*."):
            yield "carddav.hosts", f"{host!r} is not a host, or a domain after `*.`"
