"""The group: lazy, and clear about what it does not know."""

from __future__ import annotations

import subprocess
import sys

import pytest

from contactport import __version__
from contactport.cli import COMMANDS, main
from tests.unit.cli.conftest import Run

HEAVY = {
    *("aiohttp", "alembic", "cryptography", "dbos", "dns", "msgspec", "rich", "sqlalchemy", "starlette"),
    *("structlog", "uvicorn", "yarl"),
}


def modules_after(*arguments: str) -> set[str]:
    """The names of the modules that a run of the command line has loaded."""
    program = (
        "import sys\n"
        "from contactport.cli import main\n"
        "try:\n    main(sys.argv[1:], prog_name='contactport')\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_help_loads_click_and_nothing_else_that_takes_time(option: str) -> None:
    loaded = modules_after(option)
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("convert", "sources")])
def test_a_command_s_own_help_does_not_load_the_service(name: str) -> None:
    assert modules_after(name, "--help").isdisjoint(
        {"aiohttp", "alembic", "dbos", "dns", "rich", "sqlalchemy", "starlette", "structlog", "uvicorn"}
    )


def test_the_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.exit_code == 0
    for name, (_, told) in COMMANDS.items():
        assert f"  {name} " in done.output
        assert told in done.output


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_is_where_the_table_says(name: str) -> None:
    command = main.get_command(main.make_context("contactport", [name], resilient_parsing=True), name)
    assert command is not None
    assert command.name == name


def test_the_version_is_the_package_s(run: Run) -> None:
    assert run("--version").output == f"contactport {__version__}\n"


def test_a_slip_of_the_pen_is_answered_with_the_nearest_command(run: Run) -> None:
    done = run("serv")
    assert done.exit_code == 2
    assert "serve" in done.stderr


@pytest.mark.parametrize("name", ["serve", "domain", "import", "doctor"])
def test_every_command_takes_the_data_folder_and_the_settings_file(run: Run, name: str) -> None:
    told = run(*(("domain", "add") if name == "domain" else (name,)), "--help").output
    assert "--data DIR" in told
    assert "--config FILE" in told
