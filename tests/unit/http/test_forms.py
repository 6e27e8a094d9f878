"""Forms of every kind as pairs."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.errors import Refusal
from contactport.http import forms

KNOWN = frozenset({b"username", b"password"})
names = st.sampled_from(["username", "password"])
values = st.text(st.characters(codec="utf-8"), max_size=200)


def part(name: str, value: bytes, *headers: str) -> bytes:
    head = [f'Content-Disposition: form-data; name="{name}"', *headers]
    return b"--limit\r\n" + "\r\n".join(head).encode() + b"\r\n\r\n" + value + b"\r\n"


def multipart(*parts: bytes) -> forms.Pairs:
    body = b"".join(parts) + b"--limit--\r\n"
    return forms.multipart(body, "multipart/form-data; boundary=limit", KNOWN)


@given(st.lists(st.tuples(names, values), max_size=50))
def test_a_urlencoded_form_comes_back(pairs: list[tuple[str, str]]) -> None:
    assert forms.urlencoded(urlencode(pairs).encode()) == [(a.encode(), b.encode()) for a, b in pairs]


@given(st.binary(max_size=300))
def test_any_bytes_are_some_form(raw: bytes) -> None:
    joined = forms.urlencoded(raw)
    assert len(joined) == (raw.count(b"&") + 1 if raw else 0)


@given(st.lists(st.tuples(names, values.filter(lambda text: "--limit" not in text)), min_size=1, max_size=20))
def test_a_multipart_form_comes_back_byte_for_byte(pairs: list[tuple[str, str]]) -> None:
    made = multipart(*[part(name, value.encode()) for name, value in pairs])
    assert made == [(name.encode(), value.encode()) for name, value in pairs]


@given(st.binary(max_size=400))
def test_any_body_is_parts_or_a_plain_refusal(raw: bytes) -> None:
    refusal: Refusal | None = None
    pairs: forms.Pairs = []
    try:
        pairs = forms.multipart(raw, "multipart/form-data; boundary=limit", KNOWN)
    except Refusal as error:
        refusal = error
    assert refusal is None or (refusal.code, refusal.http) == (2, 400)
    assert {name for name, _ in pairs} <= KNOWN


def test_too_many_fields_are_refused_either_way() -> None:
    with pytest.raises(Refusal, match="more than 100 arguments"):
        forms.urlencoded(b"&".join([b"a=b"] * 101))
    with pytest.raises(Refusal, match="more than 100 arguments"):
        multipart(*[part("username", b"x")] * 101)


def test_a_part_may_say_that_it_is_latin_1() -> None:
    made = multipart(part("password", "pä".encode("latin-1"), "Content-Type: text/plain; charset=ISO-8859-1"))
    assert made == [(b"password", "pä".encode())]


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("ISO-8859-1", "cp1252"),
        ("windows-1252", "cp1252"),
        ('"windows-1251"', "cp1251"),
        ("Shift_JIS", "cp932"),
        ("UTF-16", "utf-16"),
    ],
)
def test_a_part_is_read_in_the_character_set_that_it_names(charset: str, codec: str) -> None:
    word = {"cp1251": "пароль", "cp932": "名前", "utf-16": "é名"}.get(codec, "é€")
    made = multipart(part("password", word.encode(codec), f"Content-Type: text/plain; charset={charset}"))
    assert made == [(b"password", word.encode())]


@pytest.mark.parametrize("charset", ["", "; charset=UTF-8", "; charset=US-ASCII", "; charset=nonsense"])
@pytest.mark.parametrize("raw", ["é".encode(), b"\xe9"])
def test_a_part_without_a_character_set_of_use_stays_as_it_is(charset: str, raw: bytes) -> None:
    made = multipart(part("password", raw, f"Content-Type: text/plain{charset}"))
    assert made == [(b"password", raw)]
    assert forms.decoded(raw) == "é"


def test_a_file_is_refused_where_an_argument_should_be() -> None:
    with pytest.raises(Refusal, match="`password` came as a file"):
        multipart(b'--limit\r\nContent-Disposition: form-data; name="password"; filename="p"\r\n\r\nx\r\n')


def test_a_file_of_any_other_name_is_ignored() -> None:
    made = multipart(
        b'--limit\r\nContent-Disposition: form-data; name="upload"; filename="p"\r\n\r\nx\r\n',
        part("username", b"ada"),
    )
    assert made == [(b"username", b"ada")]


def test_a_transfer_encoding_is_refused_unless_it_changes_nothing() -> None:
    plain = part("username", b"ada", "Content-Transfer-Encoding: 8bit")
    assert multipart(plain) == [(b"username", b"ada")]
    with pytest.raises(Refusal, match="transfer encoding"):
        multipart(part("username", b"YWRh", "Content-Transfer-Encoding: base64"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (part("username", b"ada") + b"--limit--", "multipart/form-data"),
        (part("username", b"ada") + b"--limit--", "multipart/form-data; boundary=other"),
        (part("username", b"ada"), "multipart/form-data; boundary=limit"),
        (b"", "multipart/form-data; boundary=limit"),
        (part("username", b"ada") + b"--limit--", f"multipart/form-data; boundary={'x' * 300}"),
    ],
)
def test_a_body_that_ends_too_early_or_has_no_boundary_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(Refusal, match="not sound multipart"):
        forms.multipart(body, kind, KNOWN)
