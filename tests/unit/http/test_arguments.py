"""Arguments: their places, which place wins, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.errors import Refusal
from contactport.http import forms
from contactport.http.context import context_of
from contactport.http.wire import arguments
from contactport.settings import Settings, load
from tests.unit.http.requests import request

FORM = ("Content-Type", "application/x-www-form-urlencoded")


async def read(
    query: bytes = b"",
    body: bytes = b"",
    method: str = "POST",
    headers: Sequence[tuple[str, str]] = (FORM,),
    **limits: int,
) -> dict[str, str]:
    settings = load(environment={}, overrides=limits)
    asked = request(method, query, body, headers, settings=settings)
    return await arguments.read(asked, settings, arguments.BEGIN)


async def test_a_body_wins_over_the_query_and_the_last_over_the_first() -> None:
    given = await read(b"service=a&username=u&username=v", b"service=b&service=c")
    assert given == {"service": "c", "username": "v"}


async def test_an_empty_argument_is_an_absent_one_and_never_wins() -> None:
    assert await read(b"service=a&username=", b"service=&password=p&password=") == {
        "service": "a",
        "password": "p",
    }


async def test_an_empty_post_has_its_arguments_in_the_query() -> None:
    assert await read(b"service=a", headers=[]) == {"service": "a"}


async def test_an_empty_body_may_be_of_any_kind() -> None:
    assert await read(b"service=a", headers=[("Content-Type", "application/json")]) == {"service": "a"}


async def test_a_body_without_a_kind_is_a_form() -> None:
    assert await read(body=b"service=a", headers=[]) == {"service": "a"}


async def test_the_body_of_a_get_is_not_looked_at() -> None:
    assert await read(b"service=a", b"service=b", method="GET") == {"service": "a"}


async def test_unknown_arguments_are_not_even_decoded() -> None:
    assert await read(b"referrer=%ff%00&service=a") == {"service": "a"}


async def test_a_password_is_kept_exactly() -> None:
    given = await read(body=b"password=+a%20b%2Bc+%26%3D%25+&username=%C3%84da")
    assert given == {"password": " a b+c &=% ", "username": "Äda"}


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=100))
async def test_any_password_of_letters_comes_through(password: str) -> None:
    assert await read(body=b"password=" + quote(password).encode()) == {"password": password}


@pytest.mark.parametrize("name", ["password", "username", "service", "server", "include", "domain_key"])
@pytest.mark.parametrize("byte", [b"%00", b"%0a", b"%0d", b"%09", b"%7f", b"%c2%85"])
async def test_control_characters_are_refused_in_words(name: str, byte: bytes) -> None:
    with pytest.raises(Refusal, match=f"`{name}` holds a control character") as caught:
        await read(body=name.encode() + b"=a" + byte)
    assert (caught.value.code, caught.value.http) == (2, 400)


async def test_what_only_comes_back_may_have_lines_but_no_nul() -> None:
    assert await read(b"echo=a%0d%0a%09b") == {"echo": "a\r\n\tb"}
    with pytest.raises(Refusal, match="`echo` holds a control character"):
        await read(b"echo=a%00")


async def test_what_is_not_utf_8_is_read_as_windows_1252() -> None:
    assert await read(b"username=%E4da&password=%C3%A4", b"echo=%80%E9\xfc") == {
        "username": "äda",
        "password": "ä",
        "echo": "€éü",
    }


@given(st.binary(min_size=1, max_size=50).filter(lambda raw: not any(one < 32 or one == 127 for one in raw)))
async def test_bytes_without_control_characters_are_never_refused(raw: bytes) -> None:
    """But for the control characters that UTF-8 can spell in two bytes."""
    text = forms.decoded(raw)
    controls = [one for one in text if "\x80" <= one < "\xa0"]
    assert not controls or raw == text.encode()
    if not controls:
        assert await read(body=b"password=" + quote(raw).encode()) == {"password": text}


@pytest.mark.parametrize("name", ["echo", "user_id", "tracking_string"])
async def test_the_application_s_own_words_have_a_limit_in_characters(name: str) -> None:
    assert await read(f"{name}={'%C3%A4' * 10}".encode(), echo_characters=10) == {name: "ä" * 10}
    with pytest.raises(Refusal, match=f"`{name}` is longer than 10 characters"):
        await read(f"{name}={'a' * 11}".encode(), echo_characters=10)


async def test_other_arguments_have_a_limit_as_well() -> None:
    with pytest.raises(Refusal, match="`password` is longer than 8192 characters"):
        await read(body=b"password=" + b"x" * 8193)


@pytest.mark.parametrize("headers", [[FORM], [FORM, ("Content-Length", "101")]])
async def test_a_large_body_is_refused_and_not_read_to_its_end(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(Refusal, match="too large") as caught:
        await read(body=b"a=" + b"x" * 99, body_bytes=100, headers=headers)
    assert caught.value.http == 413


async def test_a_long_query_is_refused() -> None:
    with pytest.raises(Refusal, match="too large") as caught:
        await read(b"a=" + b"x" * 99, body_bytes=100)
    assert caught.value.http == 413


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/xml"])
async def test_a_body_of_another_kind_is_refused_in_words(kind: str) -> None:
    with pytest.raises(Refusal, match="of a kind that is not read here"):
        await read(body=b"{}", headers=[("Content-Type", kind)])


async def test_a_compressed_body_is_refused_in_words() -> None:
    with pytest.raises(Refusal, match="compressed"):
        await read(body=b"\x1f\x8b", headers=[FORM, ("Content-Encoding", "gzip")])


@pytest.mark.parametrize("name", ["a(", "a b", "%3Cscript%3E", "é"])
async def test_a_callback_that_is_no_name_is_refused(name: str) -> None:
    asked = request("GET", f"callback={name}".encode())
    assert context_of(asked.scope).callback is None
    with pytest.raises(Refusal, match="`callback` is not the name of a function"):
        await arguments.read(asked, Settings(), arguments.POLL)


async def test_a_callback_of_a_post_is_ignored() -> None:
    assert await read(b"callback=a(&service=a", b"callback=b(") == {"service": "a"}


async def test_echo_and_user_id_are_known_to_errors_as_well() -> None:
    asked = request("POST", b"echo=e&tracking_string=t&username=%00")
    with pytest.raises(Refusal):
        await arguments.read(asked, Settings(), arguments.BEGIN)
    answer = context_of(asked.scope)
    assert (answer.echo, answer.user_id) == ("e", "t")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("17", 17), ("007", 7)])
def test_whole_numbers_are_read(text: str, number: int) -> None:
    assert arguments.number({"start": text}, "start") == number
    assert arguments.number({}, "start") is None


@pytest.mark.parametrize("text", ["-1", "1.5", "x", "٣", "1" * 11, " 1", "1e3"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="`count` is not a whole number"):
        arguments.number({"count": text}, "count")
