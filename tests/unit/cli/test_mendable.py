"""What an operator can correct, every command reports in one line: the setting or the file, never a traceback."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from contactport.cli.data_folder import clock_fault
from contactport.settings import SettingError, Settings, load
from tests.unit.cli.conftest import Run

ON_DATABASE = [
    ("migrate",),
    ("domain", "add", "shop"),
    ("domain", "set", "shop", "--retention", "9"),
    ("domain", "list"),
    ("domain", "rotate", "shop"),
    ("domain", "rm", "shop", "--yes"),
    ("keys", "list"),
    ("keys", "rotate"),
    ("keys", "replace", "--yes"),
    ("receipts",),
    ("status", "--once"),
    ("serve", "--port", "0"),
    ("worker",),
]
WITH_SETTINGS = [
    *ON_DATABASE,
    ("import", "carddav", "--server", "https://dav.example", "--username", "ann"),
    ("sources", "list"),
    ("sources", "test", "carddav", "--username", "ann"),
]


def in_one_line(told: str) -> bool:
    return told.startswith("contactport: ") and told.count("\n") == 1 and "Traceback" not in told


@pytest.mark.parametrize("command", ON_DATABASE, ids=" ".join)
@pytest.mark.parametrize("password", ["pw-canary"])
def test_a_database_that_is_down(
    run: Run, folder: Path, command: tuple[str, ...], password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setenv("CONTACTPORT_DATABASE_URL", f"postgresql://u:{password}@127.0.0.1:{port}/x")
        done = run(*command)
    assert done.exit_code == 4
    assert in_one_line(done.stderr), done.stderr
    assert "Connection refused" in done.stderr
    assert password not in done.output


@pytest.mark.parametrize("command", WITH_SETTINGS, ids=" ".join)
@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("DATABASE_URL", "mysql://u:pw-canary@host/x", "postgresql://"),
        ("DATABASE_URL", "postgresql://u:pw-canary@[host/x", "can read"),
        ("IMPORT_SECONDS", "inf", "31622400"),
        ("IMPORT_SECONDS", "nan", "> 0.0"),
        ("IMPORT_SECONDS", "-1", "> 0.0"),
        ("RETENTION", "9" * 30, "31622400"),
        ("IMPORT_CONCURRENCY", "many", "`int`"),
        ("LOG_FORMAT", "xml", "`json` or `text`"),
        ("RESOLVER", "name.server", "IP or IP:port"),
        ("RESOLVER", "127.0.0.1:99999", "IP or IP:port"),
        ("CA_FILE", "/nowhere/ca.pem", "No such file"),
        ("CA_FILE", os.devnull, "can't be read"),
        ("ALLOW_NETWORK", "10.0.0.0/99", "10.0.0.0/99"),
        ("PROXY", "socks://u:pw-canary@host", "http://HOST:PORT"),
    ],
)
def test_a_bad_value_names_its_variable(
    run: Run, command: tuple[str, ...], variable: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"CONTACTPORT_{variable}", value)
    done = run(*command)
    assert done.exit_code == 2
    assert in_one_line(done.stderr), done.stderr
    assert f"CONTACTPORT_{variable}" in done.stderr
    assert says in done.stderr
    assert "canary" not in done.output


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = 70000", "port (CONTACTPORT_PORT): the value in the settings file"),
        ("retentoin = 5", "did you mean retention?"),
        ("port = ", "not TOML"),
        ("port = " + "[" * 5000 + "]" * 5000, "too deeply"),
        ("port" + ".x" * 5000 + " = 1", "settings file"),
        ("a = { b = " * 1200 + "1" + " }" * 1200, "settings file"),
        ("# " + "x" * 2_000_000, "longer than"),
    ],
    ids=["value", "name", "broken", "nested", "dotted", "tables", "long"],
)
def test_a_bad_settings_file_is_told_in_a_line(run: Run, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    done = run("sources", "list", "--config", str(file))
    assert done.exit_code == 2
    assert in_one_line(done.stderr), done.stderr[:500]
    assert says in done.stderr


@pytest.mark.parametrize("name", ["nowhere.toml", "."])
def test_a_settings_file_that_can_t_be_read(run: Run, tmp_path: Path, name: str) -> None:
    done = run("sources", "list", "--config", str(tmp_path / name))
    assert done.exit_code == 2
    assert in_one_line(done.stderr), done.stderr


class TestRenamed:
    """A setting that was given another name is still read by its old one, and a warning names the new one."""

    def test_in_the_settings_file(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.toml"
        file.write_text("workers = 3\n")
        told: list[str] = []
        assert load(file, {}, warn=told.append).import_concurrency == 3
        assert told == [
            f"the setting workers in the settings file {file} is now called import_concurrency: rename it"
        ]

    def test_in_a_variable_which_wins_over_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.toml"
        file.write_text("import_concurrency = 3\n")
        told: list[str] = []
        assert load(file, {"CONTACTPORT_WORKERS": "5"}, warn=told.append).import_concurrency == 5
        assert len(told) == 1
        assert "CONTACTPORT_IMPORT_CONCURRENCY" in told[0]

    def test_the_new_name_wins_in_the_same_place(self, tmp_path: Path) -> None:
        file = tmp_path / "settings.toml"
        file.write_text("import_concurrency = 3\nworkers = 9\n")
        assert load(file, {}).import_concurrency == 3
        both = {"CONTACTPORT_WORKERS": "5", "CONTACTPORT_IMPORT_CONCURRENCY": "6"}
        assert load(None, both).import_concurrency == 6

    def test_a_value_that_is_not_valid_names_where_it_stands(self) -> None:
        with pytest.raises(SettingError, match="CONTACTPORT_WORKERS"):
            load(None, {"CONTACTPORT_WORKERS": "many"})

    def test_every_command_says_it_and_doctor_reports_it(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CONTACTPORT_WORKERS", "5")
        assert "CONTACTPORT_IMPORT_CONCURRENCY: rename it" in run("imports", "list").stderr
        assert "CONTACTPORT_IMPORT_CONCURRENCY: rename it" in run("doctor").output


def test_every_number_has_an_upper_bound() -> None:
    for name in Settings.__struct_fields__:
        if isinstance(getattr(Settings(), name), int | float):
            for value in ("1e999", "9" * 40, "-1"):
                with pytest.raises(SettingError, match=f"CONTACTPORT_{name.upper()}"):
                    load(None, {f"CONTACTPORT_{name.upper()}": value})


def test_an_output_that_can_t_be_written(run: Run, tmp_path: Path) -> None:
    cards = tmp_path / "cards.vcf"
    cards.write_text("BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nEND:VCARD\n")
    done = run("convert", str(cards), "--to", "csv", "--output", "/proc/nowhere/out.csv")
    assert done.exit_code not in (0, 70)
    assert in_one_line(done.stderr) or "Error:" in done.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_variable_that_nearly_is_a_setting_is_refused(
    run: Run, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTACTPORT_RETENTOIN", "5")
    done = run(command)
    assert done.exit_code == 2
    assert in_one_line(done.stderr), done.stderr
    assert "CONTACTPORT_RETENTION" in done.stderr


def test_any_other_is_warned_of_and_those_of_ours_are_known(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "settings.toml").write_text("port = 0")
    monkeypatch.setenv("CONTACTPORT_CONFIG", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("CONTACTPORT_TEST_SEED", "7")
    monkeypatch.setenv("CONTACTPORT_FAVOURITE_COLOUR", "blue")
    # It ends for a reason of its own: a worker wants PostgreSQL.
    done = run("worker")
    assert "CONTACTPORT_DATABASE_URL" in done.stderr
    assert "CONTACTPORT_FAVOURITE_COLOUR is set, and there is no such setting" in done.stderr
    assert "CONTACTPORT_TEST_SEED" not in done.stderr
    assert "warning: the variable CONTACTPORT_CONFIG" not in done.stderr


@pytest.mark.parametrize(
    ("ahead_ms", "says"),
    [
        (0, ""),
        (-4900, ""),
        (9000, "warning: this machine's clock is 9 seconds ahead of"),
        (-61_000, "this machine's clock is 61 seconds behind"),
        (3_600_000, "this machine's clock is 3600 seconds ahead of"),
    ],
)
def test_two_clocks_that_differ(ahead_ms: int, says: str) -> None:
    told = clock_fault(ahead_ms)
    assert told.startswith(says)
    assert bool(told) == bool(says)


def test_doctor_names_the_database_that_stands_beside(run: Run, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "the-service-s"
    run("domain", "add", "shop", "--create", "--data", str(other))
    for prepare, state in ((None, "wrong"), ("rm", "wrong"), ("add", "note")):
        if prepare is not None:
            run("domain", "add", "mine", "--create")
        if prepare == "rm":
            run("domain", "rm", "mine", "--yes")
        found = json.loads(run("doctor", "--json").stdout)["findings"]
        (told,) = [one for one in found if str(other) in one["text"]]
        assert told["state"] == state
        assert "--data" in told["fix"]
