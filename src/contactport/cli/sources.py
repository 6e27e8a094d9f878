"""`contactport sources`: where address books can be imported from, and whether a provider still works."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click

from contactport.cli.exit_codes import IMPORT, CommandError
from contactport.cli.options import allow_network_option, settings_of, settings_options
from contactport.cli.output import plain, put_json, say, told
from contactport.cli.password import ask_password
from contactport.grant import Password
from contactport.process import forbid_core_dumps
from contactport.settings import Settings
from contactport.sources.providers import Provider, Providers, way_of
from contactport.sources.rows import load_providers


@click.group()
def sources() -> None:
    """Show where address books can be imported from, and test one provider with your own account."""


@sources.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@settings_options
def list_sources(as_json: bool, data: str | None, config: Path | None) -> None:
    """List every service code, and how it is served."""
    rows = list(load_providers(settings_of(data, config).providers))
    if as_json:
        put_json(
            {
                row.code: {
                    "name": row.name,
                    "method": row.method,
                    "methods": row.methods,
                    "aliases": row.aliases,
                }
                for row in rows
            }
        )
        return
    width = max(len(row.code) for row in rows)
    for row in rows:
        unsure = ", experimental" if row.experimental else ""
        click.echo(f"{row.code:{width}}  {row.name} ({_ways(row)}{unsure})")


def _ways(row: Provider) -> str:
    """The ways that are served; where none is, those that would be."""
    words = [row.secret.kind.replace("_", " ") if way == "password" else way for way in row.methods]
    if words:
        return " or ".join(words)
    known = " or ".join(map(way_of, row.ways))
    return f"{known}, not served yet" if known else "retired"


@sources.command("test")
@click.argument("code")
@click.option("--username", required=True, metavar="U", help="Your own name at that provider.")
@click.option(
    "--server", default="", metavar="URL", help="The server, for services that people run themselves."
)
@allow_network_option
@settings_options
def test_source(
    code: str,
    username: str,
    server: str,
    allow_network: tuple[str, ...],
    data: str | None,
    config: Path | None,
) -> None:
    """Try one provider's row against the real provider, with an account of your own, step by step.

    The password is asked for on a terminal, else read from the first line of standard input. The whole address
    book is read and thrown away; no contact is shown or kept. Exit code 3 says that a step failed.
    """
    settings = settings_of(data, config, allow_network=allow_network)
    providers = load_providers(settings.providers)
    provider = providers.find(code)
    if provider is None:
        raise click.BadParameter(
            f"there is no service {code!r}: see `contactport sources list`", param_hint="CODE"
        )
    if "password" not in provider.methods:
        raise click.BadParameter(
            provider.unavailable_message or f"{provider.name} takes no passwords", param_hint="CODE"
        )
    forbid_core_dumps()
    grant = Password(username, ask_password(provider, username), server.strip())
    say(
        f"{provider.name} ({provider.code}) by {provider.protocol('password')}"
        + (", experimental" * provider.experimental)
    )
    from contactport.sources.failures import FAILURES

    try:
        asyncio.run(_test(settings, providers, provider, grant))
    except TimeoutError:
        raise CommandError(f"it took more than {settings.import_seconds:.0f} seconds", IMPORT) from None
    except FAILURES as error:
        raise CommandError(f"this step failed, with {told(settings, provider, error)}", IMPORT) from None
    say("the row works")


async def _test(settings: Settings, providers: Providers, provider: Provider, grant: Password) -> None:
    from contactport import logs
    from contactport.net.client import open_client
    from contactport.sources.base import Account, SourceContext
    from contactport.sources.registry import Sources

    logs.configure("text")
    logging.getLogger().setLevel(logging.WARNING)
    account = Account(provider=provider, grant=grant)
    sources = Sources(SourceContext(providers=providers))
    async with asyncio.timeout(settings.import_seconds), open_client(settings) as client:
        async for step in sources.get(provider.protocol("password")).check(account, client):
            say(plain(step))
