"""Paths of the wire that are not built say so, to programs and to people."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from contactport.store.domains import KeyPair
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build


@pytest.mark.parametrize(
    "path", ["/begin_import/upload", "/begin_import/upload.json", "/begin_import/upload/"]
)
async def test_an_upload_is_refused_before_it_is_read(wire: Build, pair: KeyPair, path: str) -> None:
    application = wire()
    answer = await ask(application, "POST", path, form={"file": "x" * 100_000}, headers=basic(pair))
    assert (answer.status, answer.json()["error"]["code"]) == (404, 2)
    assert "not built" in answer.json()["error"]["message"]
    assert "/begin_import/import" in answer.json()["error"]["message"]
    assert (await ask(application, "GET", path)).headers["allow"] == "POST, OPTIONS"


async def test_an_upload_in_xml_is_refused_in_xml(wire: Build) -> None:
    answer = await ask(wire(), "POST", "/begin_import/upload.xml")
    assert answer.status == 404
    assert "not built" in (ElementTree.fromstring(answer.body).findtext("error/message") or "")


async def test_the_rejects_as_a_file_name_what_lists_them(wire: Build) -> None:
    application = wire()
    answer = await ask(application, "GET", "/imports/17/rejects")
    assert (answer.status, answer.json()["error"]["code"]) == (404, 2)
    assert "GET /imports/ID" in answer.json()["error"]["message"]
    called = await ask(application, "GET", "/imports/17/rejects", query="callback=f")
    assert (called.status, called.body[:2]) == (200, b"f(")


@pytest.mark.parametrize("path", ["/widget/abc.js", "/widget/v1/abc.js", "/address_books.js"])
async def test_a_script_is_plain_words_and_no_script(wire: Build, path: str) -> None:
    answer = await ask(wire(), "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"not built" in answer.body
