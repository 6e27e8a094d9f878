"""Domains: the applications that may use this service, and their key pairs.

A key pair is generated, never chosen: a secret of 256 random bits needs no slow hash, so its SHA-256 is kept and
compared in constant time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from contactport.store.clock import now_ms
from contactport.store.schema import domain as table
from contactport.store.schema import import_


class DomainError(ValueError):
    """A domain that can't be added, changed or found; the text is for the operator."""


class Domain(msgspec.Struct, frozen=True):
    """An application. `sources` and `origins` are None where anything is permitted; `retention` is in seconds."""

    id: int
    name: str
    key: str
    sources: tuple[str, ...] | None
    origins: tuple[str, ...] | None
    retention: int | None
    created_at: int
    former_until: int | None = None
    """Until when the secret before the last rotation still works, in ms; None when there is none."""


class KeyPair(msgspec.Struct, frozen=True):
    """Shown once, when it is made."""

    domain_key: str
    domain_password: str


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
        _words(row.origins),
        row.retention,
        row.created_at,
        row.former_until,
    )


def add(
    connection: Connection,
    name: str,
    *,
    sources: tuple[str, ...] | None = None,
    origins: tuple[str, ...] | None = None,
    retention: int | None = None,
) -> KeyPair:
    """A new domain and its key pair. Raises DomainError when the name is taken."""
    if connection.execute(select(table.c.id).where(table.c.name == name)).first():
        raise DomainError(
            f"there is a domain called {name!r} already: choose another name, or make it a new password with "
            f"`contactport domain rotate {name}`"
        )
    pair = KeyPair(f"cp_{secrets.token_hex(12)}", secrets.token_urlsafe(32))
    connection.execute(
        insert(table).values(
            name=name,
            key=pair.domain_key,
            secret=_hash(pair.domain_password),
            sources=",".join(sources) if sources is not None else None,
            origins=",".join(origins) if origins is not None else None,
            retention=retention,
            created_at=now_ms(),
        )
    )
    return pair


def rotate(connection: Connection, name: str, overlap: int) -> KeyPair:
    """A new password; the old one works `overlap` seconds more. Raises DomainError for an unknown name."""
    row = connection.execute(select(table).where(table.c.name == name)).first()
    if row is None:
        raise DomainError(
            f"there is no domain called {name!r}: `contactport domain list` shows those there are"
        )
    pair = KeyPair(row.key, secrets.token_urlsafe(32))
    connection.execute(
        update(table)
        .where(table.c.id == row.id)
        .values(
            secret=_hash(pair.domain_password),
            former_secret=row.secret,
            former_until=now_ms() + overlap * 1000,
        )
    )
    return pair


def remove(connection: Connection, name: str) -> None:
    """Delete a domain with all its imports. Raises DomainError for an unknown name."""
    if not connection.execute(delete(table).where(table.c.name == name)).rowcount:
        raise DomainError(
            f"there is no domain called {name!r}: `contactport domain list` shows those there are"
        )


def all_domains(connection: Connection) -> list[Domain]:
    """Every domain, by name."""
    return [_domain(row) for row in connection.execute(select(table).order_by(table.c.name))]


def authenticate(connection: Connection, key: str, password: str) -> Domain | None:
    """The domain of this key pair, or None; an unknown key costs the same comparison as a wrong password."""
    row = connection.execute(select(table).where(table.c.key == key)).first()
    given = _hash(password)
    good = hmac.compare_digest(given, row.secret if row is not None else bytes(32))
    former = row.former_secret if row is not None and (row.former_until or 0) > now_ms() else None
    good_once = hmac.compare_digest(given, former or bytes(32))
    return _domain(row) if row is not None and (good or good_once) else None


def lock(connection: Connection, domain_id: int) -> None:
    """Let no other transaction past this point for the same domain until this one ends."""
    connection.execute(select(table.c.id).where(table.c.id == domain_id).with_for_update(key_share=True))


def retention_of(connection: Connection, domain_id: int) -> int | None:
    """How long a domain keeps its contacts, in seconds; None where it goes by the default."""
    return connection.execute(select(table.c.retention).where(table.c.id == domain_id)).scalar_one_or_none()


def retention_of_import(connection: Connection, import_id: int) -> int | None:
    """How long the contacts of this import are kept, in seconds; None where that goes by the default."""
    query = select(table.c.retention).join(import_, import_.c.domain_id == table.c.id)
    return connection.execute(query.where(import_.c.id == import_id)).scalar_one_or_none()


def longest_retention(connection: Connection) -> int:
    """The longest retention that any domain has of its own; 0 where none has."""
    return connection.execute(select(func.max(table.c.retention))).scalar_one_or_none() or 0
