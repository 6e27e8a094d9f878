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
    """`settings` name its resolver and its authority; `tls` is for a server that has all its names."""

    settings: dict[str, Any]
    tls: ssl.SSLContext


@asynccontextmanager
async def internet(*names: str) -> AsyncGenerator[Internet]:
    with tempfile.TemporaryDirectory(prefix="internet-") as folder:
        authority, tls = make_authority(Path(folder), *names)
        async with name_server({(name, "A"): ["127.0.0.1"] for name in names}) as resolver:
            yield Internet({"resolver": resolver, "ca_file": str(authority)}, tls)
