"""What a server's refusal means to the user: wrong password, blocked, down, or no address book here."""

from __future__ import annotations

import math
import re

from contactport.net.failures import NetworkFailure, TimedOut
from contactport.net.retries import TRANSIENT
from contactport.sources.failures import (
    AccessDenied,
    AccountBlocked,
    BookRefused,
    ConsentWithdrawn,
    Failure,
    NoAddressBook,
    PasswordNotSent,
    PasswordRefusedLater,
    RateLimited,
    SignInUnsupported,
    Unavailable,
    WrongPassword,
)
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
    `unsupported` as in net's Response and Auth; `by_token` that the account signs in with an access token.
    `retry_after` are the seconds that a 429 or 503 asks for, more than the client waits for by itself; None where it
    asks for nothing.
    """

    def __init__(
        self,
        status: int,
        words: bytes = b"",
        *,
        withheld: bool = False,
        doubtful: bool = False,
        unsupported: bool = False,
        by_token: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.words = words
        self.withheld = withheld
        self.doubtful = doubtful
        self.unsupported = unsupported
        self.by_token = by_token
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


def to_failure(refused: UnexpectedStatus, provider: Provider) -> Failure:
    """The kind of failure that a refusal amounts to."""
    status = refused.status
    if refused.withheld:
        return PasswordNotSent()
    if status in (401, 403, 423) and _BLOCKED.search(refused.words):
        return AccountBlocked()
    if status == 401 and refused.unsupported:
        return SignInUnsupported()
    if status == 401 and refused.doubtful:
        # Not the user's fault, as far as anybody can tell: nothing is to count against the password.
        return PasswordRefusedLater()
    if status == 401 and refused.by_token:
        return ConsentWithdrawn()
    if status == 401 or (status == 403 and provider.secret.kind == "app_password" and not refused.by_token):
        return WrongPassword(provider)
    if status == 403:
        return AccessDenied()
    if status == 429:
        # Too much of one account or one caller: the host itself is well.
        return RateLimited(_whole(refused.retry_after))
    if status >= 500:
        return Unavailable(_whole(refused.retry_after))
    return NoAddressBook()


def to_book_failure(refused: UnexpectedStatus, provider: Provider) -> Failure:
    """The same for a book that the server itself has named a moment ago: its address can't be mistyped."""
    status = refused.status
    if status < 400:
        # A web page where an address book was: a sign-in, or a notice that the server is being worked on.
        return Unavailable()
    if status == 401 or status == 403 or status == 423 or status == 429 or status >= 500:
        return to_failure(refused, provider)
    return BookRefused()


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else math.ceil(seconds)


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
    if isinstance(error, NetworkFailure):
        return error.tries > 1
    return isinstance(error, UnexpectedStatus) and error.status in TRANSIENT
