"""An import by password that its user starts, at the page that `url` names, on the real service."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from tests.contract.live_service import ADA, SECRET, LiveService
from tests.contract.raw import FORM, RawResponse, ask, form
from tests.e2e.service_process import until

TOKEN = re.compile(rb'name="token" value="([0-9a-f]{64})"')


class PageVisitor:
    """Somebody at the page, with a browser that keeps one cookie and runs no script."""

    def __init__(self, app: LiveService, url: str) -> None:
        assert url.startswith(f"http://127.0.0.1:{app.port}/n/")
        self._app = app
        self._path = urlsplit(url).path
        self._cookie: list[str] = []

    def look(self) -> RawResponse:
        answer = ask(self._app.port, "GET", self._path, *self._cookie)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                self._cookie = [f"Cookie: {value.partition(';')[0]}"]
        return answer

    def type(self, username: str, password: str) -> RawResponse:
        """Fill the form in and send it; the answer is where that leads."""
        page = self.look()
        token = TOKEN.search(page.body)
        assert token is not None, page.body
        fields = {"token": token[1].decode(), "action": "sign_in", "server": self._app.books.url}
        body = form(fields | {"username": username, "password": password})
        return ask(self._app.port, "POST", self._path, FORM, *self._cookie, body=body)

    def after_signing_in(self) -> RawResponse:
        """The first page that is not about signing in."""

        def settled() -> RawResponse | None:
            page = self.look()
            return None if b"Signing in" in page.body else page

        return until(settled)


def begin(app: LiveService) -> dict[str, Any]:
    answer = app.ask(
        "POST", "/begin_import/user_consent", FORM, body=form({"service": "carddav", "user_id": "u"})
    )
    assert answer.status == 200, answer.body
    return answer.json()


def test_a_wrong_password_is_mended_and_the_contacts_arrive(app: LiveService) -> None:
    begun = begin(app)
    import_id = begun["import_id"]
    visitor = PageVisitor(app, begun["url"])
    assert [(one["event_type"], one["status"]) for one in app.events(import_id)] == [
        ("INITIALIZING", "INPROGRESS")
    ]
    answer = visitor.type(ADA, "wrong once")
    assert (answer.status, dict(answer.headers)["Location"]) == (303, urlsplit(str(begun["url"])).path)
    page = visitor.after_signing_in()
    assert b"do not match" in page.body
    assert ADA.encode() in page.body
    assert [(one["event_type"], one["status"]) for one in app.events(import_id)] == [
        ("INITIALIZING", "INPROGRESS")
    ]
    visitor.type(ADA, SECRET)
    app.ended(import_id)
    assert [(one["event_type"], one["status"], one["value"]) for one in app.events(import_id)] == [
        ("INITIALIZING", "COMPLETED", 0),
        ("GATHERING", "COMPLETED", 2),
        ("COMPLETE", "COMPLETED", 0),
    ]
    contacts = app.ask("GET", f"/contacts/{import_id}").json()
    assert (contacts["total"], contacts["user_id"]) == (2, "u")
    assert [one["address"] for one in contacts["contacts_owner"]["email"]] == [ADA]
    assert b"2 contacts" in visitor.look().body


def test_the_third_wrong_password_ends_the_import(app: LiveService) -> None:
    begun = begin(app)
    visitor = PageVisitor(app, begun["url"])
    for n in range(3):
        assert visitor.type("big", f"wrong {n}").status == 303
        visitor.after_signing_in()
    assert b"The password was not accepted" in visitor.look().body
    last = app.events(begun["import_id"])[-1]
    assert (last["event_type"], last["status"], last["value"]) == ("COMPLETE", "ERROR", 263)


def test_a_cancelled_import_s_page_is_not_valid_any_more(app: LiveService) -> None:
    begun = begin(app)
    visitor = PageVisitor(app, begun["url"])
    assert visitor.look().status == 200
    assert app.ask("DELETE", f"/imports/{begun['import_id']}").status == 204
    page = visitor.look()
    assert (page.status, page.header("content-type")) == (404, "text/html; charset=utf-8")


def test_no_password_is_left_in_the_log(app: LiveService) -> None:
    begun = begin(app)
    PageVisitor(app, begun["url"]).type("empty", "canary-1c9d")
    log = app.running.stderr
    assert "/n/{code}" in log
    assert "canary-1c9d" not in log
    assert urlsplit(str(begun["url"])).path not in log
