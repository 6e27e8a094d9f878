"""The npm package emulate on loopback: the servers of authorization of Google and Microsoft, with their habits.

It has neither Google's contacts nor Microsoft's: those are `people.py` and `graph.py`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.servers.hosted_api import Judge
from tests.servers.npm import PACKAGES, modules, node
from tests.servers.server_process import Process, answers, fast_folder, free_port

REDIRECT = "http://127.0.0.1:9/auth"
CLIENT_ID = "client.apps.example"
SECRET = "GOCSPX~secret-of_the.client"
USERS = ("ann@example.com", "bob@example.com")
NOBODY = "nobody@example.com"
"""Whose a token is that was never issued, or is revoked: emulate takes it for its first user's."""


class Issuer:
    """One of the two. `userinfo` names the user of an access token, and NOBODY for one that is not good."""

    def __init__(self, port: int, authorize: str, token: str, revocation: str, userinfo: str) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.authorize = self.url + authorize
        self.token = self.url + token
        self.revocation = self.url + revocation
        self.userinfo = self.url + userinfo

    def judge(self, *scopes: str) -> Judge:
        """For `people.py` and `graph.py`: a token has these scopes for as long as this server knows it."""

        async def scopes_of(token: str) -> Sequence[str] | None:
            headers = {"Authorization": f"Bearer {token}"}
            async with (
                aiohttp.ClientSession() as session,
                session.get(self.userinfo, headers=headers) as answer,
            ):
                user: dict[str, Any] = await answer.json() if answer.status == 200 else {}
            return scopes if user.get("email") in USERS else None

        return scopes_of


class Emulate:
    def __init__(self, folder: Path, redirects: tuple[str, ...]) -> None:
        self.google = Issuer(
            free_port(), "/o/oauth2/v2/auth", "/oauth2/token", "/oauth2/revoke", "/oauth2/v2/userinfo"
        )
        self.microsoft = Issuer(
            free_port(),
            "/oauth2/v2.0/authorize",
            "/oauth2/v2.0/token",
            "/oauth2/v2.0/revoke",
            "/oidc/userinfo",
        )
        client = {"client_id": CLIENT_ID, "client_secret": SECRET, "name": "Shop", "redirect_uris": redirects}
        seed: dict[str, Any] = {
            "users": [{"email": email} for email in (NOBODY, *USERS)],
            "oauth_clients": [client],
        }
        services = [
            {"service": "google", "port": self.google.port, "seed": seed},
            {"service": "microsoft", "port": self.microsoft.port, "seed": seed},
        ]
        self._process = Process(
            [node(), str(PACKAGES / "emulate.mjs"), str(modules()), json.dumps(services)],
            folder,
            lambda: answers(self.google.port) and answers(self.microsoft.port),
        )

    def stop(self) -> None:
        self._process.stop()


@contextmanager
def emulate(*redirects: str) -> Generator[Emulate]:
    """Both servers in one process; `redirects` are redirect URIs of the client beside REDIRECT."""
    with tempfile.TemporaryDirectory(prefix="emulate-", dir=fast_folder()) as folder:
        server = Emulate(Path(folder), (REDIRECT, *redirects))
        try:
            yield server
        finally:
            server.stop()
