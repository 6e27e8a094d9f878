"""The grants of imports under way: one sealed box each, gone with the job."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, insert, select, update

from contactport.grant import Grant, Password, decode, encode
from contactport.store import vault
from contactport.store.schema import import_, secret
from contactport.store.vault import context


class _OldSecret(msgspec.Struct):
    """A box of version 0.2 and before: untagged, with the user name in the import's row."""

    password: str
    server: str = ""


def put(connection: Connection, key: bytes, import_id: int, grant: Grant) -> None:
    """Seal an import's grant under its data key."""
    connection.execute(insert(secret).values(import_id=import_id, sealed_grant=_seal(key, import_id, grant)))


def replace(connection: Connection, key: bytes, import_id: int, grant: Grant) -> None:
    """Seal another grant in its place. See `imports.replace_grant`, which checks the attempt's epoch first."""
    box = _seal(key, import_id, grant)
    connection.execute(update(secret).where(secret.c.import_id == import_id).values(sealed_grant=box))


def read(connection: Connection, ring: vault.Ring, import_id: int) -> Grant:
    """The grant of an import that has been started and not ended. Raises vault.SealBroken, RingError."""
    grant = find(connection, ring, import_id)
    assert grant is not None, "an import that has been started and not ended has a grant"
    return grant


def find(connection: Connection, ring: vault.Ring, import_id: int) -> Grant | None:
    """The same; None where there is none yet, or none any more."""
    row = connection.execute(
        select(import_.c.sealed_key, import_.c.sealed_username, secret.c.sealed_grant)
        .join(secret, secret.c.import_id == import_.c.id)
        .where(import_.c.id == import_id)
    ).first()
    if row is None:
        return None
    key = ring.open_data_key(row.sealed_key, context(import_id, "import", "key"))
    plain = vault.unseal(key, row.sealed_grant, _context(import_id))
    try:
        return decode(plain)
    except msgspec.ValidationError:
        old = msgspec.json.decode(plain, type=_OldSecret)
    username = vault.unseal(key, row.sealed_username, context(import_id, "import", "username"))
    return Password(username.decode(), old.password, old.server)


def _seal(key: bytes, import_id: int, grant: Grant) -> bytes:
    return vault.seal(key, encode(grant), _context(import_id))


def _context(import_id: int) -> str:
    # The column's first name: it is authenticated with every box that was sealed before the upgrade.
    return context(import_id, "secret", "account")
