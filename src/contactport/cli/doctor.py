"""`contactport doctor`: finds wrong configuration and says how to correct it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click

from contactport.cli.checks import configuration, consent, database, folder, machine, ring, service
from contactport.cli.checks.finding import WORDS, Finding
from contactport.cli.options import settings_options
from contactport.cli.output import put_json
from contactport.settings import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options
@click.pass_context
def doctor(context: click.Context, as_json: bool, data: str | None, config: Path | None) -> None:
    """Find wrong configuration and say how to correct it. Changes nothing. Exit code 1 if something is wrong."""
    settings, findings = configuration.read(data, config, os.environ)
    findings += [*configuration.strangers(os.environ), *_everything(settings)]
    wrong = [one for one in findings if one.state == "wrong"]
    if as_json:
        put_json({"good": not wrong, "findings": findings})
    else:
        for one in findings:
            click.echo(f"{WORDS[one.state]:5} {one.check:11} {one.text}")
            if one.fix:
                click.echo(f"{'':17} fix: {one.fix}")
        click.echo(f"\n{_count(len(wrong))} wrong.")
    context.exit(1 if wrong else 0)


def _everything(settings: Settings | None) -> Iterator[Finding]:
    """Every further finding; without settings, only those that need none."""
    yield from machine.python()
    yield from machine.core_dumps()
    if settings is None:
        yield from machine.clock(None)
        yield from service.providers()
        return
    yield from configuration.public_url(settings)
    yield from configuration.networks(settings)
    yield from configuration.authorities(settings)
    yield from configuration.resolver(settings)
    yield from configuration.exposure(settings)
    place, shared = Path(settings.data), bool(settings.database_url)
    yield from folder.there(place, shared=shared)
    yield from folder.disk(place)
    inside, trouble = (
        database.look_into_postgresql(settings.database_url) if shared else database.look_into_sqlite(place)
    )
    yield from trouble
    if not shared and not trouble:
        yield from database.beside(place, inside)
    if inside is not None:
        yield from database.schema(inside, shared=shared)
    if not trouble:
        yield from ring.ring(place, inside)
    yield from machine.clock(inside.newest if inside is not None else None)
    yield from service.providers(settings.providers)
    yield from consent.consent(settings, inside.clients if inside is not None else ())
    yield from service.port(settings, runs=service.running(place))


def _count(number: int) -> str:
    return {0: "Nothing is", 1: "One thing is"}.get(number, f"{number} things are")
