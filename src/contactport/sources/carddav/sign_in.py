"""An account's name and password, in the form that its provider wants them."""

from __future__ import annotations

from contactport.grant import Password
from contactport.net.auth import Auth
from contactport.net.password_auth import PasswordAuth
from contactport.net.trusted_hosts import TrustedHosts
from contactport.sources.base import Account
from contactport.sources.carddav.table import table_of


def password_of(account: Account) -> Password:
    """The account's grant. Raises TypeError for another kind: no provider's row offers that by this protocol."""
    if not isinstance(account.grant, Password):
        raise TypeError(f"{account.provider.code} is read by a password here, not by {account.grant!r}")
    return account.grant


def auth_of(account: Account) -> Auth:
    """For the provider's own hosts; those of places found later are trusted as they are tried.

    App passwords are shown in groups of letters and hold no blanks, so blanks in one are the typist's. The local
    part of an address is a second try where people choose their own names, on servers that they host.
    """
    provider = account.provider
    grant = password_of(account)
    password = grant.password
    if provider.secret.kind == "app_password":
        password = "".join(password.split())
    hosts = TrustedHosts(patterns=table_of(provider).hosts)
    return PasswordAuth(grant.username, password, hosts, local_part=provider.self_hosted)
