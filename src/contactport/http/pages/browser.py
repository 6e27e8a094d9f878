"""The browser that opened a link: a cookie that tells it from others, and form tokens bound to that cookie.

The cookie is random and means nothing by itself. A link's code belongs to the browser that opened it first. A form
counts only with the token that this browser was given: another site's page can make a browser send a form, but it
can't read the token (cross-site request forgery).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

import msgspec
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "contactport"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Browser(msgspec.Struct, frozen=True):
    """`secret` is the cookie's value; `known` is False where the browser has not sent it yet."""

    secret: str
    known: bool

    def __repr__(self) -> str:
        return f"Browser(known={self.known})"

    def form_token(self, code: str) -> str:
        """The token of the forms of one link."""
        return hmac.digest(self.secret.encode(), f"form {code}".encode(), hashlib.sha256).hex()

    def is_form_token(self, code: str, token: str) -> bool:
        """Whether a form came from a page that this browser was given."""
        return self.known and hmac.compare_digest(
            self.form_token(code).encode(), token.encode("utf-8", "replace")
        )


def browser_of(request: Request, origin: str) -> Browser:
    """The browser that sent the request; one that is new gets a secret. `origin` is the service's own."""
    given = request.cookies.get(_name(origin), "")
    if _SECRET.fullmatch(given):
        return Browser(given, known=True)
    return Browser(secrets.token_urlsafe(32), known=False)


def set_cookie(response: Response, browser: Browser, origin: str) -> None:
    """Tell a new browser its secret, until it is closed. Lax: it has to come along when a provider sends it back."""
    if not browser.known:
        response.set_cookie(
            _name(origin),
            browser.secret,
            path="/",
            secure=origin.startswith("https:"),
            httponly=True,
            samesite="lax",
        )


def _name(origin: str) -> str:
    """With the prefix no other host, and nobody on the way, can set it; browsers take that over https alone."""
    return f"__Host-{COOKIE}" if origin.startswith("https:") else COOKIE
