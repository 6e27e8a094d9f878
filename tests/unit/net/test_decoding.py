from __future__ import annotations

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.net.decoding import OUTPUT, Decoder
from contactport.net.failures import ConnectionLost, TooLarge, Unreadable
from tests.import_fails import import_fails

MEBIBYTE = 1024 * 1024
NOISE = random.Random(1).randbytes(100_000)


def decode(
    coding: str, body: bytes, *, step: int = 1000, limit: int = 64 * MEBIBYTE, ratio: int = 200
) -> bytes:
    decoder = Decoder(coding, limit=limit, ratio=ratio)
    out = bytearray()
    for at in range(0, len(body), step):
        for piece in decoder.feed(body[at : at + step]):
            assert len(piece) <= max(OUTPUT, step)
            out += piece
    decoder.finish()
    return bytes(out)


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


class TestParts:
    def test_a_body_of_many_members_is_read(self) -> None:
        parts = [NOISE[at : at + 1000] for at in range(0, len(NOISE), 1000)]
        assert decode("gzip", b"".join(map(gzip.compress, parts))) == NOISE

    def test_members_that_hold_nothing_are_not_read_without_end(self) -> None:
        assert decode("gzip", gzip.compress(b"") * 60) == b""
        with pytest.raises(Unreadable):
            decode("gzip", gzip.compress(b"") * 70)


class TestCodings:
    @given(st.binary(max_size=5000), st.integers(1, 500))
    def test_every_coding_is_undone_however_it_is_cut(self, body: bytes, step: int) -> None:
        assert decode("", body, step=step) == body
        assert decode("identity", body, step=step) == body
        assert decode("GZIP", gzip.compress(body), step=step) == body
        assert decode("x-gzip", gzip.compress(body), step=step) == body
        assert decode("deflate", zlib.compress(body), step=step) == body

    def test_deflate_without_its_frame(self) -> None:
        assert decode("deflate", raw_deflate(NOISE)) == NOISE

    def test_several_gzip_members_are_one_body(self) -> None:
        assert decode("gzip", gzip.compress(b"one ") + gzip.compress(b"two")) == b"one two"

    def test_an_empty_body(self) -> None:
        assert decode("gzip", b"") == b""

    @pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "nonsense"])
    def test_what_was_not_asked_for_is_refused(self, coding: str) -> None:
        with pytest.raises(Unreadable):
            Decoder(coding, limit=1, ratio=1)

    def test_damage_is_noticed(self) -> None:
        with pytest.raises(Unreadable):
            decode("gzip", b"this is no gzip at all")

    def test_an_early_end_is_noticed(self) -> None:
        with pytest.raises(ConnectionLost):
            decode("gzip", gzip.compress(NOISE)[:-20])

    @given(st.sampled_from(["gzip", "deflate"]), st.binary(max_size=500))
    def test_nothing_but_the_declared_errors(self, coding: str, body: bytes) -> None:
        try:
            decode(coding, body, step=7)
        except (Unreadable, ConnectionLost, TooLarge):
            return


class TestLimits:
    def test_a_body_larger_than_allowed(self) -> None:
        with import_fails("1 MiB"):
            decode("", bytes(MEBIBYTE + 1), limit=MEBIBYTE)

    def test_a_bomb_is_stopped_long_before_it_is_whole(self) -> None:
        bomb = gzip.compress(bytes(50 * MEBIBYTE))
        decoder = Decoder("gzip", limit=512 * MEBIBYTE, ratio=200)
        sizes: list[int] = []

        def swell() -> None:
            sizes.extend(len(piece) for piece in decoder.feed(bomb[:1000]))

        with import_fails("becomes too large"):
            swell()
        assert sum(sizes) < MEBIBYTE

    def test_a_short_body_may_be_packed_as_tightly_as_it_likes(self) -> None:
        assert decode("gzip", gzip.compress(bytes(50_000)), ratio=2) == bytes(50_000)
