"""Upserts for both databases: inserts that also say what to do with an existing row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert with ON CONFLICT. Both databases have it, and SQLAlchemy has a class for each."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def upsert(connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    """Insert a row with `key` and `values`, or set `values` in the row with this key, in one statement."""
    connection.execute(
        insert_into(connection.dialect.name, table)
        .values(**key, **values)
        .on_conflict_do_update(index_elements=list(key), set_=values)
    )


def insert_or_lock(
    connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]
) -> Row[Any]:
    """Insert a row with `key` and `values` if there is none, and lock the row until the transaction ends."""
    return connection.execute(
        insert_into(connection.dialect.name, table)
        .values(**key, **values)
        # That changes nothing of a row that is there, but locks and returns it.
        .on_conflict_do_update(index_elements=list(key), set_=key)
        .returning(*table.c)
    ).one()
