"""Columns named by what they hold: keys of a provider and an account, fingerprints of cards, and back-offs."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.alter_column("import", "provider_mark", new_column_name="provider_key")
    op.alter_column("import", "account_mark", new_column_name="account_key")
    op.alter_column("import", "rests", new_column_name="backoffs")
    op.alter_column("contact_chunk", "sealed_marks", new_column_name="sealed_fingerprints")
