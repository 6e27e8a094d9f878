"""Origins as browsers write them: an internationalised host in Punycode. A domain without a list has no origin."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _in_punycode(origin: str) -> str | None:
    """The same origin in ASCII; None where the host can't be written so."""
    scheme, _, rest = origin.partition("://")
    host, colon, port = rest.partition(":")
    import idna

    try:
        return f"{scheme}://{idna.encode(host, uts46=True).decode('ascii')}{colon}{port}"
    except UnicodeError:
        return None


def upgrade() -> None:
    domain = sa.table("domain", sa.column("id"), sa.column("origins"))
    connection = op.get_bind()
    for row in connection.execute(sa.select(domain).where(domain.c.origins.is_not(None))).all():
        if not row.origins.isascii():
            found = [
                origin if origin.isascii() else _in_punycode(origin) for origin in row.origins.split(",")
            ]
            text = ",".join(origin for origin in found if origin is not None)
            connection.execute(domain.update().where(domain.c.id == row.id).values(origins=text or None))
