"""An account's access token, for the provider's own host alone."""

from __future__ import annotations

from yarl import URL

from contactport.grant import OAuthToken
from contactport.net.auth import Bearer
from contactport.net.trusted_hosts import TrustedHosts
from contactport.sources.base import Account


def token_of(account: Account) -> OAuthToken:
    """The account's grant. Raises TypeError for another kind: no provider's row offers that by this protocol."""
    if not isinstance(account.grant, OAuthToken):
        raise TypeError(f"{account.provider.code} is read by a token here, not by {account.grant!r}")
    return account.grant


def bearer_of(account: Account, base: URL) -> Bearer:
    """To be sent to the host of `base`, and to none of its siblings."""
    hosts = TrustedHosts([base.host or ""], siblings=False)
    return Bearer(token_of(account).access_token, hosts, account.refresh)
