from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.formats.vcard.params import Params, cut, parse

pieces = st.lists(
    st.sampled_from([b'"', b":", b";", b"=", b",", b"A", b"TYPE", b"PREF", b"^", b" "]), max_size=12
)


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        (b"TEL", Params("TEL")),
        (b"item1.tel", Params("TEL", "ITEM1")),
        (b"TEL;CELL;PREF", Params("TEL", kinds=("CELL",), rank=1)),
        (b"TEL;type=HOME,pref", Params("TEL", kinds=("HOME",), rank=1)),
        (b'TEL;TYPE="home,cell";PREF=7', Params("TEL", kinds=("home", "cell"), rank=7)),
        (b"TEL;PREF=0", Params("TEL", rank=1)),
        (b"TEL;PREF=1000000000000", Params("TEL", rank=1)),
        (b"N;ENCODING=quoted-printable;CHARSET=utf-8", Params("N", encoding="Q", charset="utf-8")),
        (b"PHOTO;BASE64;VALUE=Binary", Params("PHOTO", encoding="B", value="binary")),
        (b"PHOTO;URL", Params("PHOTO", value="url")),
        (b'X-A;B="c;d";E=f^n^^^\'', Params("X-A", others={"B": "c;d", "E": 'f\n^"'})),
        (b"X-a/b;;", Params("X-A/B")),
    ],
)
def test_params(prefix: bytes, expected: Params) -> None:
    assert parse(prefix) == expected


@pytest.mark.parametrize("prefix", [b"", b" ", b"two words", b"\xff", b";TYPE=x", b"item1.", b"a=b"])
def test_what_is_no_head(prefix: bytes) -> None:
    assert parse(prefix) is None


@given(pieces.map(b"".join))
def test_a_line_is_cut_in_three_that_make_it_up(line: bytes) -> None:
    assert b"".join(cut(line)) == line
    parse(cut(line)[0])


def test_a_colon_within_quotes_is_no_end() -> None:
    assert cut(b'A;B="c:d":e:f') == (b'A;B="c:d"', b":", b"e:f")
    assert cut(b'A;B="c:d') == (b'A;B="c', b":", b"d")
