"""A user at the sandbox's consent page: opens the link, presses Allow, and is sent back."""

from __future__ import annotations

import urllib.error
import urllib.request
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.parse import urlencode, urljoin

from demo.servers import DemoError


class _AllowForm(HTMLParser):
    """The form of the button Allow: where it leads, and its fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and not self.found:
            self._open, self.action, self.fields = True, values["action"], {}
        elif tag == "input" and self._open:
            self.fields[values["name"]] = values["value"]

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"

    @property
    def found(self) -> bool:
        return self.fields.get("decision") == "allow"


def allow(url: str) -> list[str]:
    """Open an import's link, press Allow, and follow to the end; the addresses of the pages. Raises DemoError."""
    browser = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(CookieJar())
    )
    try:
        with browser.open(url, timeout=30) as page:
            consent = page.url
            form = _AllowForm()
            form.feed(page.read().decode("utf-8"))
        if not form.found:
            raise DemoError("the link leads to no page with a button Allow")
        with browser.open(urljoin(consent, form.action), urlencode(form.fields).encode(), timeout=30) as page:
            return [consent.partition("?")[0], page.url]
    except urllib.error.HTTPError as error:
        raise DemoError(f"a page of the consent answered with status {error.code}") from None
    except OSError as error:
        raise DemoError(f"a page of the consent can't be reached: {error}") from None
