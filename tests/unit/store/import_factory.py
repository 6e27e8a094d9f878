"""Imports at any point of their lives, made by a line."""

from __future__ import annotations

from typing import Any

from contactport.batch import Batch
from contactport.contact import Contact
from contactport.grant import Password
from contactport.store import imports
from contactport.store.domains import Domain
from contactport.store.imports import Import, RunningImport
from contactport.store.open import Store
from contactport.testing.imports import add_import, claim_import

GRANT = Password("user-canary@example.org", "password-canary", "server-canary.example.org")


def begin(store: Store, domain: Domain, **changes: Any) -> int:
    """A new import's id."""
    values: dict[str, Any] = {"user_id": "id-canary", "grant": GRANT, "seconds": 60.0}
    return store.database.write_now(add_import, store.ring, domain.id, **(values | changes))


def claim(store: Store, import_id: int) -> RunningImport:
    """The import with an attempt begun."""
    return store.database.write_now(claim_import, store.ring, import_id)


def batch(*names: str, **changes: object) -> Batch:
    """A page of contacts of these names."""
    one = Batch(
        [Contact(formatted_name=name) for name in names], fingerprints=[hash(name) % 2**64 for name in names]
    )
    one.found = len(names)
    for field, value in changes.items():
        setattr(one, field, value)
    return one


async def get(store: Store, domain: Domain, import_id: int) -> Import:
    """The import as its domain sees it."""
    one = await store.database.read(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    return one
