"""The sandbox's scripted users: who can sign in with what, and what then happens.

A user's name says what the address book holds and how the server behaves; a password can ask for an error instead.
"""

from __future__ import annotations

import hmac
import re
from typing import Literal, NamedTuple

import msgspec

from contactport.sandbox import sample_cards
from contactport.sandbox.sample_cards import Cards

USER = "user_good"
PASSWORD = "pass_good"  # noqa: S105  everybody's, and written in the docs
APP_USER = "user_app"
APP_PASSWORD = "abcd-efgh-ijkl-mnop"  # noqa: S105  the same
MOST_CARDS = 10_000
MOST_SECONDS = 120
"""The longest that a `user_slow_<s>` takes."""

Fault = Literal[
    "account_locked",
    "empty",
    "garbage",
    "invalid_credentials",
    "partial",
    "provider_changed",
    "provider_down",
    "rate_limited",
    "timeout",
]


class ErrorRow(NamedTuple):
    """What a password `error_<state>` does: the code that the import ends with, and what the server answers."""

    fault: Fault
    code: int
    text: str


ERRORS = {
    row.fault: row
    for row in (
        ErrorRow("invalid_credentials", 263, "The server refuses the name and the password (401)."),
        ErrorRow("account_locked", 266, "The server says that the account is locked (403)."),
        ErrorRow("provider_down", 264, "The server is not available (503)."),
        ErrorRow("rate_limited", 264, "The server has had too many requests (429)."),
        ErrorRow("provider_changed", 257, "The server answers with a web page."),
        ErrorRow("timeout", 258, "The server never answers."),
        ErrorRow("partial", 0, "One of two address books is refused (403)."),
        ErrorRow("empty", 0, "The address book has no contacts."),
    )
}
"""By the word after `error_`, which is the state of `docs/errors.md`."""


class UserRow(NamedTuple):
    """A user, or a family of them, as the docs have it. `example` is one of the family, with so many `contacts`."""

    name: str
    password: str
    text: str
    example: str
    contacts: int
    code: int = 0


USERS = (
    UserRow(USER, PASSWORD, "25 contacts with every field, groups and pictures", USER, sample_cards.COUNT),
    UserRow("user_empty", PASSWORD, "an address book without contacts", "user_empty", 0),
    UserRow("user_10k", PASSWORD, "10,000 contacts", "user_10k", 10_000),
    UserRow("user_<n>", PASSWORD, "n contacts, at most 10,000, the same at every start", "user_470", 470),
    UserRow(
        "user_unicode",
        PASSWORD,
        "right-to-left, Chinese, Japanese and Korean names, emoji, and names of 300 characters",
        "user_unicode",
        sample_cards.UNICODE,
    ),
    UserRow(
        "user_dupes",
        PASSWORD,
        "ten people, each with two cards: what is certainly the same card comes once",
        "user_dupes",
        sample_cards.DELIVERED_OF_DUPES,
    ),
    UserRow("user_noemail", PASSWORD, "25 contacts with telephone numbers only", "user_noemail", 25),
    UserRow(APP_USER, APP_PASSWORD, "25 contacts; any other password is wrong", APP_USER, sample_cards.COUNT),
    UserRow(
        "user_slow_<s>",
        PASSWORD,
        "25 contacts that take s seconds to come, at most 120",
        "user_slow_2",
        sample_cards.COUNT,
    ),
    UserRow(
        "user_drop_<n>",
        PASSWORD,
        "the connection breaks after n contacts, each time",
        "user_drop_7",
        7,
        264,
    ),
    UserRow("user_hang", PASSWORD, "the server never answers", "user_hang", 0, 258),
    UserRow(
        "user_garbage", PASSWORD, "the server answers with bytes that mean nothing", "user_garbage", 0, 257
    ),
)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What happens for a user who has signed in. The connection breaks at the card `drop_at`."""

    user: str
    cards: Cards
    seconds: int = 0
    drop_at: int | None = None
    fault: Fault | None = None


def sign_in(username: str, password: str) -> Account | None:
    """The account of this user; None where name and password do not match."""
    found = _account(username)
    if found is None:
        return None
    if username == USER and password.startswith("error_"):
        row = ERRORS.get(password.removeprefix("error_"))  # type: ignore[call-overload]
        if row is None or row.fault == "invalid_credentials":
            return None
        cards = sample_cards.random_book(0) if row.fault == "empty" else found.cards
        return msgspec.structs.replace(found, fault=row.fault, cards=cards)
    right = APP_PASSWORD if username == APP_USER else PASSWORD
    return found if hmac.compare_digest(password.encode(), right.encode()) else None


def by_consent() -> Account:
    """The account of the user who is signed in at the consent page."""
    return Account(user=USER, cards=sample_cards.good_book())


def _account(name: str) -> Account | None:
    match re.fullmatch(r"user_([a-z]+|10k|[0-9]{1,5})(?:_([0-9]{1,5}))?", name):
        case None:
            return None
        case found:
            kind, number = found[1], found[2]
    if number is not None:
        return _measured(name, kind, int(number))
    if kind == "10k" or kind.isdigit():
        count = MOST_CARDS if kind == "10k" else int(kind)
        return None if count > MOST_CARDS else Account(user=name, cards=sample_cards.random_book(count))
    match kind:
        case "good" | "app":
            return Account(user=name, cards=sample_cards.good_book())
        case "empty":
            return Account(user=name, cards=sample_cards.random_book(0))
        case "unicode":
            return Account(user=name, cards=sample_cards.unicode_book())
        case "dupes":
            return Account(user=name, cards=sample_cards.doubled_book())
        case "noemail":
            return Account(user=name, cards=sample_cards.book_without_email())
        case "hang":
            return Account(user=name, cards=sample_cards.good_book(), fault="timeout")
        case "garbage":
            return Account(user=name, cards=sample_cards.good_book(), fault="garbage")
        case _:
            return None


def _measured(name: str, kind: str, number: int) -> Account | None:
    if kind == "slow" and number <= MOST_SECONDS:
        return Account(user=name, cards=sample_cards.good_book(), seconds=number)
    if kind == "drop" and number < MOST_CARDS:
        cards = sample_cards.random_book(min(MOST_CARDS, number + 25))
        return Account(user=name, cards=cards, drop_at=number)
    return None
