"""What a server's refusal means to the user: wrong password, blocked, down, or no address book here."""

from __future__ import annotations

import re

from contactport.errors import Code, WireError
from contactport.sources.providers import Provider

WORDS = 4096
"""As much of a refusal's body is looked at."""

_BLOCKED = re.compile(
    rb"account[^.<>]{0,40}\b(?:locked|blocked|suspended|disabled|deactivated)\b"
    rb"|\b(?:locked|blocked|suspended)\b[^.<>]{0,20}account",
    re.IGNORECASE,
)


class Refused(Exception):
    """An answer that is not the 207 asked for.

    `status` is HTTP's; `words` the body's beginning, never shown to anybody; `withheld` and `unsupported` as in
    net's Response and Credentials.
    """

    def __init__(
        self, status: int, words: bytes = b"", *, withheld: bool = False, unsupported: bool = False
    ) -> None:
        self.status = status
        self.words = words
        self.withheld = withheld
        self.unsupported = unsupported
        super().__init__(f"status {status}")


def is_final(refused: Refused) -> bool:
    """Whether asking anything else of this server would only do harm: it knows the user, and says no."""
    return refused.status == 401 and not refused.withheld


def judge(refused: Refused, provider: Provider) -> WireError:
    """The error of the wire that a refusal amounts to."""
    status = refused.status
    if refused.withheld:
        return WireError(
            Code.IMPORT_FAILED,
            "The server leads to a host of another domain, where the password was not sent. If that host is "
            "the right one, send its address as `server`.",
        )
    if status in (401, 403, 423) and _BLOCKED.search(refused.words):
        return WireError(Code.ACCOUNT_BLOCKED)
    if status == 401 and refused.unsupported:
        return WireError(
            Code.IMPORT_FAILED,
            "This server does not let anyone sign in with a name and a password. Upload the contacts as a file "
            "instead.",
        )
    if status == 401 or (status == 403 and provider.secret.kind == "app_password"):
        return wrong_password(provider)
    if status == 403:
        return WireError(
            Code.IMPORT_FAILED,
            "The server does not give this account access to its address book. Ask the server's operator, or "
            "upload the contacts as a file.",
        )
    if status == 429 or status >= 500:
        return WireError(Code.UNAVAILABLE)
    return WireError(Code.IMPORT_FAILED)


def wrong_password(provider: Provider) -> WireError:
    """263, with the provider's help where it wants another secret than the one that people know."""
    secret = provider.secret
    if secret.kind != "app_password":
        return WireError(Code.WRONG_PASSWORD)
    where = f" {secret.url}" if secret.url else ""
    return WireError(Code.WRONG_PASSWORD, f"The user name and password do not match. {secret.help}{where}")
