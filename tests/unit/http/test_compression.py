"""Answers in a content coding: which one, and that they come back byte for byte."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.http.wire.compression import Coding, accepted, compressed
from contactport.store.domains import KeyPair
from tests.unit.http.asgi import AsgiResponse, ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.stored_imports import StoredImports
from tests.unit.http.test_contacts import pair_query, people

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip,deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "gzip"),
        ("zstd;q=0.5, gzip;q=0.8", "gzip"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.2, identity;q=0.8", "identity"),
        ("gzip;q=0.001", "gzip"),
        ("*", "gzip"),
        ("*;q=0.1", "gzip"),
        ("*, gzip;q=0", "identity"),
        ("identity", "identity"),
        ("br", "identity"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("*;q=0, zstd", "zstd"),
        ("*;q=0, identity;q=0.5", "identity"),
        ("identity;q=0", None),
        ("*;q=0", None),
        ("br, identity;q=0", None),
        ("gzip;q=0, identity;q=0", None),
        ("gzip;q=nonsense, zstd;q=", "identity"),
        ("gzip ; q = 0.5 ; x=1", "gzip"),
        (";;;,,,=", "identity"),
    ],
)
def test_the_header_chooses(header: str | None, coding: Coding | None) -> None:
    assert accepted(header) == coding


@given(st.text(st.sampled_from("gzipstdentiy*,;=q.01 x"), max_size=60) | st.text(max_size=60))
def test_any_header_is_some_choice(header: str) -> None:
    assert accepted(header) in ("zstd", "gzip", "identity", None)


async def each(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@given(
    st.lists(st.binary(min_size=1, max_size=2000), max_size=10), st.sampled_from(("gzip", "zstd", "identity"))
)
async def test_pieces_come_back_as_each_arrives(pieces: list[bytes], coding: Coding) -> None:
    """What was given so far can be read before the next piece is made."""
    reader = {"gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS), "zstd": zstd.ZstdDecompressor}
    decode = reader[coding]().decompress if coding in reader else bytes
    read = b""
    given = iter([*pieces, b""])
    async for made in compressed(each(pieces), coding):
        read += decode(made)
        assert read.endswith(next(given))
    assert read == b"".join(pieces)


def decoded(answer: AsgiResponse) -> bytes:
    match answer.headers.get("content-encoding"):
        case "gzip":
            return gzip.decompress(answer.body)
        case "zstd":
            return zstd.decompress(answer.body)
        case _:
            return answer.body


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
@pytest.mark.parametrize("ending", ["", ".xml", ".vcf", ".csv", ".ndjson"])
@pytest.mark.parametrize("count", [0, 3, 6000])
async def test_every_shape_is_compressed_for_who_asks(
    wire: Build, pair: KeyPair, stored: StoredImports, coding: str, ending: str, count: int
) -> None:
    application, path = wire(), f"/contacts/{stored.complete(people(count))}{ending}"
    plain = await ask(application, "GET", path, headers=basic(pair))
    asked = basic(pair) | {"Accept-Encoding": coding}
    small = await ask(application, "GET", path, headers=asked)
    assert (plain.headers["vary"], small.headers["vary"]) == ("accept-encoding", "accept-encoding")
    assert ("content-encoding" in plain.headers, small.headers["content-encoding"]) == (False, coding)
    assert decoded(small) == plain.body
    head = await ask(application, "HEAD", path, headers=asked)
    assert head.headers["content-encoding"] == coding
    if count > 1000:
        assert len(small.body) < len(plain.body) / 4


async def test_a_script_is_never_compressed(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    path = f"/contacts/{stored.complete(people(3))}"
    for accept in ("gzip, zstd", "identity;q=0"):
        answer = await ask(
            wire(), "GET", path, query=pair_query(pair, "callback=f"), headers={"Accept-Encoding": accept}
        )
        assert "content-encoding" not in answer.headers
        assert answer.body.startswith(b"f(")


async def test_what_can_t_be_taken_is_406_and_errors_are_plain(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    headers = basic(pair) | {"Accept-Encoding": "br, identity;q=0"}
    answer = await ask(wire(), "GET", f"/contacts/{stored.complete(people(3))}", headers=headers)
    assert (answer.status, answer.json()["error"]["code"]) == (406, 2)
    early = await ask(
        wire(), "GET", f"/contacts/{stored.waiting()}", headers=basic(pair) | {"Accept-Encoding": "gzip"}
    )
    assert (early.status, early.json()["error"]["code"]) == (404, 528)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_a_book_purged_while_it_is_sent_has_no_end(
    wire: Build, pair: KeyPair, stored: StoredImports, coding: str
) -> None:
    one = stored.complete(people(6000), retention=0)
    answer = await ask(
        wire(),
        "GET",
        f"/contacts/{one}",
        headers=basic(pair) | {"Accept-Encoding": coding},
        heard=lambda _piece: stored.purge(),
    )
    assert (answer.status, answer.whole) == (200, False)
    with pytest.raises((EOFError, zstd.ZstdError)):
        decoded(answer)
