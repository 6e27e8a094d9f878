"""The npm package oidc-provider on loopback: a certified server of OAuth 2.1 that rotates refresh tokens."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import aiohttp
import msgspec

from tests.servers.npm import PACKAGES, modules, node
from tests.servers.server_process import Process, answers, fast_folder, free_port

REDIRECT = "http://127.0.0.1:9/auth"
"""The redirect URI of the clients here. Nothing answers there: a test reads what would have arrived."""
SECRET = "a+b: %41 secret~&="
"""Basic authentication has to encode it."""
SCOPES = ("contacts.read", "contacts.other", "email")

CLIENTS: tuple[dict[str, Any], ...] = (
    {"client_id": "by:basic", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_basic"},
    {"client_id": "by post", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_post"},
    {"client_id": "public", "token_endpoint_auth_method": "none", "application_type": "native"},
)


class OidcConfig(msgspec.Struct, kw_only=True, rename="camel"):
    """`answer` presses a button of the consent page; without it the page is shown."""

    port: int = 0
    clients: list[dict[str, Any]]
    scopes: tuple[str, ...] = SCOPES
    answer: Literal["", "allow", "deny", "partly", "crash"] = ""
    refresh_tokens: bool = True
    rotate: bool = True
    access_token_seconds: int = 3600
    code_seconds: int = 60


class OidcProvider:
    """`url` is the issuer as well."""

    def __init__(self, folder: Path, config: OidcConfig) -> None:
        self.port = config.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.authorize = f"{self.url}/auth"
        self.token = f"{self.url}/token"
        self.revocation = f"{self.url}/token/revocation"
        self.introspection = f"{self.url}/token/introspection"
        self._process = Process(
            [
                node(),
                str(PACKAGES / "oidc_provider.mjs"),
                str(modules()),
                msgspec.json.encode(config).decode(),
            ],
            folder,
            lambda: answers(self.port),
        )

    async def judge(self, token: str) -> list[str] | None:
        """For `people.py` and `graph.py`: the scopes of a token, or None where it is not good (RFC 7662)."""
        form = {"token": token, "client_id": "by post", "client_secret": SECRET}
        async with aiohttp.ClientSession() as session, session.post(self.introspection, data=form) as answer:
            told: dict[str, Any] = await answer.json()
        return str(told.get("scope", "")).split() if told.get("active") else None

    def stop(self) -> None:
        self._process.stop()


def clients(*redirects: str) -> list[dict[str, Any]]:
    """CLIENTS, each with these redirect URIs."""
    shared = {
        "redirect_uris": [REDIRECT, *redirects],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    return [client | shared for client in CLIENTS]


@contextmanager
def oidc_provider(**values: Any) -> Generator[OidcProvider]:
    """`values` are fields of OidcConfig."""
    config = OidcConfig(clients=values.pop("clients", None) or clients(), **values)
    with tempfile.TemporaryDirectory(prefix="oidc-", dir=fast_folder()) as folder:
        server = OidcProvider(Path(folder), config)
        try:
            yield server
        finally:
            server.stop()
