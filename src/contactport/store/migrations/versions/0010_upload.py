"""Uploaded files, in sealed pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "upload_piece",
        sa.Column("import_id", sa.Integer),
        sa.Column("n", sa.Integer),
        sa.Column("sealed_data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "n", name="pk_upload_piece"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name="fk_upload_piece_import_id", ondelete="CASCADE"
        ),
    )
