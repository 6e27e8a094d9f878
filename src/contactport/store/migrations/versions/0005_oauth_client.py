"""OAuth clients: what operators registered at Google, Microsoft and others."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "oauth_client",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("domain_id", sa.Integer),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("client_id", sa.String(1000), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("tenant", sa.String(100), nullable=False),
        sa.Column("switches", sa.String(200), nullable=False),
        sa.Column("fault", sa.String(64)),
        sa.Column("fault_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_client"),
        sa.ForeignKeyConstraint(
            ["domain_id"], ["domain.id"], name="fk_oauth_client_domain_id", ondelete="CASCADE"
        ),
    )
