"""`contactport imports`: lists, shows and cancels the service's imports. Never shows contacts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from contactport.cli.data_folder import opened
from contactport.cli.exit_codes import CommandError
from contactport.cli.options import settings_of, settings_options
from contactport.cli.output import put_json, say, utc

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from contactport.store.import_list import Listed
    from contactport.store.open import Store

STATES = ("pending", "waiting", "deferred", "running", "complete", "failed", "purged")
MOST_LISTED = 1000
TIMES = ("created_at", "deadline", "ended_at", "purge_at", "deferred_until", "erased_at")
Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
import_id = click.argument("import_id", metavar="ID", type=click.IntRange(1, 2**31 - 1))


@click.group()
def imports() -> None:
    """The service's imports: their state, and why they failed. Contacts are never shown."""


@imports.command("list")
@click.option("--domain", "domain_name", metavar="NAME", help="Only those of this application.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option(
    "--limit",
    type=click.IntRange(1, MOST_LISTED),
    default=50,
    show_default=True,
    metavar="NUMBER",
    help="How many of the newest imports.",
)
@as_json
@settings_options
def list_(
    domain_name: str | None,
    state: str | None,
    limit: int,
    as_json: bool,
    data: str | None,
    config: Path | None,
) -> None:
    """List the newest imports, the last begun first."""
    from contactport.store import import_list

    with opened(settings_of(data, config)) as store:
        found = store.database.read_now(import_list.newest, limit, domain_name=domain_name, state=state)
    if as_json:
        put_json([_row(one) for one in found])
        return
    if not found:
        say("No import matches." if domain_name or state else "There are no imports yet.")
    for one in found:
        told = f"{one.delivered} of {one.found} delivered" if one.found else ""
        words = " · ".join(part for part in (one.service, _state(one), told, f"domain {one.domain}") if part)
        click.echo(f"{_time(one.created_at)}  {one.id:<10}  {words}")


@imports.command()
@import_id
@as_json
@settings_options
def show(import_id: int, as_json: bool, data: str | None, config: Path | None) -> None:
    """Show one import: its state, its times, its figures, and the class of its failure."""
    with opened(settings_of(data, config)) as store:
        one = _one(store, import_id)
    if as_json:
        put_json(_row(one))
        return
    click.echo(
        f"import {one.id}\n  state      {_state(one)}\n  domain     {one.domain}\n  service    {one.service}"
    )
    click.echo(f"  begun      {_time(one.created_at)}")
    if one.deferred_until:
        click.echo(f"  deferred   until {_time(one.deferred_until)}")
    if one.ended_at:
        click.echo(
            f"  ended      {_time(one.ended_at)}, after {(one.ended_at - one.created_at) / 1000:.1f} s"
        )
    else:
        click.echo(f"  ends       {_time(one.deadline)} at the latest")
    if one.erased_at:
        click.echo(
            f"  erased     {_time(one.erased_at)} (by {one.erased_by}); remembered until {_time(one.purge_at)}"
        )
    elif one.purge_at:
        click.echo(f"  purged     {_time(one.purge_at)}")
    click.echo(f"  attempts   {one.attempts}")
    click.echo(
        f"  ledger     {one.found} found = {one.delivered} delivered + {one.merged} merged + {one.rejected} rejected"
    )
    if one.notes:
        click.echo(f"  notes      {one.notes}")
    if one.incomplete:
        click.echo("  incomplete: an address book could not be read to its end")
    if one.code:
        say("Why is in the log's line `import_ended` of this id; docs/errors.md says what the code means.")


@imports.command()
@import_id
@click.option("--erase", is_flag=True, help="If the import has ended, delete its contacts now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
@settings_options
def cancel(
    import_id: int, erase: bool, yes: bool, as_json: bool, data: str | None, config: Path | None
) -> None:
    """End an import now, with code 517, and erase what it has stored. Its receipt says that the operator did it."""
    from contactport.errors import ROWS, Code
    from contactport.store import endings

    with opened(settings_of(data, config)) as store:
        one = _one(store, import_id)
        if one.state in ("complete", "failed") and not erase:
            raise CommandError(
                f"import {import_id} has ended already ({_state(one)}). Its contacts are deleted at "
                f"{_time(one.purge_at)}; `contactport imports cancel {import_id} --erase` deletes them now."
            )
        if one.state == "purged":
            raise CommandError(
                f"import {import_id} has ended already, and what it had is erased: there is nothing to do."
            )
        if not yes:
            _ask(one)

        def end(connection: Connection) -> None:
            endings.erase(connection, import_id, ROWS[Code.ABANDONED].text, by="operator")
            store.signals.announce(connection, import_id)

        store.database.write_now(end)
        store.database.truncate_log()
        after = _one(store, import_id)
    if as_json:
        put_json(_row(after))
        return
    say(f"Import {import_id} is cancelled, and what it had stored is erased.")


def _one(store: Store, import_id: int) -> Listed:
    from contactport.store import import_list

    found = store.database.read_now(import_list.one, import_id)
    if found is None:
        raise CommandError(
            f"there is no import {import_id}, or it is forgotten (30 days after its end): `contactport imports list` "
            "shows those there are"
        )
    return found


def _ask(one: Listed) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: add --yes to cancel the import")
    click.confirm(
        f"Cancel import {one.id} of domain {one.domain!r} ({_state(one)}), and erase what it has stored?",
        abort=True,
        err=True,
    )


def _state(one: Listed) -> str:
    from contactport.cli.status_view import in_words

    return one.state if one.code is None else f"{one.state}: {in_words(str(one.code))}"


def _row(one: Listed) -> dict[str, Any]:
    import msgspec

    from contactport.cli.status_view import in_words

    told: dict[str, Any] = msgspec.structs.asdict(one)
    for name in TIMES:
        told[name] = None if told[name] is None else _time(told[name])
    told["failure"] = None if one.code is None else in_words(str(one.code)).rpartition(" (")[0]
    return told


def _time(ms: int | None) -> str:
    return "-" if ms is None else utc(ms)
