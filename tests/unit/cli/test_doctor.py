"""`contactport doctor`: every problem comes with a way to correct it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from contactport.cli.checks import configuration, folder, machine, service
from contactport.cli.checks.finding import Finding
from contactport.settings import Settings
from contactport.sources.plugins import PROTOCOLS
from contactport.sources.rows import RowError
from contactport.store import domains
from contactport.store.open import open_store
from contactport.store.vault import Ring
from tests.unit.cli.conftest import Run
from tests.unit.store import import_factory

Wrongs = Callable[[], dict[str, str]]

WELL = (
    *(
        "settings",
        "python",
        "core_dumps",
        "networks",
        "authorities",
        "resolver",
        "folder",
        "disk",
        "database",
    ),
    *("ring", "clock", "providers", "port"),
)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def healthy(run: Run, name_server: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The doctor of a data folder where all is well."""
    monkeypatch.setenv("CONTACTPORT_RESOLVER", name_server)
    monkeypatch.setenv("CONTACTPORT_PORT", str(free_port()))
    assert run("domain", "add", "shop", "--create").exit_code == 0
    return run


@pytest.fixture
def wrongs(healthy: Run) -> Wrongs:
    """What the doctor finds wrong: check → text and fix."""

    def ask() -> dict[str, str]:
        done = healthy("doctor", "--json")
        told = json.loads(done.stdout)
        found = {
            one["check"]: f"{one['text']} | {one['fix']}"
            for one in told["findings"]
            if one["state"] == "wrong"
        }
        assert done.exit_code == (1 if found else 0)
        assert told["good"] is (not found)
        assert all(one["fix"] for one in told["findings"] if one["state"] == "wrong")
        return found

    return ask


def only(findings: Any) -> Finding:
    """The one finding of a check."""
    (found,) = findings
    return found


def test_all_is_well(healthy: Run) -> None:
    done = healthy("doctor")
    assert done.exit_code == 0, done.output
    assert "Nothing is wrong." in done.stdout
    for check in WELL:
        assert f"ok    {check}" in done.stdout


def test_all_is_well_before_the_first_start(
    run: Run, folder: Path, name_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTACTPORT_RESOLVER", name_server)
    monkeypatch.setenv("CONTACTPORT_PORT", str(free_port()))
    assert run("doctor").exit_code == 0
    assert not folder.exists()


def test_nothing_is_written(healthy: Run, folder: Path) -> None:
    def state() -> dict[str, tuple[bytes, int]]:
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}

    before = state()
    healthy("doctor")
    assert state() == before


def test_a_setting_that_is_not_valid(wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTPORT_PORT", "99999")
    assert "port" in wrongs()["settings"]


def test_a_variable_that_is_no_setting(wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTPORT_RETENTON", "60")
    assert "CONTACTPORT_RETENTION" in wrongs()["settings"]


@pytest.mark.parametrize("network", ["10.0.0.0/33", "everything", "0.0.0.0/0"])
def test_networks_that_are_none_or_all(wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch, network: str) -> None:
    monkeypatch.setenv("CONTACTPORT_ALLOW_NETWORK", network)
    assert network in wrongs()["networks"]


def test_a_network_that_is_allowed_is_told(healthy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTPORT_ALLOW_NETWORK", "127.0.0.0/8:5232")
    done = healthy("doctor")
    assert done.exit_code == 0
    assert "note  networks    imports may reach 127.0.0.0/8:5232" in done.stdout


def test_authorities_that_can_t_be_read(
    wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONTACTPORT_CA_FILE", str(tmp_path / "ca.pem"))
    assert "ca.pem" in wrongs()["authorities"]
    (tmp_path / "ca.pem").write_text("no certificate")
    assert "ca.pem" in wrongs()["authorities"]


def test_a_resolver_that_is_none(wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTPORT_RESOLVER", "dns.example")
    assert "dns.example" in wrongs()["resolver"]


def test_a_resolver_that_does_not_answer(wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "ANSWER_SECONDS", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setenv("CONTACTPORT_RESOLVER", f"127.0.0.1:{silent.getsockname()[1]}")
        assert "no name server answers" in wrongs()["resolver"]


def test_listening_for_others_is_told_and_not_wrong(healthy: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTPORT_HOST", "0.0.0.0")
    done = healthy("doctor")
    assert done.exit_code == 0
    assert "TLS" in done.stdout


def test_a_folder_that_others_can_look_into(wrongs: Wrongs, folder: Path) -> None:
    folder.chmod(0o755)
    assert "chmod 700" in wrongs()["folder"]


def test_a_ring_that_others_can_read(wrongs: Wrongs, folder: Path) -> None:
    (folder / "ring.json").chmod(0o644)
    assert "chmod 600" in wrongs()["ring"]


def test_a_ring_that_is_gone_is_not_made_anew(wrongs: Wrongs, folder: Path) -> None:
    (folder / "ring.json").unlink()
    assert "is missing" in wrongs()["ring"]
    assert not (folder / "ring.json").exists()


def test_a_ring_of_another_database(wrongs: Wrongs, folder: Path, run: Run, tmp_path: Path) -> None:
    run("domain", "add", "shop", "--create", "--data", str(tmp_path / "other"))
    (tmp_path / "other" / "ring.json").rename(folder / "ring.json")
    assert "not this database's" in wrongs()["ring"]


def test_a_ring_that_is_damaged(wrongs: Wrongs, folder: Path) -> None:
    (folder / "ring.json").write_text("{")
    assert "damaged" in wrongs()["ring"]


def test_a_ring_without_its_database(wrongs: Wrongs, folder: Path) -> None:
    (folder / "contactport.db").unlink()
    assert "without its database" in wrongs()["ring"]


def test_a_database_that_is_none(wrongs: Wrongs, folder: Path) -> None:
    (folder / "contactport.db").write_bytes(b"no database" * 1000)
    assert "contactport.db" in wrongs()["database"]


def change(folder: Path, query: str) -> None:
    """Change the database behind the service's back."""
    with closing(sqlite3.connect(folder / "contactport.db")) as connection, connection:
        connection.execute(query)


def test_a_database_of_a_newer_version(wrongs: Wrongs, folder: Path) -> None:
    change(folder, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in wrongs()["database"]


def test_a_moment_that_has_not_come_yet(wrongs: Wrongs, folder: Path) -> None:
    change(folder, f"UPDATE domain SET created_at = {int(time.time() * 1000) + 86_400_000}")
    assert "NTP" in wrongs()["clock"]


def test_a_clock_that_was_never_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 60.0)
    assert only(machine.clock(None)).state == "wrong"


def test_a_disk_that_is_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(folder, "LOW_BYTES", 1 << 62)
    assert only(folder.disk(tmp_path / "not" / "there")).state == "wrong"


def test_a_database_is_read_while_the_service_has_it_open(healthy: Run, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "contactport.db")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE domain SET created_at = 1")
        assert healthy("doctor").exit_code == 0


@pytest.fixture
def other_program(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server on the service's port; what it says is set by its attribute `says`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(server.says)  # type: ignore[attr-defined]  set below

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server: Any = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("CONTACTPORT_PORT", str(server.server_address[1]))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("says", [b"<html>", b"{}", b'{"status": "ok"}', b"[1]"])
def test_a_port_that_another_program_has(
    healthy: Run, wrongs: Wrongs, other_program: Any, says: bytes
) -> None:
    other_program.says = says
    assert "not by contactport" in wrongs()["port"]


def test_a_port_where_a_service_answers_that_is_not_this_folder_s(healthy: Run, other_program: Any) -> None:
    other_program.says = b'{"status": "ok", "version": "0.2.0"}'
    done = healthy("doctor")
    assert done.exit_code == 1
    assert "was started with other options" in done.stdout
    assert "--data" in done.stdout


def test_a_host_that_is_not_here(wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTPORT_HOST", "192.0.2.1")
    assert "192.0.2.1" in wrongs()["port"]


def test_a_row_that_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RowError("rows.toml, row x: code: 'x' is taken")

    monkeypatch.setattr(service, "load_providers", broken)
    found = only(service.providers())
    assert (found.state, found.text) == ("wrong", "rows.toml, row x: code: 'x' is taken")


def test_a_source_that_can_t_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("carddav", "nowhere:Nothing", PROTOCOLS)
    monkeypatch.setattr(service, "protocols", lambda: {"carddav": point})
    found = only(service.providers())
    assert found.state == "wrong"
    assert "nowhere:Nothing" in found.text


def test_the_lock_tells_whether_a_service_runs(healthy: Run, folder: Path) -> None:
    from contactport.app import hold_folder

    assert not service.running(folder)
    handle = hold_folder(folder)
    try:
        assert service.running(folder)
        assert only(service.port(Settings(port=free_port()), runs=True)).state == "note"
    finally:
        os.close(handle)
    assert not service.running(folder)


def begin_one(folder: Path, url: str = "") -> None:
    """An import that waits."""
    store = open_store(folder, url)
    import_factory.begin(store, store.database.read_now(domains.all_domains)[0])
    asyncio.run(store.database.close())


def test_an_older_copy_of_the_ring(wrongs: Wrongs, folder: Path) -> None:
    copy = (folder / "ring.json").read_bytes()
    begin_one(folder)
    (folder / "ring.json").write_bytes(copy)
    assert "older copy: it lacks key 1" in wrongs()["keys"]


def test_imports_whose_key_is_gone(healthy: Run, folder: Path) -> None:
    begin_one(folder)
    ring, _ = Ring.open(folder / "ring.json")
    ring.destroy_before(ring.add().id)
    done = healthy("doctor")
    assert done.exit_code == 0
    assert (
        "1 of the imports that are kept can't be opened: the keys that seal them are gone (1)" in done.stdout
    )


class TestOnPostgresql:
    @pytest.fixture
    def healthy(self, run: Run, name_server: str, monkeypatch: pytest.MonkeyPatch, database_url: str) -> Run:
        monkeypatch.setenv("CONTACTPORT_RESOLVER", name_server)
        monkeypatch.setenv("CONTACTPORT_PORT", str(free_port()))
        monkeypatch.setenv("CONTACTPORT_DATABASE_URL", database_url)
        assert run("domain", "add", "shop", "--create").exit_code == 0
        return run

    def test_all_is_well(self, healthy: Run, folder: Path, database_url: str) -> None:
        begin_one(folder, database_url)
        done = healthy("doctor")
        assert done.exit_code == 0, done.output
        for check in WELL:
            assert f"ok    {check}" in done.stdout

    def test_a_database_without_tables(
        self, wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch, empty_database_url: str
    ) -> None:
        monkeypatch.setenv("CONTACTPORT_DATABASE_URL", empty_database_url)
        assert "run `contactport migrate`" in wrongs()["database"]

    def test_a_database_that_can_not_be_had(self, wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CONTACTPORT_DATABASE_URL", f"postgresql://ann:canary@127.0.0.1:{free_port()}/x")
        told = wrongs()["database"]
        assert "it can't be used" in told
        assert "canary" not in told

    def test_a_url_that_is_none(self, wrongs: Wrongs, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CONTACTPORT_DATABASE_URL", "mysql://ann:canary@127.0.0.1/x")
        told = wrongs()["database"]
        assert "only PostgreSQL" in told
        assert "canary" not in told

    def test_a_lost_ring(self, wrongs: Wrongs, folder: Path) -> None:
        (folder / "ring.json").unlink()
        assert "is missing, and the database needs it" in wrongs()["ring"]

    def test_another_ring(self, wrongs: Wrongs, folder: Path) -> None:
        (folder / "ring.json").unlink()
        Ring.open(folder / "ring.json")
        assert "is not this database's" in wrongs()["ring"]
