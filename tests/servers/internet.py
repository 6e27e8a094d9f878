"""A little internet on loopback: names that lead to 127.0.0.1, and certificates for them."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.unit.net.authority import make_authority
from tests.unit.net.name_server import name_server


class Internet(msgspec.Struct):
    """`settings` name its resolver and its authority; `tls` is for a server that has all its names.

    Records may be added to `zone` at any time, by name and type.
    """

    settings: dict[str, Any]
    tls: ssl.SSLContext
    zone: dict[tuple[str, str], list[str]]


@asynccontextmanager
async def internet(*names: str, vouched: bool = False) -> AsyncGenerator[Internet]:
    zone = {(name, "A"): ["127.0.0.1"] for name in names}
    with tempfile.TemporaryDirectory(prefix="internet-") as folder:
        authority, tls = make_authority(Path(folder), *names)
        async with name_server(zone, dnssec_validated=vouched) as resolver:
            yield Internet({"resolver": resolver, "ca_file": str(authority)}, tls, zone)
