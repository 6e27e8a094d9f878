"""Every error of the wire: one row of a table is one code.

A text says what went wrong, on whose side, and what to do next. It never has a secret, an address or a text
of the server. `docs/errors.md` has an anchor for each code.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Literal, NamedTuple


class Code(IntEnum):
    """The codes of CloudSponge's table that this service uses."""

    NOT_AUTHENTICATED = 1
    INVALID_PARAMETERS = 2
    UNEXPECTED = 256
    IMPORT_FAILED = 257
    TIMEOUT = 258
    CREDENTIALS_REQUIRED = 259
    SERVICE_REQUIRED = 260
    SERVICE_UNKNOWN = 261
    FAILED_RECENTLY = 262
    WRONG_PASSWORD = 263
    UNAVAILABLE = 264
    ACCOUNT_BLOCKED = 266
    TERMS_CHANGED = 267
    UNEXPECTED_CONSENT = 512
    SERVICE_NOT_PERMITTED = 513
    CONSENT_REFUSED = 514
    CONSENT_TIMEOUT = 516
    ABANDONED = 517
    PROVIDER_UNREACHABLE = 518
    NOT_YET = 528
    FILE_UNKNOWN = 1025
    FILE_UNREADABLE = 1026


Side = Literal["application", "user", "provider", "service"]


class ErrorRow(NamedTuple):
    """`state` is the stable word for the picker's screens. `http` is None if the code arrives as an event."""

    code: Code
    state: str
    side: Side
    http: int | None
    text: str


ROWS: dict[Code, ErrorRow] = {
    row.code: row
    for row in (
        ErrorRow(
            Code.NOT_AUTHENTICATED,
            "origin_not_allowed",
            "application",
            401,
            "The domain key and password do not match a domain, or this import is not one of that domain's. "
            "Check the key pair that `contactport domain add` printed, and the import's id.",
        ),
        ErrorRow(
            Code.INVALID_PARAMETERS,
            "internal",
            "application",
            400,
            "The request's arguments are not valid. Correct them and send the request again.",
        ),
        ErrorRow(
            Code.UNEXPECTED,
            "internal",
            "service",
            None,
            "Something went wrong in this service, not in the address book. Please try again; if it happens "
            "again, the service's operator finds the cause in its log under this import's id.",
        ),
        ErrorRow(
            Code.IMPORT_FAILED,
            "provider_changed",
            "provider",
            None,
            "No readable address book was found at this server. Check the server's address, or upload the "
            "contacts as a file.",
        ),
        ErrorRow(
            Code.TIMEOUT,
            "timeout",
            "provider",
            None,
            "The provider took too long to answer. Please try again in a few minutes.",
        ),
        ErrorRow(
            Code.CREDENTIALS_REQUIRED,
            "invalid_credentials",
            "application",
            400,
            "A user name and a password are required. Send both as `username` and `password`.",
        ),
        ErrorRow(
            Code.SERVICE_REQUIRED,
            "internal",
            "application",
            400,
            "A service code is required. Send one as `service`; /services.json lists them.",
        ),
        ErrorRow(
            Code.SERVICE_UNKNOWN,
            "internal",
            "application",
            400,
            "There is no service with this code. /services.json lists all services. Any CardDAV server can be "
            "read with service=carddav and its address as `server`.",
        ),
        ErrorRow(
            Code.FAILED_RECENTLY,
            "account_locked",
            "user",
            None,
            "These credentials failed a short while ago, so the provider was not asked again. Check the user "
            "name and password, wait ten minutes, and try once more.",
        ),
        ErrorRow(
            Code.WRONG_PASSWORD,
            "invalid_credentials",
            "user",
            None,
            "The user name and password do not match. Check both and try again.",
        ),
        ErrorRow(
            Code.UNAVAILABLE,
            "provider_down",
            "provider",
            None,
            "The address book is temporarily unavailable at the provider. Please try again in a few minutes.",
        ),
        ErrorRow(
            Code.ACCOUNT_BLOCKED,
            "account_locked",
            "provider",
            None,
            "The provider has blocked this account. Sign in at the provider's own site to unblock it, then try "
            "again.",
        ),
        ErrorRow(
            Code.TERMS_CHANGED,
            "account_locked",
            "provider",
            None,
            "The provider's terms of service have changed. Sign in at the provider's own site first, then try "
            "again.",
        ),
        ErrorRow(
            Code.UNEXPECTED_CONSENT,
            "internal",
            "service",
            None,
            "Something went wrong in this service, not at the provider. Please try again; if it happens again, the "
            "service's operator finds the cause in its log under this import's id.",
        ),
        ErrorRow(
            Code.SERVICE_NOT_PERMITTED,
            "origin_not_allowed",
            "application",
            400,
            "This domain may not use this service. The service's operator can permit it with "
            "`contactport domain set --sources`.",
        ),
        ErrorRow(
            Code.CONSENT_REFUSED,
            "consent_refused",
            "user",
            None,
            "The provider does not let this service read the contacts: the user has not agreed to it, or has taken "
            "the permission back. Please begin the import again, and agree at the provider's page.",
        ),
        ErrorRow(
            Code.CONSENT_TIMEOUT,
            "timeout",
            "user",
            None,
            "The user opened the consent page and did not finish in time. Please begin the import again.",
        ),
        ErrorRow(
            Code.ABANDONED,
            "internal",
            "user",
            None,
            "The import was cancelled and its contacts were deleted.",
        ),
        ErrorRow(
            Code.PROVIDER_UNREACHABLE,
            "provider_down",
            "provider",
            None,
            "The provider can't be reached at the moment, or does not give its answer. Please try again in a few "
            "minutes.",
        ),
        ErrorRow(
            Code.NOT_YET,
            "internal",
            "application",
            404,
            "The contacts are not yet available. Poll the import's events until COMPLETE, then ask again.",
        ),
        ErrorRow(
            Code.FILE_UNKNOWN,
            "file_unreadable",
            "user",
            None,
            "This file is of a kind that can't be read. Export the contacts as a vCard or CSV file.",
        ),
        ErrorRow(
            Code.FILE_UNREADABLE,
            "file_unreadable",
            "user",
            None,
            "No contacts can be read from this file. Export it again, as a vCard or CSV file, and upload that file.",
        ),
    )
}


class Refusal(Exception):
    """An HTTP answer that refuses a request: a code, a status and a text.

    Raised by `http/`, and by what it calls before an import exists. `text` replaces the row's own words where more is
    known, `http` the row's status: for a request refused by its form alone (405, 413, 429, 503), or for contacts that
    are gone (410). `retry_after` is in seconds.
    """

    def __init__(
        self, code: Code, text: str = "", *, http: int | None = None, retry_after: int | None = None
    ) -> None:
        self.code = code
        self.text = text or ROWS[code].text
        self.http = http if http is not None else ROWS[code].http
        self.retry_after = retry_after
        super().__init__(f"{int(code)}: {self.text}")


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, its cause, the cause of that, and so on. Each comes once, even if the causes form a circle."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
