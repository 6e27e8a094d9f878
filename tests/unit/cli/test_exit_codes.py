"""Every failure ends as one line of text and an exit code, never as a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from contactport.cli.exit_codes import CommandError, quit_in_words
from contactport.settings import SettingError
from contactport.store.domains import DomainError
from contactport.store.migrations import SchemaError
from contactport.store.vault import RingError
from contactport.store.writable import FolderError
from tests.unit.cli.conftest import Run


def code_of(error: BaseException) -> int:
    """The exit code that an exception ends a command with."""
    with pytest.raises(click.exceptions.Exit) as ended, quit_in_words():
        raise error
    return ended.value.exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingError("a setting is not valid:\nport"), 2),
        (DomainError("there is no domain called 'x'"), 1),
        (FolderError("the folder can't be used"), 4),
        (RingError("the ring can't be read"), 4),
        (SchemaError("the database is newer"), 4),
        (CommandError("the port is in use", 5), 5),
    ],
)
def test_what_is_known_is_told_in_its_own_words(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(error) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"contactport: {str(error).replace(chr(10), ' ')}\n"


def test_what_is_unknown_is_told_by_its_places_and_not_by_its_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert code_of(KeyError("a password")) == 70
    told = capsys.readouterr().err
    assert "KeyError" in told
    assert "test_exit_codes.py" in told
    assert "a password" not in told
    assert "Traceback" not in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EOFError(), click.Abort()])
def test_an_interruption_is_quiet(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(error) == 130
    assert capsys.readouterr() == ("", "")


def test_a_usage_error_stays_click_s_own() -> None:
    with pytest.raises(click.UsageError), quit_in_words():
        raise click.UsageError("no")


@pytest.mark.parametrize("arguments", [["--help"], ["domain", "list", "--json"]])
def test_a_reader_that_has_gone_is_no_reason_to_complain(arguments: list[str], tmp_path: Path) -> None:
    program = [sys.executable, "-m", "contactport"]
    made = subprocess.run(
        [*program, "domain", "add", "shop", "--create", "--data", str(tmp_path / "data")], capture_output=True
    )
    assert made.returncode == 0
    options = ["--data", str(tmp_path / "data")] if arguments[0] == "domain" else []
    # Its standard output is a pipe whose other end is shut before the program begins.
    with subprocess.Popen(
        [*program, *arguments, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert told == b""
    assert process.returncode not in (0, 70)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["doctor", "--help"], ["doctor", "--data", "/no/such/folder"]]
)
def test_a_full_disk_is_said(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "contactport", *arguments], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr == "contactport: the output can't be written: No space left on device\n"


def test_a_setting_that_is_not_valid_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTPORT_PORT", "eight")
    done = run("domain", "list")
    assert done.exit_code == 2
    assert "port" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_settings_file_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    done = run("domain", "list", "--config", str(tmp_path / "none.toml"))
    assert done.exit_code == 2
    assert "none.toml" in done.stderr
