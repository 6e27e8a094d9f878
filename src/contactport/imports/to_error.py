"""From a kind of failure to the code and the text that the application reads, by the way that the import came.

What a source or the network raises names neither. The same dead server is 264 to an import by password and 518 to one
by consent, and a text about a password helps nobody who gave none.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from contactport.contact import BookOutcome
from contactport.errors import ROWS, Code
from contactport.grant import Way
from contactport.net import failures as net
from contactport.quantities import size
from contactport.sources import failures as sources
from contactport.sources.base import BookResult
from contactport.sources.providers import Provider


class ImportFailure(msgspec.Struct, frozen=True):
    """Why an import failed: what the application is told, and what it says of the provider.

    `text` is fit for strangers: no secret, no address and no word of the server's. `retry_after` are the seconds that
    the provider asks for. `provider_failed` says that it was really asked and failed by itself. Beside `retry_after`
    it tells who is to be left alone so long: the whole host (True), or this account (False). `provider_answered` says
    that only a provider which is well fails in this way. `partial`: what was read may be all there is to have.
    """

    code: Code
    text: str
    retry_after: int | None = None
    provider_failed: bool = False
    provider_answered: bool = False
    partial: bool = False


def to_error(failure: BaseException, way: Way) -> ImportFailure:
    """What an import ends with that this failure ends; what is no failure of a source is this service's own fault."""
    if isinstance(failure, sources.RetryLater):
        return msgspec.structs.replace(to_error(failure.asked, way), partial=True)
    code, text = _answer(failure, way)
    known = isinstance(failure, sources.FAILURES)
    return ImportFailure(
        code,
        text.format_map(_facts(failure)) if text else ROWS[code].text,
        retry_after=failure.retry_after if known else None,
        provider_failed=known and failure.provider_failed,
        provider_answered=isinstance(failure, _ANSWERS),
    )


def refused(code: Code, way: Way, text: str = "") -> ImportFailure:
    """The end of an import whose provider was not asked: `code` as it is for a password."""
    return ImportFailure(_BY_CONSENT.get(code, code) if way == "consent" else code, text or ROWS[code].text)


def to_outcome(book: BookResult, way: Way) -> BookOutcome:
    """What is kept and told of one address book."""
    reason = "" if book.failure is None else to_error(book.failure, way).text
    return BookOutcome(book.place, book.state, reason)


class _Answers(NamedTuple):
    """A code and a text a way; None: as by password. An empty text is the code's own, of the table in `errors.py`."""

    password: tuple[Code, str]
    consent: tuple[Code, str] | None = None
    file: tuple[Code, str] | None = None


_BY_CONSENT = {Code.UNAVAILABLE: Code.PROVIDER_UNREACHABLE, Code.UNEXPECTED: Code.UNEXPECTED_CONSENT}
_ANSWERS = (sources.WrongPassword, sources.AccountBlocked, sources.TermsChanged, sources.ConsentWithdrawn)

_UNREACHABLE = (
    "The address book's server can't be reached. Check the server's address; if it is right, try again in a few "
    "minutes."
)
_BROKEN_OFF = (
    "The address book's server closes the connection before its answer is complete. Check the server's "
    "address; if it is right, try again in a few minutes."
)
_NO_BOOK_BY_CONSENT = (
    "The provider shows no address book of this account. Please try again later, or upload the contacts as a "
    "file."
)
_NO_MAILBOX = (
    "This account has no mailbox at the provider that may be read from outside: its organisation may keep it on "
    "its own server. Please upload the contacts as a file."
)
_TOO_SLOW = (
    "The provider sends its answers so slowly that the import was ended. Please try again later; what came "
    "before is kept."
)
_SET_UP = (
    "The provider does not let this service read any address book yet, because of how the service is registered "
    "there. Its operator can read in the log what is missing; until then upload the contacts as a file."
)
_TOO_LARGE = (
    "The address book was not read to its end: {too_much}. This service's operator can raise the limit."
)
_DENIED = (
    "The server does not give this account access to its address book. Ask the server's operator, or "
    "upload the contacts as a file."
)
_BOOK_UNREADABLE = (
    "An address book was found, but the server's answers about it can't be read. Please try again in a "
    "few minutes; if it happens again, upload the contacts as a file."
)
_BOOK_REFUSED = (
    "The server names an address book of this account, but does not give it. Please try again in a few "
    "minutes; if it happens again, upload the contacts as a file."
)
_FILE_TOO_LARGE = "The file was not read to its end: {too_much}. This service's operator can raise the limit."

_TABLE: dict[type[BaseException], _Answers] = {
    # Of the network.
    net.Unreachable: _Answers((Code.IMPORT_FAILED, _UNREACHABLE), (Code.PROVIDER_UNREACHABLE, "")),
    net.ConnectionLost: _Answers((Code.IMPORT_FAILED, _BROKEN_OFF), (Code.PROVIDER_UNREACHABLE, "")),
    net.CertificateInvalid: _Answers(
        (
            Code.IMPORT_FAILED,
            "The server's certificate can't be verified, so the password was not sent. Its operator should "
            "install a certificate for this name; a private authority can be named in this service's settings "
            "(ca_file).",
        ),
        (
            Code.PROVIDER_UNREACHABLE,
            "The server's certificate can't be verified, so nothing was sent to it. Its operator should install a "
            "certificate for this name; a private authority can be named in this service's settings (ca_file).",
        ),
    ),
    net.ProxyUnavailable: _Answers(
        (
            Code.UNEXPECTED,
            "This service can't reach the provider at the moment: its own proxy does not allow the connection. "
            "Please try again later; the service's operator checks the proxy (CONTACTPORT_PROXY).",
        ),
        (
            Code.UNEXPECTED_CONSENT,
            "This service can't reach the provider at the moment: its own proxy does not allow the connection. "
            "Please try again later; the service's operator checks the proxy (CONTACTPORT_PROXY).",
        ),
    ),
    net.TimedOut: _Answers((Code.TIMEOUT, ""), (Code.PROVIDER_UNREACHABLE, "")),
    net.TooLarge: _Answers(
        (Code.IMPORT_FAILED, _TOO_LARGE),
        (Code.UNEXPECTED_CONSENT, _TOO_LARGE),
        (Code.FILE_UNREADABLE, _FILE_TOO_LARGE),
    ),
    net.Unreadable: _Answers(
        (
            Code.IMPORT_FAILED,
            "The server's answer can't be read: {fault}. Check the server's address, or upload the contacts as "
            "a file.",
        ),
        (
            Code.PROVIDER_UNREACHABLE,
            "The provider's answer can't be read: {fault}. Please try again later, or upload the contacts as a file.",
        ),
        (Code.FILE_UNREADABLE, "The file can't be read: {fault}. Export it again, and upload that file."),
    ),
    # Of signing in.
    sources.WrongPassword: _Answers((Code.WRONG_PASSWORD, "{wrong_password}"), (Code.CONSENT_REFUSED, "")),
    sources.PasswordRefusedLater: _Answers(
        (
            Code.UNAVAILABLE,
            "The provider accepted the user name and password at first, and refused them in the middle of the "
            "import. Please try again in a few minutes; if it happens again, check the password.",
        ),
        (Code.PROVIDER_UNREACHABLE, ""),
    ),
    sources.PasswordNotSent: _Answers(
        (
            Code.IMPORT_FAILED,
            "The server leads to a host of another domain, where the password was not sent. If that host is "
            "the right one, send its address as `server`.",
        ),
        (Code.PROVIDER_UNREACHABLE, ""),
    ),
    sources.SignInUnsupported: _Answers(
        (
            Code.IMPORT_FAILED,
            "This server does not let anyone sign in with a name and a password. Upload the contacts as a file "
            "instead.",
        ),
        (Code.PROVIDER_UNREACHABLE, ""),
    ),
    sources.NotServed: _Answers((Code.IMPORT_FAILED, "{unavailable_message}")),
    sources.AccountBlocked: _Answers((Code.ACCOUNT_BLOCKED, "")),
    sources.TermsChanged: _Answers((Code.TERMS_CHANGED, "")),
    sources.ConsentWithdrawn: _Answers((Code.CONSENT_REFUSED, "")),
    sources.SetUpIncomplete: _Answers((Code.IMPORT_FAILED, _SET_UP), (Code.PROVIDER_UNREACHABLE, _SET_UP)),
    sources.AccessDenied: _Answers((Code.IMPORT_FAILED, _DENIED), (Code.CONSENT_REFUSED, "")),
    # Of the address book.
    sources.Unavailable: _Answers((Code.UNAVAILABLE, ""), (Code.PROVIDER_UNREACHABLE, "")),
    sources.RateLimited: _Answers(
        (
            Code.UNAVAILABLE,
            "The provider has had too many requests for this account. Please try again in a few minutes.",
        ),
        (
            Code.PROVIDER_UNREACHABLE,
            "The provider has had too many requests for this account. Please try again in a few minutes.",
        ),
    ),
    sources.NoProgress: _Answers((Code.TIMEOUT, _TOO_SLOW), (Code.PROVIDER_UNREACHABLE, _TOO_SLOW)),
    sources.NoAddressBook: _Answers(
        (Code.IMPORT_FAILED, ""),
        (Code.PROVIDER_UNREACHABLE, _NO_BOOK_BY_CONSENT),
        (Code.FILE_UNREADABLE, ""),
    ),
    sources.AccountWithoutBooks: _Answers(
        (
            Code.IMPORT_FAILED,
            "The server knows this account, but has no address book for it. Make one at the server, or check that "
            "this is the account with the contacts.",
        ),
        (Code.PROVIDER_UNREACHABLE, _NO_BOOK_BY_CONSENT),
    ),
    sources.MailboxNotServed: _Answers(
        (Code.IMPORT_FAILED, _NO_MAILBOX),
        (Code.PROVIDER_UNREACHABLE, _NO_MAILBOX),
    ),
    sources.BookRefused: _Answers(
        (Code.IMPORT_FAILED, _BOOK_REFUSED), (Code.PROVIDER_UNREACHABLE, _BOOK_REFUSED)
    ),
    sources.BookUnreadable: _Answers(
        (Code.IMPORT_FAILED, _BOOK_UNREADABLE), (Code.PROVIDER_UNREACHABLE, _BOOK_UNREADABLE)
    ),
    sources.MembersWithheld: _Answers(
        (Code.IMPORT_FAILED, "The server sent only a part of this address book.")
    ),
    sources.NotAsked: _Answers(
        (
            Code.IMPORT_FAILED,
            "The server failed with the address books before this one, so it was not asked for this one.",
        )
    ),
    # Of the caller's arguments.
    sources.ServerRequired: _Answers(
        (Code.INVALID_PARAMETERS, "`server` is required unless the user name is an e-mail address.")
    ),
    sources.ServerInvalid: _Answers(
        (
            Code.INVALID_PARAMETERS,
            "`server` is not valid: {fault}. Send a URL, a host with or without a port, or a mail domain.",
        )
    ),
}
"""By kind and way; a kind that is missing is told as the nearest of its bases is."""

_TOO_MUCH: dict[net.Limit, str] = {
    "import_bytes": "it is larger than {size}",
    "received_bytes": "the server sends more than {size}",
    "response_bytes": "one answer is larger than {size}",
    "response_ratio": "one answer becomes too large when it is unpacked",
    "short_response": "an answer that should be short is not",
    "requests": "it needs too many requests",
    "hosts": "it is spread over too many hosts",
    "books": "it lists too many address books",
    "locations": "it names too many places of address books",
    "members": "it has more than {most} members",
}
_WHOLE: dict[net.Limit, str] = {
    "contacts": "The address book has more than {most} contacts, which is this service's limit. Its "
    "operator can raise it (CONTACTPORT_IMPORT_MEMBERS).",
    "processor_time": "This address book can't be read: its contents take far more work than their size explains. "
    "Export it again, or upload the contacts as a file. The service's operator can raise the limit "
    "(CONTACTPORT_PROCESSOR_SECONDS).",
}
"""Limits that this service keeps by itself, whatever the provider sends: with a sentence each."""


def _answer(failure: BaseException, way: Way) -> tuple[Code, str]:
    for kind in type(failure).__mro__:
        if kind in _TABLE:
            answers = _TABLE[kind]
            code, text = getattr(answers, way) or answers.password
            if isinstance(failure, net.TooLarge) and failure.limit in _WHOLE:
                text = _WHOLE[failure.limit]
            return code, text
    return (Code.UNEXPECTED_CONSENT if way == "consent" else Code.UNEXPECTED), ""


def _facts(failure: BaseException) -> dict[str, str]:
    """What the places of a text are filled with."""
    if isinstance(failure, net.TooLarge):
        most = {"most": str(failure.most), "size": size(failure.most)}
        return most | {"too_much": _TOO_MUCH.get(failure.limit, "").format_map(most)}
    if isinstance(failure, net.Unreadable | sources.ServerInvalid):
        return {"fault": failure.fault}
    if isinstance(failure, sources.WrongPassword):
        return {"wrong_password": _wrong_password(failure.provider)}
    if isinstance(failure, sources.NotServed):
        return {"unavailable_message": failure.provider.unavailable_message}
    return {}


def _wrong_password(provider: Provider) -> str:
    """With the provider's help where it wants another password than the one that people know."""
    secret = provider.secret
    if secret.kind != "app_password":
        return ROWS[Code.WRONG_PASSWORD].text
    where = f" {secret.url}" if secret.url else ""
    return f"The user name and password do not match. {secret.help}{where}"
