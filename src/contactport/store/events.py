"""An import's events: one row for each type, changed in place, read in the order of the flow."""

from __future__ import annotations

import functools
from typing import Literal

import msgspec
from sqlalchemy import Connection, Insert, Integer, bindparam, case, func, or_, select

from contactport.store.clock import now_ms
from contactport.store.schema import event
from contactport.store.upsert import insert_into

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
    """Set the one event of this type.

    `created_at` is when it first appeared under this status; for GATHERING, when gathering began.
    """
    values = {"import_": import_id, "type_": type_, "status_": status, "value_": value}
    connection.execute(
        _put(connection.dialect.name), {**values, "description_": description, "now": now_ms()}
    )


@functools.cache
def _put(dialect: str) -> Insert:
    """One prepared statement, because events are set very often, sometimes while a domain is locked."""
    here = bindparam("import_", type_=Integer)
    insertion = insert_into(dialect, event)
    new = insertion.excluded
    return insertion.values(
        import_id=here,
        type=bindparam("type_"),
        status=bindparam("status_"),
        value=bindparam("value_"),
        description=bindparam("description_"),
        created_at=bindparam("now"),
        version=select(func.coalesce(func.max(event.c.version), 0) + 1)
        .where(event.c.import_id == here)
        .scalar_subquery(),
    ).on_conflict_do_update(
        index_elements=[event.c.import_id, event.c.type],
        set_={
            "status": new.status,
            "value": new.value,
            "description": new.description,
            "created_at": case(
                (or_(event.c.status == new.status, event.c.type == "GATHERING"), event.c.created_at),
                else_=new.created_at,
            ),
            "version": new.version,
        },
    )


def finish_initializing(connection: Connection, import_id: int) -> None:
    """The user has signed in: INITIALIZING is completed, unless it was before."""
    begun = connection.execute(
        select(event.c.status).where(event.c.import_id == import_id, event.c.type == "INITIALIZING")
    ).scalar()
    if begun == "INPROGRESS":
        put(connection, import_id, "INITIALIZING", "COMPLETED", 0)


def read(connection: Connection, import_id: int) -> list[Event]:
    """The import's events, in the order of the flow."""
    found = [
        Event(row.type, row.status, row.value, row.description, row.created_at, row.version)
        for row in connection.execute(select(event).where(event.c.import_id == import_id))
    ]
    return sorted(found, key=lambda one: _ORDER[one.type])


def version(connection: Connection, import_id: int) -> int:
    """The highest version of the import's events: it grows with every change. 0 if there is no such import."""
    query = select(func.max(event.c.version)).where(event.c.import_id == import_id)
    return connection.execute(query).scalar() or 0
