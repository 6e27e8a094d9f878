"""Consents: what was sent with a browser to a provider, and what came back."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("import_id", sa.Integer),
        sa.Column("client_key", sa.Integer, nullable=False),
        sa.Column("code_mark", sa.LargeBinary(16), nullable=False),
        sa.Column("state_mark", sa.LargeBinary(16)),
        sa.Column("cookie_mark", sa.LargeBinary(16)),
        sa.Column("opened_at", sa.BigInteger),
        sa.Column("returned_at", sa.BigInteger),
        sa.Column("claimed_at", sa.BigInteger),
        sa.Column("sealed_secrets", sa.LargeBinary, nullable=False),
        sa.Column("sealed_response", sa.LargeBinary),
        sa.PrimaryKeyConstraint("import_id", name="pk_consent"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name="fk_consent_import_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("code_mark", name="uq_consent_code_mark"),
    )
