"""`contactport receipts`: lists what was erased, for an audit."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contactport.cli.data_folder import opened
from contactport.cli.options import settings_of, settings_options
from contactport.cli.output import say
from contactport.quantities import counted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from contactport.store.receipts import Receipt

_BY = {
    "request": "by its application",
    "operator": "by the operator",
    "retention": "at the end of its retention",
    "lost": "because the key ring was lost",
}


@click.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]),
    metavar="TIME",
    help="Only erasures from this time on, in UTC: 2026-05-04 or 2026-05-04T09:15:00.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options
def receipts(since: datetime | None, as_json: bool, data: str | None, config: Path | None) -> None:
    """List the erasures of the last 30 days: when, whose, by whom, how many contacts, and under which key.

    Once that key is destroyed no backup of the database can give them back.
    """
    moment = 0 if since is None else int(since.replace(tzinfo=UTC).timestamp() * 1000)
    with opened(settings_of(data, config)) as store:
        present = store.ring.days()

        def write(connection: Connection) -> int:
            from contactport.store import receipts as kept

            number = 0
            for number, one in enumerate(kept.since(connection, moment), 1):
                _write(one, one.key_number not in present, as_json, first=number == 1)
            return number

        count = store.database.read_now(write)
    if as_json:
        click.echo("\n]" if count else "[]")
    elif not count:
        say("Nothing was erased in that time. Receipts are kept for 30 days.")


def _write(one: Receipt, destroyed: bool, as_json: bool, *, first: bool) -> None:
    """Write one receipt immediately, because a month may have many."""
    import msgspec

    at = (
        datetime.fromtimestamp(one.erased_at / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
    if not as_json:
        state = "destroyed" if destroyed else "still there"
        contacts = counted(one.contacts, "contact")
        click.echo(
            f"{at}  import {one.import_id:<10}  {contacts}  {_BY[one.by]}  key {one.key_number} {state}  "
            f"domain {one.domain}"
        )
        return
    told: dict[str, Any] = {**msgspec.structs.asdict(one), "erased_at": at, "key_destroyed": destroyed}
    click.echo(("[\n " if first else ",\n ") + msgspec.json.encode(told).decode(), nl=False)
