"""Run by Alembic: the connection comes from `migrate()`, which owns the transaction."""

from alembic import context

from contactport.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
