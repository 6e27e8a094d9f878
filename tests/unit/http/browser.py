"""A browser that keeps cookies, and sends them along where a real one would."""

from __future__ import annotations

from http.cookies import SimpleCookie

from starlette.applications import Starlette

from tests.unit.http.asgi import AsgiResponse, ask


class BrowserWithCookies:
    """Its requests name another host, as nobody should be believed to."""

    def __init__(self, application: Starlette) -> None:
        self._application = application
        self.cookies: dict[str, str] = {}

    async def get(self, path: str, query: str = "") -> AsgiResponse:
        return await self._ask("GET", path, query, None, self.cookies)

    async def send(self, path: str, form: dict[str, str]) -> AsgiResponse:
        """A form of the service's own page."""
        return await self._ask("POST", path, "", form, self.cookies)

    async def post(self, path: str, form: dict[str, str], query: str = "") -> AsgiResponse:
        """A form that another site's page posts: without cookies, which are Lax."""
        return await self._ask("POST", path, query, form, {})

    async def _ask(
        self, method: str, path: str, query: str, form: dict[str, str] | None, cookies: dict[str, str]
    ) -> AsgiResponse:
        headers = {"Host": "evil.example"}
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        answer = await ask(self._application, method, path, query=query, headers=headers, form=form)
        for name, morsel in SimpleCookie(answer.headers.get("set-cookie", "")).items():
            self.cookies[name] = morsel.value
        return answer
