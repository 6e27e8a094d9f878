"""Receipts of erasures: when, by whom, how many contacts and under which key. Never a contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec
from sqlalchemy import Connection, select

from contactport.store.schema import domain, import_

_AT_ONCE = 1000

ErasedBy = Literal["request", "operator", "retention", "lost"]
"""Who erased an import: its application, the operator by a command, its retention's end, or the loss of the ring."""


class Receipt(msgspec.Struct, frozen=True):
    """The erasure of one import. `erased_at` in ms; `contacts` is how many were stored."""

    erased_at: int
    domain: str
    import_id: int
    by: ErasedBy
    contacts: int
    key_number: int


def since(connection: Connection, moment: int) -> Iterator[Receipt]:
    """All receipts from `moment` (ms) on, the oldest first, read a thousand at a time. They are kept for 30 days."""
    rows = connection.execute(
        select(
            import_.c.erased_at,
            domain.c.name,
            import_.c.id,
            import_.c.erased_by,
            import_.c.delivered,
            import_.c.key_number,
        )
        .join(domain, domain.c.id == import_.c.domain_id)
        .where(import_.c.state == "purged", import_.c.erased_at >= moment)
        .order_by(import_.c.erased_at, import_.c.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in rows:
        yield Receipt(*row)
