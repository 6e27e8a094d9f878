"""Domains: the applications that may use this service, and their key pairs.

A password is kept as its SHA-256 and compared in constant time. One that is generated has 256 random bits and needs
no slow hash. One that an operator chooses, so that an application can keep its own, must be long and varied enough
for the same (`check_pair`).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from enum import Enum
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from contactport.store.clock import now_ms
from contactport.store.schema import domain as table

KEY_CHARACTERS = range(4, 65)
PASSWORD_CHARACTERS = range(16, 257)
DISTINCT_CHARACTERS = 10
LIST_CHARACTERS = 4000
"""The length of the columns for sources and for origins."""


class DomainError(ValueError):
    """A domain that can't be added, changed or found; the text is for the operator."""


class UnfitPair(DomainError):
    """A chosen key or password that can't be used. The text says what is wrong, but does not quote it."""


class Domain(msgspec.Struct, frozen=True):
    """An application. `sources` is None if all are permitted. `origins` are exact; an empty list permits none.

    `retention` is in seconds.
    """

    id: int
    name: str
    key: str
    sources: tuple[str, ...] | None
    origins: tuple[str, ...]
    retention: int | None
    created_at: int
    former_until: int | None = None
    """Until when the secret before the last rotation still works, in ms; None when there is none."""


class KeyPair(msgspec.Struct, frozen=True):
    """Shown once, when it is made."""

    domain_key: str
    domain_password: str


class Unchanged(Enum):
    """The value of a setting that `change` does not change. (None has its own meaning.)"""

    UNCHANGED = 0


UNCHANGED = Unchanged.UNCHANGED


def check_pair(name: str, key: str, password: str) -> None:
    """Raises UnfitPair for a chosen key that the wire can't carry, or a chosen password that could be guessed.

    A key ends at the first colon of HTTP Basic (RFC 7617 section 2), which allows no control characters either.
    """
    if len(key) not in KEY_CHARACTERS or not all("!" <= character <= "~" for character in key) or ":" in key:
        raise UnfitPair(
            f"the key is not fit for use: it needs {KEY_CHARACTERS[0]} to {KEY_CHARACTERS[-1]} visible ASCII "
            "characters, no space and no colon"
        )
    wrong = ""
    folded = password.casefold()
    if len(password) not in PASSWORD_CHARACTERS:
        least, most = PASSWORD_CHARACTERS[0], PASSWORD_CHARACTERS[-1]
        wrong = f"it has {len(password)} characters, and {least} to {most} are wanted"
    elif not password.isprintable() or password != password.strip():
        wrong = "it has a control character in it, or a space at an end"
    elif len(set(password)) < DISTINCT_CHARACTERS:
        wrong = (
            f"it has {len(set(password))} distinct characters, and at least {DISTINCT_CHARACTERS} are wanted"
        )
    elif name.casefold() in folded:
        wrong = "the domain's name is in it"
    elif key.casefold() in folded:
        wrong = "the domain's key is in it"
    if wrong:
        raise UnfitPair(
            f"the password is not fit for use: {wrong}. Choose a longer random one, or leave the option out to "
            "have one made"
        )


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _words(text: str | None) -> tuple[str, ...] | None:
    return tuple(text.split(",")) if text is not None else None


def _domain(row: Row[Any]) -> Domain:
    return Domain(
        row.id,
        row.name,
        row.key,
        _words(row.sources),
        _words(row.origins) or (),
        row.retention,
        row.created_at,
        row.former_until,
    )


def add(
    connection: Connection,
    name: str,
    *,
    key: str | None = None,
    password: str | None = None,
    sources: tuple[str, ...] | None = None,
    origins: tuple[str, ...] = (),
    retention: int | None = None,
) -> KeyPair:
    """Add a domain. A key or password that is None is made. Raises DomainError if the name or key is taken."""
    if connection.execute(select(table.c.id).where(table.c.name == name)).first():
        raise DomainError(
            f"there is a domain called {name!r} already: choose another name, change it with `contactport domain set "
            f"{name}`, or make it a new password with `contactport domain rotate {name}`"
        )
    pair = KeyPair(
        f"cp_{secrets.token_hex(12)}" if key is None else key,
        secrets.token_urlsafe(32) if password is None else password,
    )
    if key is not None or password is not None:
        check_pair(name, pair.domain_key, pair.domain_password)
    _check_free(connection, pair.domain_key, 0)
    try:
        connection.execute(
            insert(table).values(
                id=_free_id(connection),
                name=name,
                key=pair.domain_key,
                secret=_hash(pair.domain_password),
                sources=_text("sources", sources),
                origins=_text("origins", origins or None),
                retention=retention,
                created_at=now_ms(),
            )
        )
    except IntegrityError:
        raise _taken_meanwhile() from None
    return pair


def _free_id(connection: Connection) -> int:
    """A random id of 31 bits. SQLite would give the id of a removed domain again, and with it what is remembered of
    that domain under a mark: its wrong passwords, budgets and Idempotency-Keys.
    """
    while True:
        domain_id = secrets.randbelow(2**31 - 1) + 1
        if not connection.execute(select(table.c.id).where(table.c.id == domain_id)).first():
            return domain_id


def change(
    connection: Connection,
    name: str,
    *,
    key: str | None = None,
    password: str | None = None,
    overlap: int = 0,
    sources: tuple[str, ...] | Unchanged | None = UNCHANGED,
    origins: tuple[str, ...] | Unchanged = UNCHANGED,
    retention: int | Unchanged | None = UNCHANGED,
) -> Domain:
    """Change a domain and return it. Raises DomainError for an impossible change.

    After a new password the old one works for `overlap` more seconds, as after `rotate`. With a new key the old pair
    ends at once, without an overlap: a password is looked up by its key.
    """
    row = _row(connection, name)
    values: dict[str, Any] = {}
    if key is not None and key != row.key:
        if password is None:
            raise UnfitPair(
                "a new key needs the password that goes with it: give both, so that they are checked together"
            )
        _check_free(connection, key, row.id)
        values |= {"key": key, "former_secret": None, "former_until": None}
    if password is not None:
        check_pair(name, row.key if key is None else key, password)
        values |= (
            _new_secret(row, _hash(password), overlap) if "key" not in values else {"secret": _hash(password)}
        )
    if not isinstance(sources, Unchanged):
        values["sources"] = _text("sources", sources)
    if not isinstance(origins, Unchanged):
        values["origins"] = _text("origins", origins or None)
    if not isinstance(retention, Unchanged):
        values["retention"] = retention
    if values:
        try:
            connection.execute(update(table).where(table.c.id == row.id).values(**values))
        except IntegrityError:
            raise _taken_meanwhile() from None
    return _domain(_row(connection, name))


def rotate(connection: Connection, name: str, overlap: int) -> KeyPair:
    """Make a new random password. The old one works for `overlap` more seconds. Raises DomainError."""
    row = _row(connection, name)
    password = secrets.token_urlsafe(32)
    connection.execute(
        update(table).where(table.c.id == row.id).values(_new_secret(row, _hash(password), overlap))
    )
    return KeyPair(row.key, password)


def _new_secret(row: Row[Any], fresh: bytes, overlap: int) -> dict[str, Any]:
    """The columns of a new password. If it is the present one, nothing changes."""
    if hmac.compare_digest(fresh, row.secret):
        return {}
    return {"secret": fresh, "former_secret": row.secret, "former_until": now_ms() + overlap * 1000}


def _row(connection: Connection, name: str) -> Row[Any]:
    row = connection.execute(select(table).where(table.c.name == name)).first()
    if row is None:
        raise _unknown(name)
    return row


def _check_free(connection: Connection, key: str, domain_id: int) -> None:
    other = connection.execute(select(table.c.id).where(table.c.key == key, table.c.id != domain_id)).first()
    if other is not None:
        raise DomainError(
            "another domain has this key: each application needs one of its own. `contactport domain list` shows "
            "whose it is"
        )


def _taken_meanwhile() -> DomainError:
    return DomainError(
        "another domain was given this name or key a moment ago: `contactport domain list` shows them"
    )


def _text(what: str, words: tuple[str, ...] | None) -> str | None:
    text = ",".join(words) if words is not None else None
    if text is not None and len(text) > LIST_CHARACTERS:
        raise DomainError(f"the list of {what} has more than {LIST_CHARACTERS} characters: name fewer")
    return text


def _unknown(name: str) -> DomainError:
    return DomainError(f"there is no domain called {name!r}: `contactport domain list` shows those there are")


def remove(connection: Connection, name: str) -> None:
    """Delete a domain with all its imports. Raises DomainError for an unknown name."""
    if not connection.execute(delete(table).where(table.c.name == name)).rowcount:
        raise _unknown(name)


def all_domains(connection: Connection) -> list[Domain]:
    """Every domain, by name."""
    return [_domain(row) for row in connection.execute(select(table).order_by(table.c.name))]


def named(connection: Connection, name: str) -> Domain:
    """The domain of this name. Raises DomainError."""
    return _domain(_row(connection, name))


def listed_origins(connection: Connection) -> frozenset[str]:
    """Every origin that any domain lists."""
    rows = connection.execute(select(table.c.origins).where(table.c.origins.is_not(None))).scalars()
    return frozenset(origin for text in rows for origin in _words(text) or ())


def authenticate(connection: Connection, key: str, password: str) -> Domain | None:
    """The domain of this key pair, or None; an unknown key costs the same comparison as a wrong password."""
    row = connection.execute(select(table).where(table.c.key == key)).first()
    given = _hash(password)
    good = hmac.compare_digest(given, row.secret if row is not None else bytes(32))
    former = row.former_secret if row is not None and (row.former_until or 0) > now_ms() else None
    good_once = hmac.compare_digest(given, former or bytes(32))
    return _domain(row) if row is not None and (good or good_once) else None


def lock(connection: Connection, domain_id: int) -> None:
    """Lock the domain's row: other transactions that lock it wait until this one ends."""
    connection.execute(select(table.c.id).where(table.c.id == domain_id).with_for_update(key_share=True))


def longest_retention(connection: Connection) -> int:
    """The longest retention that a domain has set; 0 if no domain has set one."""
    return connection.execute(select(func.max(table.c.retention))).scalar_one_or_none() or 0
