"""`contactport serve` as its operator sees it: its output, where it listens, how it ends."""

from __future__ import annotations

import json
import resource
import signal
import socket
import stat
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.paused_server import PausedServer, people
from tests.e2e.service_process import PATIENCE, command, environment, service, until


def refused(data: Path, *options: str, code: int, says: str) -> None:
    """`serve` ends with this exit code and one line that says this, and without the line that it is ready."""
    done = command("serve", *options, data=data)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("made the ")]
    assert says in " ".join(lines)
    assert "Traceback" not in done.stderr
    if code != 2:
        assert len(lines) == 1


def test_the_first_start_says_what_it_made_and_the_second_makes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "a" / "data"
    with service(data, log=tmp_path / "first") as running:
        assert running.ready == f"contactport is ready at {running.url}\n"
        assert running.url.startswith("http://127.0.0.1:")
        told = running.stderr
    for what in ("data folder", "database", "key ring"):
        assert f"made the {what}" in told
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "ring.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "contactport.db").stat().st_mode) == 0o600
    with service(data, log=tmp_path / "second") as running:
        pass
    assert "made the" not in running.stderr


def test_it_accepts_requests_when_it_says_so(tmp_path: Path) -> None:
    with service(tmp_path / "data") as running:
        connection = HTTPConnection(urlsplit(running.url).netloc, timeout=PATIENCE)
        connection.request("GET", "/health")
        answer = connection.getresponse()
        assert answer.status == 200
        assert json.loads(answer.read())["status"] == "ok"
        assert answer.headers["server"] is None
        connection.close()


def test_standard_output_is_one_line_and_standard_error_is_json(tmp_path: Path) -> None:
    with service(tmp_path / "data", log=tmp_path / "log") as running:
        running.application("shop").call("GET", "/events/1?echo=something")
        assert running.stop() == 0
        assert running.process.stdout is not None
        assert running.process.stdout.read() == ""
    lines = [json.loads(line) for line in running.stderr.splitlines() if not line.startswith("made the ")]
    assert any(line["event"] == "request" and line["status"] == 401 for line in lines)
    assert "something" not in running.stderr


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_quietly(tmp_path: Path, sig: signal.Signals) -> None:
    with service(tmp_path / "data") as running:
        assert running.stop(sig) == 0
    assert "Traceback" not in running.stderr
    assert "error" not in running.stderr


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with PausedServer(people(10)) as book, service(tmp_path / "data") as running:
        client = running.application("shop")
        client.begin(service="carddav", server=book.url, username="alice", password="secret")
        until(lambda: book.asked or None)
        # A request that is never finished keeps the first signal waiting for its answer.
        with socket.create_connection(urlsplit(running.url).netloc.split(":")) as slow:  # type: ignore[arg-type]
            slow.sendall(
                b"POST /begin_import/import HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nservice="
            )
            until(lambda: client.call("GET", "/health")[0] == 200 or None)
            running.process.send_signal(signal.SIGTERM)
            until(lambda: not accepts(running.url) or None)
            assert running.process.poll() is None
            assert running.stop(signal.SIGTERM) == 128 + signal.SIGTERM


def test_an_import_under_way_may_end_before_the_service_does(tmp_path: Path) -> None:
    with PausedServer(people(600)) as book, service(tmp_path / "data") as running:
        client = running.application("shop")
        import_id = client.begin(service="carddav", server=book.url, username="alice", password="secret")
        client.let_through(import_id, book, 500)
        running.process.send_signal(signal.SIGTERM)
        until(lambda: not accepts(running.url) or None)
        book.gate.open()
        assert running.process.wait(PATIENCE) == 0
        assert '"event": "import_ended"' in running.stderr
        asked = len(book.asked)
        with service(tmp_path / "data") as again:
            client = client.at(again.url)
            assert client.end(import_id)["status"] == "COMPLETED"
            assert len(client.contacts(import_id)) == 600
        assert len(book.asked) == asked


def test_an_import_that_takes_too_long_is_cut_off_and_goes_on_with_the_next_start(
    tmp_path: Path,
) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("drain_seconds = 0.1\n")
    with PausedServer(people(3000)) as book:
        with service(tmp_path / "data", "--config", str(config)) as running:
            client = running.application("shop")
            import_id = client.begin(service="carddav", server=book.url, username="alice", password="secret")
            client.let_through(import_id, book, 500)
            assert running.stop() == 0
            assert '"event": "import_ended"' not in running.stderr
        book.gate.renew()
        book.gate.open()
        with service(tmp_path / "data") as again:
            client = client.at(again.url)
            assert client.end(import_id)["status"] == "COMPLETED"
            assert len({one["email"][0]["address"] for one in client.contacts(import_id)}) == 3000


def test_a_hangup_reads_the_settings_again(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("echo_characters = 100\n")
    with service(tmp_path / "data", "--config", str(config)) as running:
        client = running.application("shop")

        def refused() -> bool:
            return client.call("GET", f"/events/1?echo={'e' * 50}")[0] == 400

        assert not refused()
        config.write_text("echo_characters = 10\nworkers = 3\n")
        running.process.send_signal(signal.SIGHUP)
        told = until(lambda: _last_event(running.stderr, "settings_reread"))
        assert (told["changed"], told["after_a_restart"]) == (["echo_characters"], ["import_concurrency"])
        assert refused()
        config.write_text("echo_characters = 'many'\n")
        running.process.send_signal(signal.SIGHUP)
        assert "echo_characters" in until(lambda: _last_event(running.stderr, "settings_not_reread"))["error"]
        assert refused()


def _last_event(log: str, name: str) -> dict[str, Any] | None:
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{") and line.endswith("}")]
    return next((line for line in reversed(lines) if line["event"] == name), None)


def accepts(url: str) -> bool:
    """Whether anybody listens there."""
    host, port = urlsplit(url).netloc.split(":")
    with socket.socket() as one:
        return one.connect_ex((host, int(port))) == 0


def test_a_second_service_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with service(tmp_path / "data"):
        refused(tmp_path / "data", "--port", "0", code=4, says="another `contactport serve` is running")


def test_a_port_in_use_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused(tmp_path / "data", "--port", str(port), code=5, says=f"port {port} of 127.0.0.1 is in use")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--allow-network", "127.0.0.0/33"), "127.0.0.0/33"),
        (("--allow-network", "10.0.0.0/8", "--allow-network", "home"), "home"),
        (("--retention", "0"), "retention"),
        (("--port", "70000"), "port"),
        (("--config", "/no/such/file.toml"), "/no/such/file.toml"),
    ],
)
def test_what_is_not_valid_is_refused(tmp_path: Path, options: tuple[str, ...], says: str) -> None:
    refused(tmp_path / "data", "--port", "0", *options, code=2, says=says)
    assert not (tmp_path / "data").exists()


def test_a_folder_that_can_t_be_written_is_refused_before_the_port_is_bound() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        # Not a folder that its mode protects: that would not keep root out.
        refused(
            Path("/proc/self"), "--port", port, code=4, says="the data folder can't be used: /proc/self is "
        )


def test_a_crash_writes_no_memory_to_disk(tmp_path: Path) -> None:
    with service(tmp_path / "data") as running:
        assert resource.prlimit(running.process.pid, resource.RLIMIT_CORE) == (0, 0)


def test_a_ring_that_is_lost_is_not_replaced(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert command("domain", "add", "shop", "--create", data=data).returncode == 0
    (data / "ring.json").unlink()
    refused(data, "--port", "0", code=4, says="ring.json")
    assert not (data / "ring.json").exists()


def test_listening_beyond_loopback_is_warned_of(tmp_path: Path) -> None:
    with service(tmp_path / "data", "--host", "0.0.0.0") as running:
        assert "put a proxy with TLS in front" in running.stderr
        assert running.ready.startswith("contactport is ready at http://0.0.0.0:")
    with service(tmp_path / "data", log=tmp_path / "quiet") as running:
        assert "TLS" not in running.stderr


def test_the_settings_file_is_heeded_and_the_command_line_wins(tmp_path: Path) -> None:
    config = tmp_path / "contactport.toml"
    config.write_text('port = 1\nlog_format = "text"\n')
    with service(tmp_path / "data", "--config", str(config), log=tmp_path / "log") as running:
        assert not running.url.endswith(":1")
        running.application("shop").call("GET", "/health")
    with pytest.raises(json.JSONDecodeError):
        json.loads(running.stderr.splitlines()[-1])


def test_a_domain_is_made_before_the_first_start_and_by_many_at_once(tmp_path: Path) -> None:
    adding = [
        subprocess.Popen(
            [sys.executable, "-m", "contactport", "domain", "add", f"shop {number}", "--create", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(tmp_path / "data"),
        )
        for number in range(4)
    ]
    pairs = [json.loads(one.communicate(timeout=PATIENCE)[0]) for one in adding]
    assert [one.returncode for one in adding] == [0] * 4
    with service(tmp_path / "data") as running:
        for pair in pairs:
            client = running.client(pair["domain_key"], pair["domain_password"])
            status, body = client.call("POST", "/begin_import/import")
            assert (status, json.loads(body)["error"]["code"]) == (400, 260)


def test_the_doctor_knows_a_service_that_runs(tmp_path: Path) -> None:
    with service(tmp_path / "data") as running:
        url = urlsplit(running.url)
        config = tmp_path / "doctor.toml"
        config.write_text(f'port = {url.port}\nresolver = "127.0.0.1:9"\n')
        done = command("doctor", "--json", "--config", str(config), data=tmp_path / "data")
        findings = {one["check"]: one for one in json.loads(done.stdout)["findings"]}
        assert findings["port"]["state"] == "good"
        assert "contactport answers" in findings["port"]["text"]
        assert findings["database"]["state"] == "good"
        assert findings["ring"]["state"] == "good"
