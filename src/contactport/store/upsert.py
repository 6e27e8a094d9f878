"""Inserts that say what is to become of a row that is there already, on either database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that may be given an ON CONFLICT: both databases have it, SQLAlchemy under a name for each."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def upsert(connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    """Insert a row of `key` and `values`, or set `values` where a row with this key is there, in one statement."""
    connection.execute(
        insert_into(connection.dialect.name, table)
        .values(**key, **values)
        .on_conflict_do_update(index_elements=list(key), set_=values)
    )


def insert_or_lock(
    connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]
) -> Row[Any]:
    """The row of `key`, with `values` where there was none; it is this transaction's until that ends."""
    return connection.execute(
        insert_into(connection.dialect.name, table)
        .values(**key, **values)
        # That changes nothing of a row that is there, but locks and returns it.
        .on_conflict_do_update(index_elements=list(key), set_=key)
        .returning(*table.c)
    ).one()
