"""Hostile bodies: wrong lengths, chunks, content codings."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Iterable, Iterator

from tests.faults.hostile.plain_book import (
    CLOSE,
    OPEN,
    card,
    chunked,
    head,
    href,
    multistatus,
    whole,
    with_card,
)
from tests.faults.hostile.scenario import END, ScenarioRequest, Steps, scenario

MIB = 1024 * 1024


def packed(pieces: Iterable[bytes]) -> bytes:
    """One gzip member."""
    return gzip.compress(b"".join(pieces))


def blanks(megabytes: int, before: bytes = b"") -> Iterator[bytes]:
    """So many megabytes of blanks, packed once and repeated: a member of gzip that never ends."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    yield from itertools.repeat(once, megabytes)


@scenario("bodies")
def bomb(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing and not request.is_report:
        return None
    return chunked(blanks(20_000, OPEN), "Content-Encoding: gzip")


@scenario("bodies")
def bomb_at_discovery(request: ScenarioRequest) -> Steps | None:
    if not request.is_home:
        return None
    return chunked(blanks(20_000), "Content-Encoding: gzip")


@scenario("bodies")
def bomb_in_a_refusal(_: ScenarioRequest) -> Steps:
    return chunked(blanks(5000), "Content-Encoding: gzip", status=403)


@scenario("bodies")
def bomb_in_a_bomb(request: ScenarioRequest) -> Steps | None:
    if not request.is_report and not request.is_listing:
        return None
    return chunked([packed(blanks(200))], "Content-Encoding: gzip, gzip")


@scenario("bodies")
def empty_gzip_members(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing and not request.is_report:
        return None
    empty = gzip.compress(b"") * 3000
    return chunked(itertools.repeat(empty, 3000), "Content-Encoding: gzip")


@scenario("bodies")
def empty_deflate_blocks(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing and not request.is_report:
        return None
    # A stored block of no bytes, again and again.
    blocks = b"\x00\x00\x00\xff\xff" * 13_000
    first = b"\x78\x9c"
    return chunked(itertools.chain([first], itertools.repeat(blocks, 100_000)), "Content-Encoding: deflate")


@scenario("bodies", 0, least=40)
def sound_gzip_members(request: ScenarioRequest) -> Steps | None:
    """Several members in a row, as a server may send them."""
    if not request.is_sync:
        return None
    cards = (with_card(href(n), card(n)) for n in range(40))
    return chunked(
        (gzip.compress(piece) for piece in itertools.chain([OPEN], cards, [CLOSE])), "Content-Encoding: gzip"
    )


@scenario("bodies")
def chunk_extensions(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing and not request.is_report:
        return None
    piece = b"1;" + b"e" * 4000 + b"\r\n \r\n"
    first = head(207, "Transfer-Encoding: chunked")
    return itertools.chain([first], itertools.repeat(piece * 100, 100_000))


@scenario("bodies")
def one_chunk_extension(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing and not request.is_report:
        return None
    first = head(207, "Transfer-Encoding: chunked") + b"1;"
    return itertools.chain([first], itertools.repeat(b"e" * MIB, 100_000))


@scenario("bodies")
def chunk_length_without_end(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing:
        return None
    first = head(207, "Transfer-Encoding: chunked")
    return itertools.chain([first], itertools.repeat(b"0" * MIB, 2000))


@scenario("bodies")
def chunk_of_all_there_is(request: ScenarioRequest) -> Steps | None:
    if not request.is_start:
        return None
    return iter([head(207, "Transfer-Encoding: chunked") + b"ffffffffffffffffff\r\n", b"x" * MIB, END])


@scenario("bodies", 0, 257, 258, 264)
def trailers_without_end(request: ScenarioRequest) -> Steps | None:
    if not request.is_report:
        return None
    cards = b"".join(with_card(href(n), card(n)) for n in range(40))
    body = OPEN + cards + CLOSE
    first = head(207, "Transfer-Encoding: chunked") + b"%x\r\n%s\r\n0\r\n" % (len(body), body)
    pieces = (b"".join(b"x-%d-%d: 1\r\n" % (n, i) for i in range(1000)) for n in range(3000))
    return itertools.chain([first], pieces)


@scenario("bodies", 0, least=40)
def chunks_of_one_byte(request: ScenarioRequest) -> Steps | None:
    if not request.is_sync:
        return None
    cards = b"".join(with_card(href(n), card(n)) for n in range(40))
    body = OPEN + cards + CLOSE
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    return iter([head(207, "Transfer-Encoding: chunked"), pieces, b"0\r\n\r\n"])


@scenario("bodies", 0, 257, 258, 264)
def promises_more_than_it_sends(request: ScenarioRequest) -> Steps | None:
    if not request.is_report:
        return None
    return iter([head(207, "Content-Length: 99999999999") + OPEN, with_card(href(1), card(1)), END])


@scenario("bodies", 0, 257, 258, 264)
def promises_less_than_it_sends(request: ScenarioRequest) -> Steps | None:
    if not request.is_report:
        return None
    body = OPEN + with_card(href(1), card(1)) + CLOSE
    return iter([head(207, "Content-Length: 10") + body * 2000])


@scenario("bodies")
def two_lengths(request: ScenarioRequest) -> Steps:
    return iter(
        [head(207, "Content-Length: 5", "Content-Length: 500", "Transfer-Encoding: chunked") + b"x" * 9000]
    )


@scenario("bodies")
def coding_nobody_asked_for(_: ScenarioRequest) -> Steps:
    return whole(207, b"\x1b\x00\x00" * 9000, "Content-Encoding: br")


@scenario("bodies", 0, 257, 258, 264)
def body_byte_by_byte(request: ScenarioRequest) -> Steps | None:
    if not request.is_report:
        return None
    first = head(207, "Transfer-Encoding: chunked")
    return itertools.chain([first], itertools.cycle([b"1\r\n \r\n", 0.05]))


@scenario("bodies")
def refusal_without_end(_: ScenarioRequest) -> Steps:
    return chunked(itertools.repeat(b"no" * 30_000, 20_000), status=403)


@scenario("bodies")
def redirect_with_a_body_without_end(_: ScenarioRequest) -> Steps:
    return chunked(itertools.repeat(b"no" * 30_000, 20_000), "Location: /dav/", status=302)


@scenario("bodies", 0, 257, 258, 264, least=0)
def cards_without_end(request: ScenarioRequest) -> Steps | None:
    """As quick as can be: half a million members in one answer."""
    if not request.is_sync:
        return None
    text = card("#")
    return multistatus(with_card(href(n), text.replace("#", str(n))) for n in range(500_000))
