"""The records that could not be read, as they came, beside their rejects."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("reject", sa.Column("sealed_record", sa.LargeBinary))
