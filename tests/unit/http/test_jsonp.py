"""JSONP: what may be a name, and how a body is made safe inside a script."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.http.wire import jsonp


@pytest.mark.parametrize("name", ["f", "jQuery17_123", "a.b.c", "$", "_1", "9"])
def test_letters_digits_and_three_marks_are_a_name(name: str) -> None:
    assert jsonp.is_name(name)


@pytest.mark.parametrize("name", ["", "a b", "a()", "alert(1);x", "a-b", "é", "a\n", "x" * 201, "a/**/", "<"])
def test_nothing_else_is(name: str) -> None:
    assert not jsonp.is_name(name)


@given(st.text())
def test_a_wrapped_body_is_the_same_json_without_what_ends_a_script_or_a_line(text: str) -> None:
    body = json.dumps({"text": text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    wrapped = jsonp.wrap("call", body).decode("utf-8", "surrogatepass")
    assert wrapped.startswith("call(")
    assert wrapped.endswith(")")
    assert not {"<", "\u2028", "\u2029"} & set(wrapped)
    assert json.loads(wrapped[5:-1]) == {"text": text}
