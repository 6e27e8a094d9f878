"""A user's browser without a window: it keeps cookies, follows redirects and sends forms."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import msgspec
from yarl import URL


class Form(msgspec.Struct):
    """`text` is everything that is written in it, its buttons among it."""

    method: str
    action: str
    fields: dict[str, str]
    text: str = ""


class VisitedPage(msgspec.Struct):
    url: str
    status: int
    body: str
    forms: list[Form]


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(values.get("method", "get").upper(), values.get("action", ""), {}))
            self._open = True
        elif tag == "input" and self._open and values.get("name"):
            self.found[-1].fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1].text += data


class UserAgent:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def open(
        self, url: str, stop_at: str, *, method: str = "GET", data: dict[str, str] | None = None
    ) -> VisitedPage | list[tuple[str, str]]:
        """The page at the end of all redirects, or the query of the first URL that begins with `stop_at`."""
        while True:
            if url.startswith(stop_at):
                return parse_qsl(urlsplit(url).query, keep_blank_values=True)
            async with self._session.request(
                method, URL(url, encoded=True), data=data, allow_redirects=False
            ) as answer:
                location = answer.headers.get("Location")
                body = await answer.text()
                if location is None or answer.status not in (301, 302, 303, 307):
                    forms = _Forms()
                    forms.feed(body)
                    return VisitedPage(url, answer.status, body, forms.found)
                url = str(URL(url, encoded=True).join(URL(location, encoded=True)))
                method, data = "GET", None

    async def consent(self, url: str, redirect_uri: str, button: str) -> list[tuple[str, str]]:
        """Opens an authorization URL, presses a button, and returns the parameters of the authorization response."""
        page = await self.open(url, redirect_uri)
        if not isinstance(page, VisitedPage):
            return page
        form = next((form for form in page.forms if button in form.text), None)
        assert form is not None, (
            f"no button {button!r} on the page of status {page.status}: {page.body[-500:]}"
        )
        action = str(URL(page.url, encoded=True).join(URL(form.action)))
        answer = await self.open(action, redirect_uri, method=form.method, data=form.fields)
        assert not isinstance(answer, VisitedPage), f"a page of status {answer.status}: {answer.body[-500:]}"
        return answer


@asynccontextmanager
async def user_agent() -> AsyncGenerator[UserAgent]:
    """A browser with no cookies yet."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield UserAgent(session)
