"""How a request wants to be answered is known before anything can go wrong."""

from __future__ import annotations

import pytest

from contactport.http.context import context_of
from tests.unit.http.requests import request


@pytest.mark.parametrize("path", ["/events/1.xml", "/events.xml/1", "/begin_import/import.xml/", "/x.xml"])
def test_errors_of_an_xml_path_are_xml(path: str) -> None:
    assert context_of(request(path=path).scope).format == "xml"


@pytest.mark.parametrize("path", ["/events/1", "/events/1.json", "/xml", "/a.xmlx"])
def test_errors_of_any_other_are_json(path: str) -> None:
    assert context_of(request(path=path).scope).format == "json"


def test_a_callback_counts_for_get_alone() -> None:
    assert context_of(request("GET", b"callback=f").scope).callback == "f"
    assert context_of(request("POST", b"callback=f").scope).callback is None


def test_the_last_callback_that_is_not_empty_counts() -> None:
    assert context_of(request("GET", b"callback=f&callback=g&callback=").scope).callback == "g"
