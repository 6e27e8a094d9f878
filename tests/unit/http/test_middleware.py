"""Middleware: what every answer has, and how errors are answered."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from contactport.http.middleware.overload import CROWDED
from contactport.imports.begin import Request
from contactport.store.domains import KeyPair
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.stored_imports import StoredImports

SECRET = "canary-7f3a"
QUERY = f"service=carddav&username={SECRET}&password={SECRET}&user_id={SECRET}&echo={SECRET}"


@pytest.mark.parametrize(
    "path", ["/health", "/", "/docs", "/nothing", "/events/1", "/services.json", "/openapi.yaml"]
)
async def test_every_answer_has_an_id_of_its_own_and_the_headers_of_caution(wire: Build, path: str) -> None:
    application = wire()
    answers = [await ask(application, "GET", path) for _ in range(2)]
    for answer in answers:
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


async def test_an_unknown_path_is_not_found_in_the_wire_s_words(wire: Build) -> None:
    answer = await ask(wire(), "GET", "/nothing/here")
    assert (answer.status, answer.json()["error"]["code"]) == (404, 2)
    assert list(answer.json()) == ["status", "error", "import_id", "user_id", "echo", "id"]
    answer = await ask(wire(), "GET", "/nothing/here.xml")
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.body)
    assert (root.tag, root.findtext("status"), root.findtext("error/code")) == ("result", "failure", "2")
    assert [one.get("nil") for one in root if one.tag in ("import-id", "user-id", "echo")] == ["true"] * 3


@pytest.mark.parametrize("path", ["/n/", "/n/a/b/c", "/docs/x", "/auth/x"])
async def test_on_pages_an_error_is_a_page_with_a_reference(wire: Build, path: str) -> None:
    for query in ("", "callback=f"):
        answer = await ask(wire(), "GET", path, query=query)
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert answer.headers["x-request-id"].encode() in answer.body
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_page_s_error_keeps_what_the_protocol_asks_for(wire: Build) -> None:
    answer = await ask(wire(), "POST", "/docs")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    answer = await ask(wire(), "GET", "/docs", extensions={CROWDED: dict[str, str]()})
    assert (answer.status, answer.headers["retry-after"], answer.headers["connection"]) == (503, "5", "close")
    assert b"<h1>" in answer.body


@pytest.mark.parametrize("path", ["/widget/", "/widget/a/b/c.js", "/address_books.js/"])
async def test_an_asset_that_is_not_there_is_plain_words(wire: Build, path: str) -> None:
    answer = await ask(wire(), "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")


@pytest.mark.parametrize("path", ["", "//", "/N/VTGHPM3", "/docs.json", "/widgets", "*"])
async def test_a_path_that_is_nobody_s_is_the_wire_s(wire: Build, path: str) -> None:
    answer = await ask(wire(), "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/json; charset=utf-8")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO"])
@pytest.mark.parametrize("path", ["/events/1", "/contacts.xml/1", "/services.json", "/health", "/"])
async def test_another_method_is_refused_and_told_which_there_are(
    wire: Build, method: str, path: str
) -> None:
    answer = await ask(wire(), method, path)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


async def test_an_import_can_be_deleted_and_not_posted(wire: Build) -> None:
    answer = await ask(wire(), "POST", "/imports/1")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, DELETE, OPTIONS")


async def test_options_lists_the_methods(wire: Build) -> None:
    answer = await ask(wire(), "OPTIONS", "/events/1")
    assert (answer.status, answer.body, answer.headers["allow"]) == (200, b"", "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "path", ["/nothing", "/events/1", "/contacts/1.vcf", "/events.xml/1", "/events/1.pdf"]
)
async def test_to_jsonp_every_error_is_a_call_and_200(wire: Build, path: str) -> None:
    answer = await ask(wire(), "GET", path, query="callback=a.b")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.body.startswith(b'a.b({"status":"failure","error":{"code":')


async def test_a_name_that_is_none_is_an_error_of_its_own(wire: Build) -> None:
    answer = await ask(wire(), "GET", "/services.json", query="callback=alert(1)")
    assert (answer.status, answer.headers["content-type"]) == (400, "application/json; charset=utf-8")
    assert answer.json()["error"]["code"] == 2


async def test_a_database_that_can_t_be_reached_is_503_and_worth_another_try(
    wire: Build, pair: KeyPair
) -> None:
    async def locked(_request: Request) -> int:
        raise OperationalError(f"INSERT {SECRET}", {"password": SECRET}, Exception("database is locked"))

    with capture_logs() as logs:
        answer = await ask(wire(locked), "POST", "/begin_import/import", query=QUERY, headers=basic(pair))
    assert (answer.status, answer.json()["error"]["code"]) == (503, 2)
    assert int(answer.headers["retry-after"]) >= 1
    assert [log["event"] for log in logs] == ["database unavailable", "request"]


async def test_on_a_connection_too_many_only_health_and_readiness_are_answered(wire: Build) -> None:
    application, crowded = wire(), {CROWDED: dict[str, str]()}
    for path in ("/health", "/health/", "/ready"):
        assert (await ask(application, "GET", path, extensions=crowded)).status == 200
    for path in ("/services.json", "/events/1", "/nothing"):
        answer = await ask(application, "GET", path, extensions=crowded)
        assert (answer.status, answer.json()["error"]["code"]) == (503, 2)
        assert (answer.headers["connection"], answer.headers["retry-after"]) == ("close", "5")
    answer = await ask(application, "GET", "/events.xml/1", extensions=crowded)
    assert ElementTree.fromstring(answer.body).findtext("error/code") == "2"


async def test_a_fault_of_the_service_is_256_and_tells_nobody_what_it_was_given(
    wire: Build, pair: KeyPair
) -> None:
    async def broken(request: Request) -> int:
        raise RuntimeError(f"can't begin for {request.grant.username} with {request.grant.password}")

    with capture_logs() as logs:
        answer = await ask(wire(broken), "POST", "/begin_import/import.xml", query=QUERY, headers=basic(pair))
    assert answer.status == 500
    root = ElementTree.fromstring(answer.body)
    assert root.findtext("error/code") == "256"
    assert SECRET not in (root.findtext("error/message") or "")
    assert [log["event"] for log in logs] == ["request failed", "request"]


async def test_the_log_has_a_line_a_request_without_its_query_or_its_names(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.waiting(user_id=SECRET, username=SECRET)
    with capture_logs() as logs:
        await ask(wire(), "POST", "/begin_import/import", query=QUERY, headers=basic(pair))
        await ask(wire(), "GET", f"/events.xml/{one}", query=QUERY, headers=basic(pair))
        await ask(wire(), "GET", f"/{SECRET}", query=QUERY)
    lines: list[Any] = logs
    assert [(line["method"], line["route"], line["status"], line.get("import_id")) for line in lines] == [
        ("POST", "/begin_import/import", 200, 1),
        ("GET", "/events/{id}", 200, one),
        ("GET", "(none)", 404, None),
    ]
    assert SECRET not in repr(lines)
    assert pair.domain_key not in repr(lines)
    assert all(line["duration_ms"] >= 0 for line in lines)
