"""`contactport import`: imports an address book directly, without the service."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contactport.cli.contact_writer import FORMATS, format_of
from contactport.cli.exit_codes import IMPORT, PROGRAM, CommandError
from contactport.cli.options import allow_network_option, settings_of, settings_options
from contactport.cli.output import say, told
from contactport.cli.password import ask_password
from contactport.cli.rejects import RejectsOutput, rejects_option
from contactport.process import forbid_core_dumps
from contactport.settings import Settings
from contactport.sources.providers import Provider, Providers
from contactport.sources.rows import load_providers

if TYPE_CHECKING:
    from contactport.cli.sink import Ledger, WriterSink
    from contactport.sources.base import Account, Source

Show = Callable[["Ledger", int | None], None]
Tell = Callable[[str], None]


@click.command("import")
@click.argument("service")
@click.option(
    "--server",
    default="",
    metavar="URL",
    help="The address book's server: a URL, a host, or a mail domain. Needed by services that people host "
    "themselves, such as carddav, unless the user name is an e-mail address.",
)
@click.option("--username", required=True, metavar="U", help="The user's name for the service.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    help="Of the output. Without it the name of the output decides, and vcf where there is none.",
)
@click.option(
    "--output",
    "output_",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write, instead of standard output; replaced once the import is through.",
)
@click.option("--lenient", is_flag=True, help="Exit code 0 although something was rejected.")
@rejects_option
@allow_network_option
@settings_options
@click.pass_context
def import_(
    context: click.Context,
    service: str,
    server: str,
    username: str,
    format_: str | None,
    output_: Path | None,
    lenient: bool,
    rejects: Path | None,
    allow_network: tuple[str, ...],
    data: str | None,
    config: Path | None,
) -> None:
    """Import an address book directly, without the service and without a data folder.

    SERVICE is a service's code, such as icloud or carddav. On a terminal, the command asks for the password.
    Otherwise it reads the first line of standard input. Contacts go to standard output. Standard error lists each
    reject (a card that could not be read) and each note (what was left out of a card) with its place and reason, and
    each address book that was not read to its end. Its last line is the ledger.

    Exit code 1: something was rejected (0 with --lenient), or an address book was not read to its end. Exit code 3:
    the import failed.
    """
    settings = settings_of(data, config, allow_network=allow_network)
    try:
        format_ = format_of(output_, format_)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--output") from None
    providers = load_providers(settings.providers)
    provider = _provider(providers, service)
    _check_server(provider, server, username)
    forbid_core_dumps()
    password = ask_password(provider, username)
    # Here, because they take a second that `--help` and a slip of the pen need not wait for.
    from contactport import logs
    from contactport.grant import Password
    from contactport.sources.base import INCLUDES, Account

    logs.configure("text")
    logging.getLogger().setLevel(logging.WARNING)
    account = Account(provider=provider, grant=Password(username, password, server.strip()), include=INCLUDES)
    ledger, incomplete = _import(settings, providers, account, format_, output_, rejects)
    say(str(ledger))
    context.exit(1 if incomplete or (ledger.rejected and not lenient) else 0)


def _provider(providers: Providers, service: str) -> Provider:
    provider = providers.find(service)
    if provider is None:
        codes = ", ".join(row.code for row in providers if "password" in row.methods)
        raise click.BadParameter(
            f"there is no service {service!r}. Those there are: {codes}", param_hint="SERVICE"
        )
    if "password" not in provider.methods:
        message = (
            provider.unavailable_message or f"{provider.name} can't be read with a user name and a password"
        )
        raise click.BadParameter(message, param_hint="SERVICE")
    return provider


def _check_server(provider: Provider, server: str, username: str) -> None:
    """Refuse what the source would refuse, before the password is asked for."""
    from contactport.imports.to_error import to_error
    from contactport.sources.failures import ServerInvalid
    from contactport.sources.server_address import parse_server

    if not provider.self_hosted:
        if server:
            say(f"{provider.name}has its own servers: --server is ignored")
        return
    if server:
        try:
            parse_server(server)
        except ServerInvalid as error:
            raise click.BadParameter(to_error(error, "password").text, param_hint="--server") from None
    elif "@" not in username:
        raise click.UsageError("add --server: only a user name that is an e-mail address says where to look")


def _import(
    settings: Settings,
    providers: Providers,
    account: Account,
    format_: str,
    path: Path | None,
    rejects: Path | None,
) -> tuple[Ledger, bool]:
    """The ledger, and whether an address book was not read to its end. Raises CommandError."""
    from contactport.cli.contact_writer import Writer, output, part, write_of
    from contactport.cli.sink import Ledger, WriterSink
    from contactport.formats import registry
    from contactport.sources.base import SourceContext
    from contactport.sources.failures import FAILURES
    from contactport.sources.registry import SourceMissing, Sources

    ledger = Ledger()
    incomplete = False
    try:
        protocol = Sources(SourceContext(providers=providers)).get(account.provider.protocol("password"))
        with (
            output(path) as out,
            RejectsOutput(rejects) as rejected,
            _terminal(path) as (tell, show, staged),
        ):
            groups: dict[str, list[str]] = {}
            writer = Writer(write_of(format_, groups), out)
            sink = WriterSink(
                writer.put,
                groups=None if registry.get(format_).has_groups else groups,
                tell=tell,
                show=show,
                keep=rejected.put,
            )
            ledger = sink.ledger
            try:
                asyncio.run(_run(settings, staged(protocol), account, sink))
            except BaseException:
                writer.abandon()
                raise
            writer.close()
            incomplete = sink.tell_books()
        if sink.late:
            say(f"{sink.late} memberships of groups came after their contacts, and are left out")
    except SourceMissing as error:
        raise CommandError(str(error), PROGRAM) from None
    except FAILURES as error:
        if ledger.found:
            say(
                f"until then: {ledger}"
                + (f", in {part(path)}" if path is not None and part(path).exists() else "")
            )
        raise CommandError(
            f"the import failed with {told(settings, account.provider, error)}", IMPORT
        ) from None
    return ledger, incomplete


async def _run(settings: Settings, source: Source, account: Account, sink: WriterSink) -> None:
    from contactport.imports.run import run
    from contactport.net.client import open_client
    from contactport.net.failures import TimedOut
    from contactport.sources.failures import RetryLater

    try:
        # Nobody waits here for the rest that a server asks for: what was read is what there is.
        async with asyncio.timeout(settings.import_seconds), open_client(settings) as client:
            with suppress(RetryLater):
                await run(
                    source,
                    account,
                    client,
                    sink,
                    settings.import_members,
                    client.processor_budget,
                )
    except TimeoutError:
        raise TimedOut from None
    finally:
        await sink.finish()


@contextmanager
def _terminal(path: Path | None) -> Generator[tuple[Tell, Show, Callable[[Source], Source]]]:
    """How to tell of a reject, show how far it is, and learn the source's stage: on a terminal by a line of its own,
    where that does not stand in the contacts' way.
    """
    if not sys.stderr.isatty() or (path is None and sys.stdout.isatty()):
        yield say, lambda _ledger, _listed: None, lambda source: source
        return
    from contactport.cli.progress import Staged, progress

    with progress() as shown:
        yield (
            shown.say,
            lambda ledger, listed: shown.show(ledger.found, listed),
            lambda source: Staged(source, shown.stage),
        )
