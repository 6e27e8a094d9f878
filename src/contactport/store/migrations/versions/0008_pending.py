"""Imports that wait for their user: how an import comes, when it was started, and how long it is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("import", sa.Column("way", sa.String(16), nullable=False, server_default="password"))
    op.add_column("import", sa.Column("started_at", sa.BigInteger))
    op.add_column("import", sa.Column("retention", sa.BigInteger, nullable=False, server_default="900"))
    names = ("domain_id", "created_at", "started_at", "retention")
    rows = sa.table("import", *(sa.Column(name, sa.BigInteger) for name in names))
    domain = sa.table("domain", sa.column("id"), sa.column("retention"))
    connection = op.get_bind()
    connection.execute(rows.update().values(started_at=rows.c.created_at))
    for own in connection.execute(sa.select(domain).where(domain.c.retention.is_not(None))).all():
        connection.execute(rows.update().where(rows.c.domain_id == own.id).values(retention=own.retention))
