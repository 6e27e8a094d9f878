"""An import's events: one row a type, changed in place, told in the order of the flow."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import Connection, and_, func, insert, select, update

from contactport.store.clock import now_ms
from contactport.store.schema import event

EventType = Literal["INITIALIZING", "GATHERING", "COMPLETE"]
EventStatus = Literal["INPROGRESS", "COMPLETED", "ERROR"]
_ORDER: dict[str, int] = {"INITIALIZING": 0, "GATHERING": 1, "COMPLETE": 2}


class Event(msgspec.Struct, frozen=True):
    """`created_at` in ms; `version` is the number of this change among those of the import's events."""

    type: EventType
    status: EventStatus
    value: int
    description: str | None
    created_at: int
    version: int


def put(
    connection: Connection,
    import_id: int,
    type_: EventType,
    status: EventStatus,
    value: int,
    description: str | None = None,
) -> None:
    """Set the one event of this type. `created_at` is that of its first appearance under this status."""
    values = {
        "status": status,
        "value": value,
        "description": description,
        "version": version(connection, import_id) + 1,
    }
    here = and_(event.c.import_id == import_id, event.c.type == type_)
    if connection.execute(update(event).where(here, event.c.status == status).values(values)).rowcount:
        return
    values["created_at"] = now_ms()
    if not connection.execute(update(event).where(here).values(values)).rowcount:
        connection.execute(insert(event).values(import_id=import_id, type=type_, **values))


def read(connection: Connection, import_id: int) -> list[Event]:
    """The import's events, in the order of the flow."""
    found = [
        Event(row.type, row.status, row.value, row.description, row.created_at, row.version)
        for row in connection.execute(select(event).where(event.c.import_id == import_id))
    ]
    return sorted(found, key=lambda one: _ORDER[one.type])


def version(connection: Connection, import_id: int) -> int:
    """The highest version of the import's events: it rises with every change. 0 where there is no such import."""
    query = select(func.max(event.c.version)).where(event.c.import_id == import_id)
    return connection.execute(query).scalar() or 0
