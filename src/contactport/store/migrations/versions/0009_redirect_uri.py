"""OAuth clients whose registered redirect URI is an application's own page, which relays to `/auth`."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column(
        "oauth_client", sa.Column("redirect_uri", sa.String(2000), nullable=False, server_default="")
    )
