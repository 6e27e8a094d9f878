"""Accounts at the emulated APIs of Google and Microsoft."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from contactport.grant import OAuthToken
from contactport.net.auth import Refresh
from contactport.sources.base import Account, Source
from contactport.sources.providers import Provider
from tests.servers.hosted_api import HostedApi

Api = TypeVar("Api", bound=HostedApi)
TOKEN = "token-of-the-test"


def token_account(
    base: str,
    token: str = TOKEN,
    *,
    scopes: tuple[str, ...] = (),
    include: tuple[str, ...] = (),
    refresh: Refresh | None = None,
) -> Account:
    """With an access token for the API at `base`; `scopes` are what the user is said to have granted."""
    return Account(
        provider=Provider(
            code="hosted", name="Hosted", tables={"google": {"url": base}, "microsoft": {"url": base}}
        ),
        grant=OAuthToken(access_token=token, refresh_token="refresh-of-the-test", scopes=scopes),
        include=frozenset(include),
        refresh=refresh,
    )


class HostedHarness(msgspec.Struct, Generic[Api], kw_only=True):
    """What the behaviour suite asks of a hosted source: accounts by the number of their contacts.

    `path` leads from the emulator's address to its API.
    """

    source: Source
    apis: dict[int, Api]
    path: str = ""
    signs_in: bool = True

    def account(self, count: int) -> Account:
        return token_account(self.apis[count].url + self.path)

    def stranger(self) -> Account:
        return token_account(self.apis[300].url + self.path, "another")

    def absent(self, port: int) -> Account:
        return token_account(f"http://127.0.0.1:{port}{self.path}")
