"""`contactport oauth`: the OAuth clients that the operator registered at Google, Microsoft and others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contactport.cli.checks import consent as checks
from contactport.cli.checks.finding import WORDS, Finding, note
from contactport.cli.data_folder import existing_database, opened
from contactport.cli.options import settings_of, settings_options
from contactport.cli.output import put_json, say, utc
from contactport.cli.password import ask_secret
from contactport.origin import origin_of_url
from contactport.settings import TENANT
from contactport.settings import redirect_uri as own_redirect_uri
from contactport.sources.rows import load_providers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contactport.settings import Settings
    from contactport.sources.providers import ConsentWay
    from contactport.store.oauth_clients import Owner, StoredClient
    from contactport.store.open import Store

METHODS = ("client_secret_post", "client_secret_basic")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def _name(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    if given and not _NAME.fullmatch(given):
        raise click.BadParameter("a name has 1 to 64 small letters, digits, hyphens and underscores")
    return given


as_json = click.option("--json", "as_json", is_flag=True, help="Standard output is JSON alone.")
domain_option = click.option(
    "--domain",
    metavar="NAME",
    help="The only domain that it serves; without it, all that have none of their own.",
)
name_option = click.option(
    "--name",
    default="",
    callback=_name,
    metavar="N",
    help="A name, for a client that serves only the imports that ask for it.",
)
provider_argument = click.argument("provider")


@click.group()
def oauth() -> None:
    """OAuth clients: what was registered at providers, so that users can consent there."""


def _secret(_context: click.Context, _parameter: click.Parameter, given: str | None) -> bool:
    if given not in (None, "-"):
        raise click.BadParameter(
            "a secret is no argument, for others on this machine can read those: write `--client-secret -`, and the "
            "secret to the first line of standard input"
        )
    return given is not None


def _client_id(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    if given is not None and not (0 < len(given) <= 1000 and given.isascii() and given.isprintable()):
        raise click.BadParameter("a client id has 1 to 1,000 printable ASCII characters")
    return given


def _tenant(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    if given is not None and not re.fullmatch(TENANT, given):
        raise click.BadParameter("a tenant is the number of a directory, or its domain; `any` takes it away")
    return "" if given == "any" else given


def _redirect(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    if given is None or given == "own":
        return None if given is None else ""
    if "#" in given or origin_of_url(given) is None:
        raise click.BadParameter(
            "it is a whole http or https URL without a fragment; `own` goes back to the service's own address"
        )
    return given


@oauth.command("set")
@provider_argument
@domain_option
@name_option
@click.option(
    "--client-id", metavar="ID", callback=_client_id, help="The id that the provider's console shows."
)
@click.option(
    "--client-secret",
    metavar="-",
    callback=_secret,
    help="`-` reads a new secret from standard input, or asks for it. A new id brings its secret along.",
)
@click.option("--public", is_flag=True, help="The client has no secret.")
@click.option(
    "--method", type=click.Choice(METHODS), help="How it sends its secret, if not as the provider's row says."
)
@click.option(
    "--tenant", callback=_tenant, metavar="ID", help="Microsoft: the only directory it is for; `any`."
)
@click.option(
    "--redirect-uri",
    metavar="URL",
    callback=_redirect,
    help="An application's own page that is registered at the provider and passes its answer on to /auth; `own`.",
)
@click.option("--offline/--no-offline", default=None, help="Ask for a refresh token.")
@click.option("--other-contacts/--no-other-contacts", default=None, help="Google: other contacts as well.")
@click.option("--owner/--no-owner", default=None, help="Ask whose account it is.")
@click.option(
    "--revoke/--no-revoke", default=None, help="Revoke the user's whole access when an import ends."
)
@as_json
@settings_options
def set_(
    provider: str,
    domain: str | None,
    name: str,
    client_id: str | None,
    client_secret: bool,
    public: bool,
    method: str | None,
    tenant: str | None,
    redirect_uri: str | None,
    as_json: bool,
    data: str | None,
    config: Path | None,
    **switches: bool | None,
) -> None:
    """Set the client of a provider, or change it; what is not named stays as it is.

    The secret is read from the first line of standard input, or asked for on a terminal.
    """
    if public and (client_secret or method):
        raise click.UsageError("a public client has no secret, and so no method of sending it")
    given = {word: value for word, value in switches.items() if value is not None}
    if not (
        client_id
        or client_secret
        or public
        or method
        or tenant is not None
        or redirect_uri is not None
        or given
    ):
        raise click.UsageError("there is nothing to set: name at least one option")
    from contactport.store import oauth_clients

    settings = settings_of(data, config)
    way = _way(settings, provider)
    existing_database(settings)
    wants_secret = client_secret or (client_id is not None and not public)
    secret = ask_secret(f"Client secret at {provider}") if wants_secret else None
    with opened(settings) as store:
        stored = store.database.write_now(
            oauth_clients.put,
            store.ring,
            _owner(store, provider, domain, name),
            client_id=client_id,
            secret=secret,
            method="none" if public else method,  # pyright: ignore[reportArgumentType]  a Choice
            usual_method=way.authentication,
            tenant=tenant,
            redirect_uri=redirect_uri,
            switches=given,
        )
    uri = stored.redirect_uri or own_redirect_uri(settings)
    if as_json:
        put_json(_row(stored) | {"redirect_uri": uri or None})
        return
    click.echo(f"{_told(stored)} is set:\n")
    _tell(stored)
    _tell_redirect_uri(uri)
    _tell_switches(given)


@oauth.command("list")
@as_json
@settings_options
def list_(as_json: bool, data: str | None, config: Path | None) -> None:
    """List the clients, of the database and of the settings file; never a secret."""
    from contactport.store import oauth_clients

    settings = settings_of(data, config)
    with opened(settings) as store:
        clients = store.database.read_now(oauth_clients.all_clients)
    of_settings = [
        {"provider": provider, "client_id": one.client_id, "place": "settings", "switches": one.switches}
        for provider, one in settings.oauth.items()
    ]
    if as_json:
        put_json([*map(_row, clients), *of_settings])
        return
    if not clients and not of_settings:
        say(
            "There is no OAuth client yet: `contactport oauth set` makes one, and docs/howto says how to register it."
        )
    for one in clients:
        click.echo(f"{_told(one)}\n")
        _tell(one)
    for row in of_settings:
        click.echo(f"{row['provider']}, of the settings file: {row['client_id']}")


@oauth.command()
@provider_argument
@domain_option
@name_option
@settings_options
def rm(provider: str, domain: str | None, name: str, data: str | None, config: Path | None) -> None:
    """Forget a client and its secret. Imports that its tokens read go on, and can't refresh them."""
    from contactport.store import oauth_clients

    settings = settings_of(data, config)
    _way(settings, provider)
    with opened(settings) as store:
        store.database.write_now(oauth_clients.remove, _owner(store, provider, domain, name))
    click.echo(
        f"The client of {provider} is removed. Remove it at the provider as well, if nothing else uses it."
    )


@oauth.command()
@as_json
@settings_options
@click.pass_context
def check(context: click.Context, as_json: bool, data: str | None, config: Path | None) -> None:
    """Say what to register at the providers, and what is wrong with the clients. Exit code 1 where something is."""
    settings = settings_of(data, config)
    from contactport.store import oauth_clients

    with opened(settings) as store:
        clients = store.database.read_now(oauth_clients.all_clients)
    found = [
        checks.RegisteredClient(
            one.provider, one.domain, one.name, one.client_id, one.lost, one.fault, one.redirect_uri
        )
        for one in clients
    ]
    findings = list(checks.consent(settings, found))
    if not findings:
        findings = [note("consent", "there is no OAuth client", "`contactport oauth set` makes one")]
    wrong = any(one.state == "wrong" for one in findings)
    if as_json:
        put_json(
            {"good": not wrong, "redirect_uri": own_redirect_uri(settings) or None, "findings": findings}
        )
    else:
        _tell_findings(findings)
    context.exit(1 if wrong else 0)


def _tell_findings(findings: list[Finding]) -> None:
    for one in findings:
        click.echo(f"{WORDS[one.state]:5} {one.check:11} {one.text}")
        if one.fix:
            click.echo(f"{'':17} fix: {one.fix}")


def _way(settings: Settings, provider: str) -> ConsentWay:
    """How this provider is consented to. Raises click.BadParameter for one that no row has."""
    ways = load_providers(settings.providers).consent_ways
    if provider not in ways:
        raise click.BadParameter(f"no provider has the client {provider!r}; there are {', '.join(ways)}")
    return ways[provider]


def _owner(store: Store, provider: str, domain: str | None, name: str) -> Owner:
    from contactport.store import domains

    if domain is None:
        return None, provider, name
    return store.database.read_now(domains.named, domain).id, provider, name


def _told(one: StoredClient) -> str:
    whose = "the installation" if one.domain is None else f"domain {one.domain!r}"
    return f"The client of {one.provider} for {whose}{f', named {one.name!r},' if one.name else ''}"


def _row(one: StoredClient) -> dict[str, Any]:
    return {
        "provider": one.provider,
        "place": "installation" if one.domain is None else "domain",
        "domain": one.domain,
        "name": one.name,
        "client_id": one.client_id,
        "method": one.method,
        "tenant": one.tenant or None,
        "redirect_uri": one.redirect_uri or None,
        "switches": one.switches,
        "secret_lost": one.lost,
        "fault": one.fault,
        "fault_at": None if one.fault_at is None else utc(one.fault_at),
        "created_at": utc(one.created_at),
    }


def _tell(one: StoredClient) -> None:
    secret = (
        "none" if one.method == "none" else "lost with the key ring: set it again" if one.lost else "sealed"
    )
    rows = {"client id": one.client_id, "secret": secret, "method": one.method}
    rows |= {"tenant": one.tenant} if one.tenant else {}
    rows |= {"redirect URI": one.redirect_uri} if one.redirect_uri else {}
    rows |= {"switches": ", ".join(one.switches) or "none"}
    rows |= {"last fault": f"{one.fault} at {utc(one.fault_at)}"} if one.fault and one.fault_at else {}
    for label, value in rows.items():
        click.echo(f"  {label:16} {value}")
    click.echo()


def _tell_redirect_uri(uri: str) -> None:
    if uri:
        click.echo(f"Register this redirect URI at the provider, to the letter:\n\n  {uri}\n")
    else:
        say(checks.NO_PUBLIC_URL)


def _tell_switches(given: Mapping[str, bool]) -> None:
    from contactport.oauth.client_choice import SWITCH_HELP

    for word, text in SWITCH_HELP.items():
        if given.get(word):
            click.echo(f"{word}: {text}")
