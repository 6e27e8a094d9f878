"""The schema's history: a file a version, run by Alembic, and where a database stands in it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

_FOLDER = Path(__file__).parent
_LOCK = 7_306_919_001
"""Any number: the advisory lock of whoever upgrades the schema."""


class SchemaError(RuntimeError):
    """The database's schema is not this version's; the text says what to do."""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> bool:
    """Bring the schema to this version, inside the caller's transaction; whether anything changed.

    Raises SchemaError for a database that a newer version has made.
    """
    if connection.dialect.name == "postgresql":
        # Whoever else upgrades at this moment goes first, and leaves nothing to do.
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    if _present(connection) == head():
        return False
    _check_known(connection)
    command.upgrade(_config(connection), "head")
    return True


def check(connection: Connection) -> None:
    """Raises SchemaError unless the schema is this version's."""
    _check_known(connection)
    present = _present(connection)
    if present != head():
        raise SchemaError(
            (
                "the database has no tables of this service yet"
                if present is None
                else f"the database is of an older version (schema {present}; this program's is {head()})"
            )
            + ": run `contactport migrate` once, with the same settings, and start again"
        )


def head() -> str | None:
    """This version's schema."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_FOLDER))


def _present(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _check_known(connection: Connection) -> None:
    present = _present(connection)
    if present is not None and present not in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaError(
            f"the database is of a newer version (schema {present}) than this program (schema {head()}): run the "
            "version that made it, or a newer one"
        )
