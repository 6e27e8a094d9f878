"""Paths of the wire that are not built say so, to programs and to people."""

from __future__ import annotations

import pytest

from tests.unit.http.asgi import ask
from tests.unit.http.conftest import Build


@pytest.mark.parametrize("path", ["/widget/abc.js", "/widget/v1/abc.js", "/address_books.js"])
async def test_a_script_is_plain_words_and_no_script(wire: Build, path: str) -> None:
    answer = await ask(wire(), "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"not built" in answer.body
