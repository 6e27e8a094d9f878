"""Why an account's contacts can't be read: a tree of kinds with facts, without codes and without sentences.

A source raises these, and lets the kinds of `net/failures.py` pass. `imports/to_error.py` turns a kind into the code
and the text that the application reads, by the way that the import came.
"""

from __future__ import annotations

from contactport.net.failures import NetworkFailure
from contactport.sources.providers import Provider


class SourceFailure(Exception):
    """Root of what a source raises.

    `provider_failed` says that the provider was really asked and failed by itself. It is False for what the user, the
    caller or the account is the cause of: a wrong password, too many requests for one account. `retry_after` are the
    seconds for which the provider asks to be left alone: by everybody where `provider_failed` is True, else on behalf
    of this account.
    """

    provider_failed: bool = False
    retry_after: int | None = None


Failure = SourceFailure | NetworkFailure
"""What ends the reading of an account."""
FAILURES = (SourceFailure, NetworkFailure)
"""The same, for `except`."""


class WrongPassword(SourceFailure):
    """The provider refuses the user's name and password. `provider` tells which kind of password it wants."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        super().__init__(provider.code)


class PasswordRefusedLater(SourceFailure):
    """The provider took the password at first and refuses it now: nothing is to count against the password."""


class PasswordNotSent(SourceFailure):
    """The server leads to a host of another owner, which may not be sent the password."""


class SignInUnsupported(SourceFailure):
    """The server offers no way to sign in that a name and a password serve for."""


class NotServed(SourceFailure):
    """The account is at a provider whose address books can't be read in this way: its row says what to do instead."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        super().__init__(provider.code)


class AccountBlocked(SourceFailure):
    """The provider says that it has blocked the account."""


class TermsChanged(SourceFailure):
    """The provider wants the user to sign in at its own site first, and to accept something there."""


class ConsentWithdrawn(SourceFailure):
    """The user, or the provider, has taken back the permission that the token stood for."""


class SetUpIncomplete(SourceFailure):
    """The provider refuses this service's own registration, or wants something of an administrator first.

    `fault` tells the operator what is missing, as a clause. No user can mend it.
    """

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)


class AccessDenied(SourceFailure):
    """The account is right, and may not read the address book."""


class Unavailable(SourceFailure):
    """The provider can't serve the address book at the moment."""

    provider_failed = True

    def __init__(self, retry_after: int | None = None) -> None:
        self.retry_after = retry_after
        super().__init__()


class RateLimited(SourceFailure):
    """Too many requests for this account or from this caller; the host itself is well."""

    def __init__(self, retry_after: int | None = None) -> None:
        self.retry_after = retry_after
        super().__init__()


class NoProgress(SourceFailure):
    """The provider answers, and sends too little for the time that it takes."""

    provider_failed = True


class NoAddressBook(SourceFailure):
    """Nothing at the server is an address book of this account."""


class AccountWithoutBooks(NoAddressBook):
    """The server knows the account, and that it has no address book."""


class MailboxNotServed(AccountWithoutBooks):
    """The account has no mailbox at the provider that programs may read: it is elsewhere, or there is none."""


class BookRefused(SourceFailure):
    """The server names an address book of the account, but does not give it."""


class BookUnreadable(SourceFailure):
    """The server's answers about an address book that it has named can't be read."""


class MembersWithheld(SourceFailure):
    """The server gave only a part of an address book."""


class NotAsked(SourceFailure):
    """An address book was not asked for, since the server failed at those before it."""


class RetryLater(SourceFailure):
    """A provider asks to be left alone, at least one book was read to its end, and the pages before have told of the
    others.

    The import goes on after that time, if it may; where it may not, it is complete with what was read. `asked` is
    what the provider said.
    """

    def __init__(self, asked: Failure) -> None:
        self.asked = asked
        self.provider_failed = asked.provider_failed
        self.retry_after = asked.retry_after
        super().__init__(type(asked).__name__)


class ServerRequired(SourceFailure):
    """Neither the caller nor the user's name says which server is meant."""


class ServerInvalid(SourceFailure):
    """The caller's `server` is no server, or holds more than one; `fault` says what is wrong, as a clause."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)
