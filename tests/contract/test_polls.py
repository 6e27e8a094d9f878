"""Steps 2 and 3: spellings, wrong key pairs, parts of a book, and what every answer has."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.contract import expected_keys
from tests.contract.live_service import MANY, LiveService
from tests.contract.raw import FORM, RawConnection, ask, form

JSON = ["/{}/{id}", "/{}/{id}.json", "/{}.json/{id}", "/{}/{id}/", "/{}/{id}.json/", "/{}.json/{id}/"]
XML = ["/{}/{id}.xml", "/{}.xml/{id}", "/{}/{id}.xml/", "/{}.xml/{id}/"]


@pytest.mark.parametrize("resource", ["events", "contacts", "imports"])
@pytest.mark.parametrize("paths", JSON + XML)
def test_every_spelling_answers_without_a_redirect(
    app: LiveService, book: int, resource: str, paths: str
) -> None:
    answer = app.ask("GET", paths.format(resource, id=book), "Accept: text/html")
    kind = "xml" if paths in XML else "json"
    assert (answer.status, answer.header("Content-Type")) == (200, f"application/{kind}; charset=utf-8")
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Request-Id")


@pytest.mark.parametrize(
    "path", ["/events/{}", "/contacts/{}", "/imports/{}", "/contacts/{}.csv", "/events.xml/{}"]
)
def test_a_stranger_learns_nothing(app: LiveService, book: int, path: str) -> None:
    strange = ask(app.port, "GET", path.format(book), app.other.basic)
    nobody = ask(app.port, "GET", path.format(2**31 - 1), app.other.basic)
    assert (strange.status, strange.body) == (401, nobody.body)
    assert strange.header("WWW-Authenticate") == 'Basic realm="contactport"'
    without = ask(app.port, "GET", path.format(book))
    assert (without.status, without.header("WWW-Authenticate")) == (401, 'Basic realm="contactport"')


def test_a_wrong_pair_is_401_with_code_1(app: LiveService, book: int) -> None:
    query = urlencode({"domain_key": app.pair.key, "domain_password": "wrong"})
    answer = ask(app.port, "GET", f"/events/{book}?{query}")
    assert answer.status == 401
    expected_keys.check_failure(answer.json(), 1)


def test_basic_is_refused_to_another_site_s_page(app: LiveService, book: int) -> None:
    crossing = "Sec-Fetch-Site: cross-site"
    assert app.ask("GET", f"/contacts/{book}", crossing).status == 401
    assert b'"code":1' in app.ask("GET", f"/contacts/{book}?callback=f").body


def test_contacts_before_the_end_and_of_a_failed_import(app: LiveService) -> None:
    one = app.begin(server="http://127.0.0.1:1/", user_id="u")
    early = app.ask("GET", f"/contacts/{one}?echo=e")
    assert early.status == 404
    failed = app.ask("GET", f"/contacts/{app.ended(one)}?echo=e").json()
    event = app.events(one)[-1]
    expected_keys.check_failure(failed, event["value"])
    assert failed["error"]["message"] == event["description"]
    assert (failed["user_id"], failed["echo"]) == ("u", "e")


def test_a_big_book_by_parts_is_the_whole_book(app: LiveService, big_book: int) -> None:
    one = big_book
    whole = app.ask("GET", f"/contacts/{one}").json()
    expected_keys.check_contacts(whole)
    assert (whole["count"], whole["total"]) == (MANY, MANY)
    parts = [
        contact
        for start in range(0, MANY, 300)
        for contact in app.ask("GET", f"/contacts/{one}?start={start}&count=300").json()["contacts"]
    ]
    assert parts == whole["contacts"]
    assert len(app.ask("GET", f"/contacts/{one}.vcf?start=1000&count=50").body.split(b"END:VCARD")) == 51
    assert app.ask("GET", f"/contacts/{one}?count=5").json()["count"] == MANY


def test_head_says_what_get_would(app: LiveService, book: int) -> None:
    for path in (
        f"/events/{book}",
        f"/contacts/{book}.xml",
        f"/contacts/{book}",
        "/services.json",
        "/health",
        "/docs",
    ):
        head, get = app.ask("HEAD", path), app.ask("GET", path)
        assert (head.status, head.body) == (200, b"")
        assert head.header("Content-Type") == get.header("Content-Type")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/events", 404),
        ("GET", "/events/", 404),
        ("GET", "/begin_import", 404),
        ("GET", "/begin_import/import.yaml", 404),
        ("GET", "/events/1.yaml", 404),
        ("POST", "/events/1", 405),
        ("DELETE", "/contacts/1", 405),
        ("HEAD", "/begin_import/import", 405),
        ("PUT", "/begin_import/import", 405),
    ],
)
def test_other_paths_and_methods_answer_in_the_same_words(
    app: LiveService, method: str, path: str, status: int
) -> None:
    answer = app.ask(method, path)
    assert answer.status == status
    assert (answer.header("Allow") is not None) == (status == 405)
    if method != "HEAD":
        expected_keys.check_failure(answer.json(), 2)


@pytest.mark.parametrize(
    "path", ["//events/1", "/events//1", "/EVENTS/1", "/events/../health", "/%65vents/1.x"]
)
def test_nothing_redirects(app: LiveService, path: str) -> None:
    assert app.ask("GET", path).status in (401, 404)


def test_a_loop_without_a_pause_is_answered_every_time(app: LiveService) -> None:
    """As the README of a .NET library polls; another domain polls on beside it."""
    pair = app.domain("polls without a pause")
    begun = ask(app.port, "POST", "/begin_import/import", pair.basic, FORM, body=form(app.account()))
    path, other = f"/events.xml/{begun.json()['id']}", app.begin()
    with RawConnection(app.port) as connection:
        for n in range(250):
            assert connection.ask("GET", path, ["Host: x", pair.basic]).status == 200, n
            if n % 50 == 0:
                assert app.ask("GET", f"/events/{other}").status == 200
