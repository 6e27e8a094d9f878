"""Imports at any point of their lives, made by a line."""

from __future__ import annotations

import msgspec

from contactport.contact import Contact
from contactport.grant import Password
from contactport.store import imports
from contactport.store.contacts import Batch
from contactport.store.domains import Domain
from contactport.store.imports import Beginning, Import
from contactport.store.open import Store

GRANT = Password("user-canary@example.org", "password-canary", "server-canary.example.org")


def beginning(domain: Domain, **changes: object) -> Beginning:
    """What an import begins with."""
    values: dict[str, object] = {
        "domain_id": domain.id,
        "service": "carddav",
        "include": frozenset(),
        "user_id": "id-canary",
        "grant": GRANT,
        "seconds": 60.0,
        "provider_key": b"p" * 16,
        "account_key": b"a" * 16,
    }
    return msgspec.convert(values | changes, Beginning)


def begin(store: Store, domain: Domain, **changes: object) -> int:
    """A new import's id."""
    return store.database.write_now(imports.insert_import, store.ring, beginning(domain, **changes))


def claim(store: Store, import_id: int) -> Import:
    """The import with an attempt begun."""
    claimed = store.database.write_now(imports.claim, store.ring, import_id)
    assert claimed is not None
    return claimed[0]


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
