"""One resource in its spellings."""

from __future__ import annotations

import pytest

from contactport.errors import Refusal
from contactport.http.context import context_of
from contactport.http.wire.paths import read_id
from tests.unit.http.requests import request


@pytest.mark.parametrize(
    ("params", "query", "format_"),
    [
        ({"name": "12"}, b"", "json"),
        ({"name": "12.json"}, b"", "json"),
        ({"name": "12.xml"}, b"", "xml"),
        ({"name": "12", "format": "xml"}, b"", "xml"),
        ({"name": "12", "format": "XML"}, b"", "xml"),
        ({"name": "12.xml", "format": "xml"}, b"", "xml"),
        ({"name": "12.xml"}, b"callback=f", "json"),
    ],
)
def test_the_format_stands_in_two_places_and_a_callback_wins(
    params: dict[str, str], query: bytes, format_: str
) -> None:
    asked = request("GET", query)
    asked.scope["path_params"] = params
    assert read_id(asked, ("json", "xml")) == "12"
    assert context_of(asked.scope).format == format_


@pytest.mark.parametrize(
    "params",
    [{"name": "12.yaml"}, {"name": "12."}, {"name": "12.json", "format": "xml"}, {"name": "1.2.xml"}],
)
def test_a_format_that_there_is_not_is_not_found(params: dict[str, str]) -> None:
    asked = request()
    asked.scope["path_params"] = params
    with pytest.raises(Refusal, match="Ask for one of json, xml") as caught:
        read_id(asked, ("json", "xml"))
    assert caught.value.http == 404
