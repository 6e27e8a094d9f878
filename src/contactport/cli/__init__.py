"""The command line: one file for each command. A file is imported only when its command runs.

Exit codes, the same for every command:

0    done
1    done, but something is wrong: a reject, an address book not read, a wrong configuration, a missing domain
2    the command or a setting is not valid
3    the import failed
4    the data folder, its key ring or its database can't be used
5    the address to listen on can't be used
70   an error in this program
130  interrupted
141  the reader of the output has closed it
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from contactport import __version__
from contactport.cli.exit_codes import quit_in_words

COMMANDS = {
    "serve": ("contactport.cli.serve:serve", "Run the service: API and worker in one process."),
    "worker": ("contactport.cli.worker:worker", "Run imports in a separate process, on PostgreSQL."),
    "migrate": ("contactport.cli.migrate:migrate", "Make or upgrade the tables of a PostgreSQL database."),
    "domain": ("contactport.cli.domain:domain", "Add, list, rotate and remove applications' key pairs."),
    "oauth": ("contactport.cli.oauth:oauth", "Set, list, check and remove the OAuth clients of providers."),
    "keys": ("contactport.cli.keys:keys", "List, rotate and replace the keys that seal stored data."),
    "imports": ("contactport.cli.imports:imports", "List, show and cancel the service's imports."),
    "receipts": ("contactport.cli.receipts:receipts", "List what was erased, for an audit."),
    "import": (
        "contactport.cli.import_:import_",
        "Import an address book directly, without the service.",
    ),
    "convert": ("contactport.cli.convert:convert", "Convert a file of contacts to another format."),
    "sources": ("contactport.cli.sources:sources", "Show where address books can be imported from."),
    "status": (
        "contactport.cli.status:status",
        "Show the queue, ended imports and the providers, live.",
    ),
    "doctor": ("contactport.cli.doctor:doctor", "Find wrong configuration and say how to correct it."),
}
"""Name → where the command is, and its line in the help. So the help needs no import."""


class LazyGroup(click.Group):
    """A click group that imports a command when it runs, and reports failures as text."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=list(COMMANDS), ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        # Here the group's own help is written.
        with quit_in_words():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with quit_in_words():
            return super().invoke(ctx)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings come from CONTACTPORT_* variables, and from a TOML file below them (CONTACTPORT_CONFIG).",
)
@click.version_option(__version__, prog_name="contactport", message="%(prog)s %(version)s")
def main() -> None:
    """A self-hosted address-book import service."""
