"""The options that every command takes, and the settings that they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from contactport.cli.output import say
from contactport.origin import OriginError, parse_origin
from contactport.settings import NO_SETTINGS, PREFIX, RENAMED, SettingError, Settings, load, nearest

Command = TypeVar("Command", bound=Callable[..., Any])


def settings_options(command: Command) -> Command:
    """`--data DIR` and `--config FILE`, as the arguments `data` and `config`."""
    command = click.option(
        "--config",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Settings in TOML. [env: CONTACTPORT_CONFIG]",
    )(command)
    return click.option(
        "--data",
        metavar="DIR",
        help="The folder of the database and the key ring. [env: CONTACTPORT_DATA]",
    )(command)


def allow_network_option(command: Command) -> Command:
    """`--allow-network CIDR`, repeatable, as the argument `allow_network`."""
    return click.option(
        "--allow-network",
        multiple=True,
        metavar="CIDR[:PORT]",
        help="A private network that imports may reach; repeatable, and instead of the settings' own.",
    )(command)


def settings_of(
    data: str | None, config: Path | None, *, allow_network: tuple[str, ...] = (), **overrides: Any
) -> Settings:
    """The settings of this run. Options that are None override nothing. Raises SettingError."""
    given = {"data": data, "allow_network": list(allow_network) or None, **overrides}
    settings = load(config, overrides=given, warn=lambda text: say(f"warning: {text}"))
    check(settings)
    return settings


def heed_variables(environment: Mapping[str, str]) -> None:
    """Warn of unknown variables that look like settings. Raises SettingError for a misspelt name."""
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if (
            name == variable
            or name.lower() in Settings.__struct_fields__
            or name.lower() in RENAMED
            or name.startswith(NO_SETTINGS)
        ):
            continue
        near = nearest(name)
        if near:
            raise SettingError(
                f"the variable {variable} is set, and there is no such setting: did you mean {PREFIX}{near.upper()}? "
                "Correct it, or unset it."
            )
        say(f"warning: the variable {variable} is set, and there is no such setting: it does nothing")


def check(settings: Settings) -> None:
    """Raises SettingError for a setting that has the right form and still can't be used."""
    if settings.public_url:
        _check_public_url(settings.public_url)
    if settings.oauth:
        _check_oauth(settings)
    # Each here: they bring libraries along, which a command without these settings need not wait for.
    if settings.allow_network:
        from contactport.net.guard import parse_network

        for network in settings.allow_network:
            parse_network(network)
    if settings.proxy:
        from contactport.net.proxy import parse_proxy

        parse_proxy(settings.proxy)
    if settings.resolver:
        from contactport.net.dns_resolver import resolver_of

        resolver_of(settings.resolver)
    if settings.ca_file:
        from contactport.net.client import trust

        trust(settings.ca_file)
    if settings.providers:
        _check_providers(settings.providers)
    if settings.database_url:
        from contactport.store.engines import check_uri

        check_uri(settings.database_url)


def _check_public_url(text: str) -> None:
    try:
        parse_origin(text)
    except OriginError as error:
        raise SettingError(f"public_url: {error}") from None


def _check_oauth(settings: Settings) -> None:
    from contactport.oauth.client_choice import SWITCHES

    for provider, given in settings.oauth.items():
        strange = [word for word in given.switches if word not in SWITCHES]
        if strange:
            raise SettingError(
                f"oauth: [oauth.{provider}] has the switch {strange[0]!r}: there are {', '.join(SWITCHES)}"
            )
        if given.method != "none" and not given.client_secret:
            raise SettingError(
                f'oauth: [oauth.{provider}] has no client_secret: give it, or say method = "none" for a client '
                "that has none"
            )


def _check_providers(file: str) -> None:
    from contactport.sources.plugins import PluginError
    from contactport.sources.rows import RowError, load_providers

    try:
        load_providers(file)
    except (RowError, PluginError) as error:
        raise SettingError(f"providers: {error}") from None
