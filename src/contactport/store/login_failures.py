"""Recent wrong passwords. The provider is not asked again, so that it does not lock the account.

Only truncated HMACs are stored, by domain and with a key that lives for a day. So a stolen database is no
dictionary, and one application can't lock out another's users.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select

from contactport.store.clock import now_ms
from contactport.store.data_keys import present_key
from contactport.store.schema import login_failure as table
from contactport.store.vault import Ring

SAME_MS = 10 * 60_000
MANY_MS = 15 * 60_000
MANY = 5


def _marks(ring: Ring, domain_id: int, host: str, username: str, password: str) -> tuple[bytes, bytes]:
    account = (str(domain_id), host.lower(), username.strip().lower())
    return ring.mark(*account), ring.mark(*account, password)


def failed_recently(
    connection: Connection, ring: Ring, domain_id: int, host: str, username: str, password: str
) -> bool:
    """Whether this very password failed within 10 minutes, or five different ones within 15."""
    account, secret = _marks(ring, domain_id, host, username, password)
    now = now_ms()
    same = connection.execute(
        select(table.c.id).where(
            table.c.account_mark == account, table.c.password_mark == secret, table.c.at > now - SAME_MS
        )
    ).first()
    if same is not None:
        return True
    different = connection.execute(
        select(func.count(func.distinct(table.c.password_mark))).where(
            table.c.account_mark == account, table.c.at > now - MANY_MS
        )
    ).scalar_one()
    return different >= MANY


def record(
    connection: Connection, ring: Ring, domain_id: int, host: str, username: str, password: str
) -> None:
    """Store a wrong password. Raises RingError."""
    # Never under a key that a rotation has retired: whoever has stolen that one could try passwords against the mark.
    present_key(connection, ring)
    account, secret = _marks(ring, domain_id, host, username, password)
    connection.execute(insert(table).values(account_mark=account, password_mark=secret, at=now_ms()))


def clear(connection: Connection, ring: Ring, domain_id: int, host: str, username: str) -> None:
    """Delete the fingerprints of an account after a right password."""
    account, _ = _marks(ring, domain_id, host, username, "")
    connection.execute(delete(table).where(table.c.account_mark == account))


def forget_old(connection: Connection) -> None:
    """Delete fingerprints that are too old to matter."""
    connection.execute(delete(table).where(table.c.at <= now_ms() - MANY_MS))
