"""`contactport domain`: the applications that may use this service."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from contactport.cli.data_folder import existing_database, opened
from contactport.cli.options import settings_of, settings_options
from contactport.cli.output import put_json, say, utc
from contactport.cli.password import ask_new_password
from contactport.origin import OriginError, parse_origin
from contactport.settings import Settings
from contactport.sources.rows import load_providers

if TYPE_CHECKING:
    from contactport.store.domains import Domain, KeyPair, Unchanged

DAY = 86_400
YEAR = 366 * DAY
NAME_CHARACTERS = 200
ALL = "all"
"""The word for `domain set --sources` that permits all services again."""
NONE = "none"
"""The word for `domain set --origins` that removes the list."""

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def domain() -> None:
    """Applications and their key pairs. A running service uses changes at once."""


def _name(_context: click.Context, _parameter: click.Parameter, name: str) -> str:
    if not 0 < len(name) <= NAME_CHARACTERS or not name.isprintable() or name != name.strip():
        raise click.BadParameter(
            f"a name has 1 to {NAME_CHARACTERS} printable characters, and no space at its ends"
        )
    return name


def _parts(given: tuple[str, ...]) -> list[str]:
    return [part.strip() for text in given for part in text.split(",") if part.strip()]


def _password(_context: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    if given not in (None, "-"):
        raise click.BadParameter(
            "a password is no argument, for others on this machine can read those: write `--domain-password -`, and "
            "the password to the first line of standard input"
        )
    return given


def _sources(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...] | None:
    if not given:
        return None
    words = tuple(_parts(given))
    if not words:
        raise click.BadParameter("name at least one service, or leave the option out to permit all")
    return words


def _codes(words: tuple[str, ...] | None, settings: Settings) -> tuple[str, ...] | None:
    """The codes in their own spelling, so that an alias permits its service. Raises click.BadParameter."""
    if words is None:
        return None
    providers = load_providers(settings.providers)
    codes: list[str] = []
    for word in words:
        provider = providers.find(word)
        if provider is None:
            raise click.BadParameter(
                f"there is no service {word!r}. The services are: {', '.join(sorted(row.code for row in providers))}",
                param_hint="--sources",
            )
        codes.append(provider.code)
    return tuple(dict.fromkeys(codes))


def _origins(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Origins as browsers write them; an empty list for `none`."""
    if not given:
        return None
    words = _parts(given)
    if [word.lower() for word in words] == [ALL]:
        raise click.BadParameter(
            "it is not possible to list every origin: name each one, such as https://shop.example"
        )
    try:
        origins = [parse_origin(word) for word in words]
    except OriginError as error:
        raise click.BadParameter(str(error)) from None
    if not origins:
        raise click.BadParameter("name at least one origin, or leave the option out to list none")
    return tuple(dict.fromkeys(origins))


def _sources_or_all(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...] | None:
    return (ALL,) if _parts(given) == [ALL] else _sources(context, parameter, given)


def _origins_or_none(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...] | None:
    return () if _parts(given) == [NONE] else _origins(context, parameter, given)


key_option = click.option(
    "--domain-key",
    metavar="KEY",
    help="A key that the application already has, instead of a new one.",
)
password_option = click.option(
    "--domain-password",
    metavar="-",
    callback=_password,
    help="`-` reads the password that the application has already from standard input, or asks for it.",
)
overlap_option = click.option(
    "--overlap",
    type=click.IntRange(0, YEAR),
    default=DAY,
    show_default=True,
    metavar="SECONDS",
    help="How long the old password still works.",
)


@domain.command()
@click.argument("name", callback=_name)
@key_option
@password_option
@click.option(
    "--sources",
    multiple=True,
    callback=_sources,
    metavar="CODE,…",
    help="The only services it may import from.",
)
@click.option(
    "--origins",
    multiple=True,
    callback=_origins,
    metavar="ORIGIN,…",
    help="The web origins whose pages may use it in a browser, such as https://shop.example; without it none.",
)
@click.option(
    "--retention",
    type=click.IntRange(1, YEAR),
    metavar="SECONDS",
    help="How long its contacts stay after an import.",
)
@click.option("--create", is_flag=True, help="Make the data folder and its database where there are none.")
@as_json
@settings_options
def add(
    name: str,
    domain_key: str | None,
    domain_password: str | None,
    sources: tuple[str, ...] | None,
    origins: tuple[str, ...] | None,
    retention: int | None,
    create: bool,
    as_json: bool,
    data: str | None,
    config: Path | None,
) -> None:
    """Add an application and print its key pair. It is shown only once, because only a hash is kept.

    An application that already has a key pair keeps it with --domain-key and --domain-password. Such a password
    needs 16 characters, 10 of them different, and must not contain the domain's name or key.
    """
    from contactport.store import domains

    settings = settings_of(data, config)
    sources = _codes(sources, settings)
    if not create:
        existing_database(settings)
    password = ask_new_password(f"Password of domain {name}") if domain_password else None
    with opened(settings, make=True) as store:
        pair = store.database.write_now(
            domains.add,
            name,
            key=domain_key,
            password=password,
            sources=sources,
            origins=origins or (),
            retention=retention,
        )
    if password is None:
        _show(pair, f"Domain {name!r} is added. Its key pair, which is shown only this once:", as_json)
    elif as_json:
        put_json({"domain_key": pair.domain_key, "domain_password": None})
    else:
        click.echo(f"Domain {name!r} is added, with the given password and this key:\n")
        click.echo(f"  domain_key       {pair.domain_key}\n")


@domain.command("set")
@click.argument("name")
@key_option
@password_option
@overlap_option
@click.option(
    "--sources",
    multiple=True,
    callback=_sources_or_all,
    metavar="CODE,…",
    help="The only services it may import from; `all` permits any.",
)
@click.option(
    "--origins",
    multiple=True,
    callback=_origins_or_none,
    metavar="ORIGIN,…",
    help="The web origins whose pages may use it in a browser; `none` takes the list away.",
)
@click.option(
    "--retention",
    type=click.IntRange(0, YEAR),
    metavar="SECONDS",
    help="How long its contacts stay after an import; 0 uses the service's setting.",
)
@as_json
@settings_options
def set_(
    name: str,
    domain_key: str | None,
    domain_password: str | None,
    overlap: int,
    sources: tuple[str, ...] | None,
    origins: tuple[str, ...] | None,
    retention: int | None,
    as_json: bool,
    data: str | None,
    config: Path | None,
) -> None:
    """Change the settings of an application. What is not named does not change.

    A new key needs a new password too, and ends the old pair at once. After a new password without a new key, the old
    password still works for a while (--overlap), as after `domain rotate`.
    """
    if (domain_key, domain_password, sources, origins, retention) == (None,) * 5:
        raise click.UsageError("there is nothing to change: name at least one option")
    from contactport.store import domains

    settings = settings_of(data, config)
    if sources != (ALL,):
        sources = _codes(sources, settings)
    password = ask_new_password(f"New password of domain {name}") if domain_password else None
    with opened(settings) as store:
        changed = store.database.write_now(
            domains.change,
            name,
            key=domain_key,
            password=password,
            overlap=overlap,
            sources=_or_unchanged(sources),
            origins=domains.UNCHANGED if origins is None else origins,
            retention=domains.UNCHANGED if retention is None else retention or None,
        )
    if as_json:
        put_json(_row(changed))
        return
    click.echo(f"Domain {name!r} is changed:\n")
    _tell(changed)


def _or_unchanged(given: tuple[str, ...] | None) -> tuple[str, ...] | Unchanged | None:
    from contactport.store.domains import UNCHANGED

    if given is None:
        return UNCHANGED
    return None if given == (ALL,) else given


@domain.command("list")
@as_json
@settings_options
def list_(as_json: bool, data: str | None, config: Path | None) -> None:
    """List the applications; never a password."""
    from contactport.store import domains

    with opened(settings_of(data, config)) as store:
        found = store.database.read_now(domains.all_domains)
    if as_json:
        put_json([_row(one) for one in found])
        return
    if not found:
        say("There is no domain yet: `contactport domain add NAME` makes one.")
    for one in found:
        _tell(one)


def _tell(one: Domain) -> None:
    click.echo(f"{one.name}\n  domain_key {one.key}\n  added      {utc(one.created_at)}")
    click.echo(f"  sources    {', '.join(one.sources) if one.sources is not None else 'all'}")
    click.echo(f"  origins    {', '.join(one.origins) or 'none'}")
    click.echo(f"  retention  {f'{one.retention} s' if one.retention else 'as the service is set'}")
    if one.former_until is not None and one.former_until > _now_ms():
        click.echo(f"  the password before the last change works until {utc(one.former_until)}")


@domain.command()
@click.argument("name")
@overlap_option
@as_json
@settings_options
def rotate(name: str, overlap: int, as_json: bool, data: str | None, config: Path | None) -> None:
    """Give an application a new password; the old one still works for a while."""
    from contactport.store import domains

    with opened(settings_of(data, config)) as store:
        pair = store.database.write_now(domains.rotate, name, overlap)
    told = f"the old one works {overlap} seconds more" if overlap else "the old one no longer works"
    _show(pair, f"Domain {name!r} has a new password, which is shown only this once; {told}:", as_json)


@domain.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings_options
def rm(name: str, yes: bool, data: str | None, config: Path | None) -> None:
    """Remove an application with all its imports."""
    from contactport.store import domains

    with opened(settings_of(data, config)) as store:
        if name not in {one.name for one in store.database.read_now(domains.all_domains)}:
            raise domains.DomainError(
                f"there is no domain called {name!r}: `contactport domain list` shows all domains"
            )
        if not yes:
            _ask(name)
        store.database.write_now(domains.remove, name)
        store.database.truncate_log()
    say(f"Domain {name!r} is removed.")


def _ask(name: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: add --yes to remove the domain")
    click.confirm(
        f"Remove domain {name!r} with all its imports? Its key pair stops working at once.",
        abort=True,
        err=True,
    )


def _show(pair: KeyPair, told: str, as_json: bool) -> None:
    if as_json:
        put_json(pair)
        return
    click.echo(f"{told}\n\n  domain_key       {pair.domain_key}\n  domain_password  {pair.domain_password}\n")


def _row(one: Domain) -> dict[str, Any]:
    former = one.former_until is not None and one.former_until > _now_ms()
    return {
        "name": one.name,
        "domain_key": one.key,
        "sources": one.sources,
        "origins": one.origins,
        "retention": one.retention,
        "created_at": utc(one.created_at),
        "former_password_until": utc(one.former_until) if former and one.former_until else None,
    }


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
