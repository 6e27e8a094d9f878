"""Imports in a store, at any point of their lives, without a provider and without the wire.

Each function takes part in a transaction: `store.database.write_now(add_import, store.ring, domain.id)`.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from contactport.grant import Grant, Password, Way
from contactport.store import imports, pending_imports
from contactport.store.imports import RunningImport
from contactport.store.vault import Ring

GRANT = Password("ann@example.org", "secret")


def add_pending(
    connection: Connection,
    ring: Ring,
    domain_id: int,
    *,
    service: str = "carddav",
    way: Way = "consent",
    include: Iterable[str] = (),
    user_id: str | None = None,
    pending_seconds: float = 1800.0,
    retention: int = 900,
) -> int:
    """An import that waits for its user; its id."""
    new = pending_imports.NewImport(
        domain_id=domain_id,
        service=service,
        way=way,
        include=frozenset(include),
        user_id=user_id,
        seconds=pending_seconds,
        retention=retention,
    )
    return pending_imports.create(connection, ring, new)


def add_import(
    connection: Connection,
    ring: Ring,
    domain_id: int,
    *,
    service: str = "carddav",
    way: Way = "password",
    grant: Grant = GRANT,
    include: Iterable[str] = (),
    user_id: str | None = None,
    seconds: float = 1800.0,
    retention: int = 900,
    provider_key: bytes = b"p" * 16,
    account_key: bytes = b"a" * 16,
) -> int:
    """An import that waits for its attempt, without a job that would bring it; its id.

    `seconds` is how long its attempts may take. Imports of one `provider_key` share a provider's limits and circuit
    breaker, those of one `account_key` an account's limits.
    """
    import_id = add_pending(
        connection,
        ring,
        domain_id,
        service=service,
        way=way,
        include=include,
        user_id=user_id,
        retention=retention,
    )
    started = pending_imports.Started(
        grant=grant, seconds=seconds, provider_key=provider_key, account_key=account_key
    )
    pending_imports.start(connection, ring, import_id, started)
    return import_id


def claim_import(connection: Connection, ring: Ring, import_id: int) -> RunningImport:
    """A waiting import with an attempt begun: what it stores is the import's."""
    claimed = imports.claim(connection, ring, import_id)
    if claimed is None:
        raise LookupError(f"import {import_id} waits for no attempt")
    return claimed[0]
