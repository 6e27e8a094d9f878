"""All ways in which a provider is made to fail, and the expected result of an import."""

from __future__ import annotations

import asyncio
import functools
import gzip

import msgspec

from tests.faults.matrix.fault_proxy import LOOP, Act, Duration, Fault, FaultyConnection, head
from tests.faults.matrix.paged_book import CHALLENGE, XML, PagedAnswer, Stage

ASKED = 120
"""Seconds that a server asks for in Retry-After: more than a request waits by itself."""
DRIP = 0.1
"""Seconds between two bytes; the time-outs of the tests are as much smaller than those of the settings."""
STAGES: tuple[Stage, ...] = ("discovery", "listing", "pages", "lump")


async def refuse(wire: FaultyConnection) -> bool:
    wire.proxy.refuse()
    return False


async def reset(wire: FaultyConnection) -> bool:
    wire.reset()
    return False


async def reset_in_body(wire: FaultyConnection) -> bool:
    await wire.half()
    wire.reset()
    return False


async def stall(wire: FaultyConnection) -> bool:
    await wire.wait()
    return False


async def stall_in_body(wire: FaultyConnection) -> bool:
    await wire.half()
    await wire.wait()
    return False


async def drip(wire: FaultyConnection) -> bool:
    for byte in await wire.half():
        await wire.send(bytes((byte,)))
        await asyncio.sleep(DRIP)
    return True


async def truncate(wire: FaultyConnection) -> bool:
    await wire.half()
    return False


async def no_http(wire: FaultyConnection) -> bool:
    await wire.send(b"\x00\x17\xa9\x80 %PDF-1.4 \xff\xfe" * 40)
    return False


async def broken_xml(wire: FaultyConnection) -> bool:
    rest = await wire.half()
    await wire.send((b"\x9c<\x00>&\xff]]>" * (len(rest) // 8 + 1))[: len(rest)])
    return True


async def too_long(wire: FaultyConnection) -> bool:
    await wire.send(head(wire.answer, len(wire.answer.body) + 1000), wire.answer.body)
    await wire.wait()
    return False


async def too_short(wire: FaultyConnection) -> bool:
    await wire.send(head(wire.answer, max(0, len(wire.answer.body) - 300)), wire.answer.body)
    return True


async def bomb(wire: FaultyConnection) -> bool:
    is_json = wire.answer.headers.get("Content-Type", "").startswith("application/json")
    return await wire.pass_on(_json_bomb() if is_json else _bomb())


@functools.cache
def _bomb() -> PagedAnswer:
    """8 MiB of blanks in 8 KiB, where a multistatus begins."""
    start = b'<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">'
    return PagedAnswer(207, {**XML, "Content-Encoding": "gzip"}, gzip.compress(start + b" " * (8 << 20)))


@functools.cache
def _json_bomb() -> PagedAnswer:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return PagedAnswer(200, headers, gzip.compress(b"{" + b" " * (8 << 20)))


async def page(wire: FaultyConnection) -> bool:
    html = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body>Sign in<br></body></html>"
    return await wire.pass_on(PagedAnswer(200, {"Content-Type": "text/html"}, html))


async def circle(wire: FaultyConnection) -> bool:
    return await wire.pass_on(PagedAnswer(302, {"Location": LOOP + "0"}))


async def private(wire: FaultyConnection) -> bool:
    return await wire.pass_on(PagedAnswer(307, {"Location": wire.proxy.elsewhere + wire.target}))


def says(status: int, *, asks: bool = False) -> Act:
    """The status and nothing else; `asks` for a rest, which is short where it is for once."""

    async def act(wire: FaultyConnection) -> bool:
        headers = dict(CHALLENGE) if status == 401 else {}
        if asks:
            headers["Retry-After"] = "1" if wire.proxy.is_passing else str(ASKED)
        return await wire.pass_on(PagedAnswer(status, headers))

    return act


def spoils(certificate: str) -> Act:
    async def act(wire: FaultyConnection) -> bool:
        wire.proxy.spoil(certificate)
        return False

    return act


class FaultRow(msgspec.Struct, frozen=True):
    """A fault and the codes that it is to end in at discovery, at the listing, and in the fetch; 0 is COMPLETE.

    `once` are the stages at which it may be met a single time: what is not among them makes no sense so, or is
    rightly taken at its word. `fetch` may differ within one long answer: `lump`. `asked` is the Retry-After that the
    error is to carry, `failed` whether it is to count as the provider's own failure, by stage (`failed` at discovery,
    `failed_later` after it).
    """

    fault: Fault
    discovery: int
    listing: int
    fetch: int
    once: tuple[Stage, ...] = STAGES
    failed: bool = True
    failed_later: bool = True
    asked: int | None = None

    def code(self, stage: Stage, duration: Duration) -> int:
        if duration == "once":
            return 0
        return {"discovery": self.discovery, "listing": self.listing}.get(stage, self.fetch)

    def has(self, stage: Stage, duration: Duration) -> bool:
        """Whether there is such a cell."""
        if stage == "lump" and not self.fault.in_body:
            return False
        return duration == "ever" or stage in self.once


_LATER: tuple[Stage, ...] = ("listing", "pages", "lump")

ROWS = (
    FaultRow(Fault("connection refused", refuse, refuses=True), 257, 264, 264, failed=False),
    FaultRow(Fault("connection reset before the answer", reset), 257, 264, 264),
    FaultRow(Fault("connection reset in mid-body", reset_in_body, in_body=True), 257, 264, 264),
    FaultRow(Fault("silence before the first byte", stall), 258, 258, 258),
    FaultRow(Fault("silence in mid-body", stall_in_body, in_body=True), 258, 258, 258),
    FaultRow(Fault("one byte a second", drip, in_body=True), 258, 258, 258),
    FaultRow(Fault("body cut off", truncate, in_body=True), 257, 264, 264),
    FaultRow(Fault("garbage instead of HTTP", no_http), 257, 257, 257, failed=False, failed_later=False),
    FaultRow(
        Fault("garbage in mid-body", broken_xml, in_body=True),
        257,
        257,
        257,
        failed=False,
        failed_later=False,
    ),
    FaultRow(Fault("Content-Length too long", too_long, in_body=True), 0, 0, 0),
    FaultRow(
        Fault("Content-Length too short", too_short, in_body=True),
        257,
        257,
        257,
        failed=False,
        failed_later=False,
    ),
    FaultRow(
        Fault("gzip bomb", bomb, in_body=True), 257, 257, 257, once=(), failed=False, failed_later=False
    ),
    FaultRow(Fault("200 with a web page", page), 257, 264, 264, failed=False),
    FaultRow(Fault("401", says(401)), 263, 264, 264, once=_LATER, failed=False, failed_later=False),
    FaultRow(Fault("403", says(403)), 257, 257, 257, failed=False, failed_later=False),
    FaultRow(Fault("404", says(404)), 257, 257, 257, once=_LATER, failed=False, failed_later=False),
    FaultRow(Fault("429", says(429)), 264, 264, 264, failed=False, failed_later=False),
    FaultRow(
        Fault("429 with Retry-After", says(429, asks=True)),
        264,
        264,
        264,
        failed=False,
        failed_later=False,
        asked=ASKED,
    ),
    FaultRow(Fault("500", says(500)), 264, 264, 264),
    FaultRow(Fault("503", says(503)), 264, 264, 264),
    FaultRow(Fault("503 with Retry-After", says(503, asks=True)), 264, 264, 264, asked=ASKED),
    FaultRow(
        Fault("redirects in a circle", circle), 257, 257, 257, once=(), failed=False, failed_later=False
    ),
    FaultRow(Fault("redirect to a private address", private), 257, 264, 264, once=(), failed=False),
    FaultRow(
        Fault("TLS: certificate expired", spoils("expired"), certificate="expired"),
        257,
        257,
        257,
        failed=False,
        failed_later=False,
    ),
    FaultRow(
        Fault("TLS: certificate of another name", spoils("wrong name"), certificate="wrong name"),
        257,
        257,
        257,
        failed=False,
        failed_later=False,
    ),
    FaultRow(
        Fault("TLS: self-signed certificate", spoils("self-signed"), certificate="self-signed"),
        257,
        257,
        257,
        failed=False,
        failed_later=False,
    ),
)
