"""A name server on loopback that knows what a test tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class _NameServerProtocol(asyncio.DatagramProtocol):
    def __init__(self, zone: Mapping[tuple[str, str], list[str]], *, dnssec_validated: bool) -> None:
        self._zone = zone
        self._vouched = dnssec_validated
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        answer = dns.message.make_response(query)
        if self._vouched:
            answer.flags |= dns.flags.AD
        values = self._zone.get((name, kind))
        if values:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *values))
        elif not any(known == name for known, _ in self._zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        if self._transport is not None:
            self._transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def name_server(
    zone: Mapping[tuple[str, str], list[str]], *, dnssec_validated: bool = False
) -> AsyncGenerator[str]:
    """Gives the setting `resolver` for it. `dnssec_validated` sets the flag of an answer checked by DNSSEC."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _NameServerProtocol(zone, dnssec_validated=dnssec_validated), local_addr=("127.0.0.1", 0)
    )
    try:
        host, port = transport.get_extra_info("sockname")
        yield f"{host}:{port}"
    finally:
        transport.close()
