"""The schema's history: a file a version, run by Alembic, and where a database stands in it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


class SchemaError(RuntimeError):
    """The database's schema is not this version's; the text says what to do."""


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def migrate(connection: Connection) -> bool:
    """Bring the schema to this version, inside the caller's transaction; whether anything changed.

    Raises SchemaError for a database that a newer version has made.
    """
    config = _config(connection)
    scripts = ScriptDirectory.from_config(config)
    present = MigrationContext.configure(connection).get_current_revision()
    if present == scripts.get_current_head():
        return False
    if present is not None and present not in {script.revision for script in scripts.walk_revisions()}:
        raise SchemaError(
            f"the database is of a newer version (schema {present}) than this program "
            f"(schema {scripts.get_current_head()}): run the version that made it, or a newer one"
        )
    command.upgrade(config, "head")
    return True
