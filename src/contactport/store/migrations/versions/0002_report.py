"""The report of an import: notes, merges and address books beside its rejects; where each contact came from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("import", sa.Column("notes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("import", sa.Column("incomplete", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("contact_chunk", sa.Column("sealed_origins", sa.LargeBinary))
    op.create_table(
        "note",
        sa.Column("import_id", sa.Integer, sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("sealed_note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "merge",
        sa.Column("import_id", sa.Integer, sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("sealed_merge", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "book",
        sa.Column("import_id", sa.Integer, sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("place_mark", sa.LargeBinary(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("sealed_book", sa.LargeBinary, nullable=False),
    )
