"""What a server's refusal means to the user: wrong password, blocked, down, or no address book here."""

from __future__ import annotations

import math
import re

from contactport.errors import Code, WireError
from contactport.net.failures import TimedOut
from contactport.net.retries import TRANSIENT
from contactport.sources.providers import Provider

WORDS = 4096
"""As much of a refusal's body is looked at."""

_BLOCKED = re.compile(
    rb"account[^.<>]{0,40}\b(?:locked|blocked|suspended|disabled|deactivated)\b"
    rb"|\b(?:locked|blocked|suspended)\b[^.<>]{0,20}account",
    re.IGNORECASE,
)


class UnexpectedStatus(Exception):
    """An answer that is not the 207 asked for.

    `status` is HTTP's; `words` the body's beginning, never shown to anybody; `withheld`, `doubtful` and
    `unsupported` as in net's Response and Credentials. `retry_after` are the seconds that a 429 or 503 asks for,
    more than the client waits for by itself; None where it asks for nothing.
    """

    def __init__(
        self,
        status: int,
        words: bytes = b"",
        *,
        withheld: bool = False,
        doubtful: bool = False,
        unsupported: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.words = words
        self.withheld = withheld
        self.doubtful = doubtful
        self.unsupported = unsupported
        self.retry_after = retry_after
        super().__init__(f"status {status}")


def is_final(refused: UnexpectedStatus) -> bool:
    """Whether asking anything else of this server would only do harm: it says no to the user, or asks for a rest."""
    return (refused.status == 401 and not refused.withheld) or wants_rest(refused)


def wants_rest(refused: UnexpectedStatus) -> bool:
    """Whether the server has asked to be left alone."""
    return refused.status == 429 or refused.retry_after is not None


def is_transient(refused: UnexpectedStatus) -> bool:
    """Whether the same question may be answered in a moment."""
    return refused.status in TRANSIENT or refused.status == 500


def judge(refused: UnexpectedStatus, provider: Provider) -> WireError:
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
    if status == 401 and refused.doubtful:
        # Not the user's fault, as far as anybody can tell: nothing is to count against the password.
        return WireError(
            Code.UNAVAILABLE,
            "The provider accepted the user name and password at first, and refused them in the middle of the "
            "import. Please try again in a few minutes; if it happens again, check the password.",
            provider_failed=False,
        )
    if status == 401 or (status == 403 and provider.secret.kind == "app_password"):
        return wrong_password(provider)
    if status == 403:
        return WireError(
            Code.IMPORT_FAILED,
            "The server does not give this account access to its address book. Ask the server's operator, or "
            "upload the contacts as a file.",
        )
    if status == 429:
        # Too much of one account or one caller: the host itself is well.
        return WireError(
            Code.UNAVAILABLE,
            "The provider has had too many requests for this account. Please try again in a few minutes.",
            retry_after=_whole(refused.retry_after),
            provider_failed=False,
        )
    if status >= 500:
        return WireError(Code.UNAVAILABLE, retry_after=_whole(refused.retry_after))
    return WireError(Code.IMPORT_FAILED)


def judge_book(refused: UnexpectedStatus, provider: Provider) -> WireError:
    """The same for a book that the server itself has named a moment ago: its address can't be mistyped."""
    status = refused.status
    if status < 400:
        # A web page where an address book was: a sign-in, or a notice that the server is being worked on.
        return WireError(Code.UNAVAILABLE)
    if status == 401 or status == 403 or status == 423 or status == 429 or status >= 500:
        return judge(refused, provider)
    return WireError(
        Code.IMPORT_FAILED,
        "The server names an address book of this account and does not hand it out. Please try again in a few "
        "minutes; if it happens again, upload the contacts as a file.",
    )


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else math.ceil(seconds)


def wrong_password(provider: Provider) -> WireError:
    """263, with the provider's help where it wants another secret than the one that people know."""
    secret = provider.secret
    if secret.kind != "app_password":
        return WireError(Code.WRONG_PASSWORD)
    where = f" {secret.url}" if secret.url else ""
    return WireError(Code.WRONG_PASSWORD, f"The user name and password do not match. {secret.help}{where}")


def is_lasting(error: Exception) -> bool:
    """Whether the server will say the same tomorrow: it does not do this, rather than could not just now."""
    return isinstance(error, UnexpectedStatus) and (400 <= error.status < 429 or error.status == 501)


def is_setback(error: Exception) -> bool:
    """Whether it took minutes, or the server is too busy: what makes any further question a burden."""
    return isinstance(error, TimedOut) or (isinstance(error, UnexpectedStatus) and error.status == 503)


def is_missing(error: Exception) -> bool:
    return isinstance(error, UnexpectedStatus) and error.status == 404


def is_busy(error: Exception) -> bool:
    """Whether the client has tried it again and again already."""
    return isinstance(error, UnexpectedStatus) and error.status in TRANSIENT
