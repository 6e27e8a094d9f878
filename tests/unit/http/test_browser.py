"""The cookie that tells browsers apart, and the form tokens bound to it."""

from __future__ import annotations

import pytest
from starlette.responses import Response

from contactport.http.pages.browser import Browser, browser_of, set_cookie
from tests.unit.http.requests import request

HERE = "http://127.0.0.1:8321"
SAFE = "https://contacts.example"


def cookie_of(response: Response) -> str:
    return response.headers["set-cookie"]


def come_back(cookie: str, origin: str) -> Browser:
    return browser_of(request(headers=[("Cookie", cookie.partition(";")[0])]), origin)


@pytest.mark.parametrize("origin", [HERE, SAFE])
def test_a_browser_that_comes_back_is_known(origin: str) -> None:
    new = browser_of(request(), origin)
    assert not new.known
    response = Response()
    set_cookie(response, new, origin)
    again = come_back(cookie_of(response), origin)
    assert (again.known, again.secret) == (True, new.secret)
    response = Response()
    set_cookie(response, again, origin)
    assert "set-cookie" not in response.headers


def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    response = Response()
    set_cookie(response, browser_of(request(), SAFE), SAFE)
    name, _, rest = cookie_of(response).partition("=")
    assert name == "__Host-contactport"
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= {part.strip() for part in rest.split(";")}
    assert "Domain" not in rest


def test_a_cookie_of_another_name_or_shape_is_nobody_s() -> None:
    good = "A" * 43
    assert come_back(f"contactport={good}", HERE).known
    for cookie in (f"contactport={good}", f"__Host-contactport={good}x", "__Host-contactport=", "x"):
        assert not come_back(cookie, SAFE).known


def test_a_form_token_is_of_one_browser_and_one_link() -> None:
    one, other = Browser("a" * 43, known=True), Browser("b" * 43, known=True)
    token = one.form_token("VTGHPM3")
    assert one.is_form_token("VTGHPM3", token)
    assert not other.is_form_token("VTGHPM3", token)
    assert not one.is_form_token("VTGHPM4", token)
    for wrong in ("", token[:-1], f"{token}0", "é"):
        assert not one.is_form_token("VTGHPM3", wrong)
    new = Browser("a" * 43, known=False)
    assert not new.is_form_token("VTGHPM3", token), "a browser without its cookie has no form"


def test_nothing_shows_the_secret() -> None:
    assert "aaa" not in repr(Browser("a" * 43, known=True))
