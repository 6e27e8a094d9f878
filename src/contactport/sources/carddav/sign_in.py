"""An account's name and password, in the form that its provider wants them."""

from __future__ import annotations

from contactport.net.auth import Auth
from contactport.net.password_auth import PasswordAuth
from contactport.net.trusted_hosts import TrustedHosts
from contactport.sources.base import Account


def auth_of(account: Account) -> Auth:
    """For the provider's own hosts; those of places found later are trusted as they are tried.

    App passwords are shown in groups of letters and hold no blanks, so blanks in one are the typist's. The local
    part of an address is a second try where people choose their own names, on servers that they host.
    """
    provider = account.provider
    password = account.password
    if provider.secret.kind == "app_password":
        password = "".join(password.split())
    hosts = TrustedHosts(patterns=provider.credential_hosts)
    return PasswordAuth(account.username, password, hosts, local_part=provider.self_hosted)
