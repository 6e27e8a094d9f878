"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "ring",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("newest_key", sa.Integer, nullable=False),
    )
    op.create_table(
        "domain",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False, unique=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("secret", sa.LargeBinary(32), nullable=False),
        sa.Column("former_secret", sa.LargeBinary(32)),
        sa.Column("former_until", sa.BigInteger),
        sa.Column("sources", sa.String(4000)),
        sa.Column("origins", sa.String(4000)),
        sa.Column("retention", sa.Integer),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "import",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("domain_id", sa.Integer, sa.ForeignKey("domain.id", ondelete="CASCADE"), nullable=False),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("include", sa.String(64), nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("delivered", sa.Integer, nullable=False),
        sa.Column("merged", sa.Integer, nullable=False),
        sa.Column("rejected", sa.Integer, nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("code", sa.Integer),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("deadline", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("purge_at", sa.BigInteger),
        sa.Column("job", sa.Integer, nullable=False),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("token_at", sa.BigInteger),
        sa.Column("rests", sa.Integer, nullable=False),
        sa.Column("provider_mark", sa.LargeBinary(16)),
        sa.Column("account_mark", sa.LargeBinary(16)),
        sa.Column("key_number", sa.Integer),
        sa.Column("erased_at", sa.BigInteger),
        sa.Column("erased_by", sa.String(16)),
        sa.Column("sealed_key", sa.LargeBinary),
        sa.Column("sealed_user_id", sa.LargeBinary),
        sa.Column("sealed_username", sa.LargeBinary),
        sa.Column("sealed_owner", sa.LargeBinary),
        sa.CheckConstraint("found = delivered + merged + rejected", name="ledger"),
        sa.CheckConstraint("repeats <= merged", name="repeats"),
    )
    op.create_index("ix_import_domain_created", "import", ["domain_id", "created_at"])
    op.create_index("ix_import_domain_state", "import", ["domain_id", "state"])
    op.create_index("ix_import_state_purge", "import", ["state", "purge_at"])
    op.create_index("ix_import_account", "import", ["account_mark"])
    op.create_table(
        "event",
        sa.Column("import_id", sa.Integer, sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("type", sa.String(16), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("description", sa.String(2000)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
    )
    op.create_table(
        "contact_chunk",
        sa.Column("import_id", sa.Integer, sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("sealed_contacts", sa.LargeBinary, nullable=False),
        sa.Column("sealed_groups", sa.LargeBinary),
        sa.Column("sealed_marks", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "reject",
        sa.Column("import_id", sa.Integer, sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("sealed_reject", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "secret",
        sa.Column("import_id", sa.Integer, sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sealed_account", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "login_failure",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account_mark", sa.LargeBinary(16), nullable=False),
        sa.Column("password_mark", sa.LargeBinary(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_login_failure_account", "login_failure", ["account_mark", "at"])
    op.create_table(
        "idempotency",
        sa.Column("domain_id", sa.Integer, sa.ForeignKey("domain.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key_mark", sa.LargeBinary(16), primary_key=True),
        sa.Column("arguments_mark", sa.LargeBinary(16), nullable=False),
        sa.Column("import_id", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "host",
        sa.Column("mark", sa.LargeBinary(16), primary_key=True),
        sa.Column("facts", sa.String(1000), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "budget",
        sa.Column("mark", sa.LargeBinary(16), primary_key=True),
        sa.Column("tokens", sa.Float, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("paused_until", sa.BigInteger),
    )
    op.create_table(
        "breaker",
        sa.Column("mark", sa.LargeBinary(16), primary_key=True),
        sa.Column("service", sa.String(64)),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("openings", sa.Integer, nullable=False),
        sa.Column("retry_at", sa.BigInteger),
        sa.Column("trial", sa.Integer),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
