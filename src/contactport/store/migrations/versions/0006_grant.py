"""What an import keeps of its user is a grant. Boxes that were sealed before stay: both forms are read."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.alter_column("secret", "sealed_account", new_column_name="sealed_grant")
