"""An account's name and password, in the form that its provider wants them."""

from __future__ import annotations

from contactport.net.credentials import Credentials
from contactport.sources.base import Account


def credentials_of(account: Account) -> Credentials:
    """For the provider's own hosts; those of places found later are trusted as they are tried.

    App passwords are shown in groups of letters and hold no blanks, so blanks in one are the typist's. The local
    part of an address is a second try where people choose their own names, on servers that they host.
    """
    provider = account.provider
    password = account.password
    if provider.secret.kind == "app_password":
        password = "".join(password.split())
    return Credentials(
        account.username,
        password,
        patterns=provider.credential_hosts,
        local_part=provider.self_hosted,
    )
