"""Accounts at the emulated APIs of Google and Microsoft."""

from __future__ import annotations

from contactport.grant import OAuthToken
from contactport.net.auth import Refresh
from contactport.sources.base import Account
from contactport.sources.providers import Provider

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
