"""How an account signs in: by its name and password in the form that its provider wants, or by an access token."""

from __future__ import annotations

import msgspec

from contactport.grant import OAuthToken, Password
from contactport.net.auth import Auth, Bearer
from contactport.net.password_auth import PasswordAuth
from contactport.net.trusted_hosts import TrustedHosts
from contactport.sources.base import Account
from contactport.sources.carddav.table import table_of


class Login(msgspec.Struct, frozen=True):
    """What of a grant says where its address books are; both are empty where it says nothing."""

    username: str
    server: str = ""

    def __repr__(self) -> str:
        return "Login()"


def login_of(account: Account) -> Login:
    """Raises TypeError for a grant that no provider's row offers by this protocol."""
    match account.grant:
        case Password():
            return Login(account.grant.username, account.grant.server)
        case OAuthToken():
            return Login(account.grant.email)
        case _:
            raise _unreadable_by(account)


def auth_of(account: Account) -> Auth:
    """For the provider's own hosts; those of places found later are trusted as they are tried.

    App passwords are shown in groups of letters and hold no blanks, so blanks in one are the typist's. The local
    part of an address is a second try where people choose their own names, on servers that they host.
    """
    provider = account.provider
    hosts = TrustedHosts(patterns=table_of(provider).hosts)
    if isinstance(account.grant, OAuthToken):
        return Bearer(account.grant.access_token, hosts, account.refresh)
    if isinstance(account.grant, Password):
        password = account.grant.password
        if provider.secret.kind == "app_password":
            password = "".join(password.split())
        return PasswordAuth(account.grant.username, password, hosts, local_part=provider.self_hosted)
    raise _unreadable_by(account)


def _unreadable_by(account: Account) -> TypeError:
    return TypeError(f"{account.provider.code} is not read by {account.grant!r} here")
