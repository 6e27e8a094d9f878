"""The files of deploy/ work: behind real proxies no secret is logged, and streams are not delayed."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.paused_server import PausedServer, people
from tests.e2e.service_process import WireClient, service, until
from tests.needs import needs
from tests.servers.server_process import Process, answers, free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SECRET = "canary-4711-secret"

Proxy = Callable[[Path, int, int], list[str]]
"""From a folder, the proxy's port and the service's to the command that runs it there."""


def nginx(folder: Path, port: int, upstream: int) -> list[str]:
    """The shipped file, with other names, without TLS: nginx reads certificates before it runs."""
    shipped = (DEPLOY / "nginx.conf").read_text("utf-8")
    site = (
        re.sub(r"^\s*ssl_certificate.*\n", "", shipped, flags=re.MULTILINE)
        .replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
        .replace("127.0.0.1:8321", f"127.0.0.1:{upstream}")
        .replace("/var/log/nginx", str(folder))
    )
    assert "ssl" not in site.partition("server_name")[2].replace("SSL", "")
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/temporary-{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "main.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/main.log;\n"
        f"events {{}}\nhttp {{ access_log {folder}/access.log; {temporary}\n{site} }}\n"
    )
    return [_program("nginx"), "-p", str(folder), "-c", str(folder / "main.conf")]


def caddy(folder: Path, port: int, upstream: int) -> list[str]:
    """The shipped file, with other names, without TLS."""
    shipped = (DEPLOY / "Caddyfile").read_text("utf-8")
    (folder / "Caddyfile").write_text(
        shipped.replace("{\n", "{\n\tadmin off\n\tauto_https off\n", 1)
        .replace("contacts.example.org {", f"http://127.0.0.1:{port} {{")
        .replace("127.0.0.1:8321", f"127.0.0.1:{upstream}")
        .replace("/var/log/caddy", str(folder))
    )
    return [
        *(_program("caddy"), "run"),
        *("--adapter", "caddyfile", "--config", str(folder / "Caddyfile")),
    ]


def _program(name: str, package: str = "") -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    return found or needs(name, f"apt-get install {package or name}")


@contextmanager
def behind(proxy: Proxy, folder: Path, url: str) -> Generator[str]:
    """The URL of a proxy before the service at `url`."""
    folder.mkdir()
    port = free_port()
    upstream = urlsplit(url).port
    assert upstream is not None
    running = Process(proxy(folder, port, upstream), folder, lambda: answers(port))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.stop()


@pytest.mark.parametrize(
    "proxy",
    [
        pytest.param(nginx, id="nginx"),
        pytest.param(caddy, id="caddy"),
    ],
)
class TestProxies:
    def test_an_import_goes_through_and_no_query_is_logged(self, proxy: Proxy, tmp_path: Path) -> None:
        with (
            PausedServer(people(20), password=SECRET) as book,
            service(tmp_path / "data") as running,
            behind(proxy, tmp_path / "proxy", running.url) as url,
        ):
            book.gate.open()
            direct = running.application("shop")
            client = direct.at(url)
            import_id = client.begin_by_get(
                f"/begin_import/import?{direct.in_query}&service=carddav&username=alice&password={SECRET}"
                f"&server={book.url}"
            )
            assert client.end(import_id)["status"] == "COMPLETED"
            status, body = client.call("GET", f"/contacts/{import_id}?{direct.in_query}&echo={SECRET}")
            assert (status, len(json.loads(body)["contacts"])) == (200, 20)
        # While nobody answers, too: that is when a proxy has most to say.
        with behind(proxy, tmp_path / "alone", f"http://127.0.0.1:{free_port()}") as url:
            assert client.at(url).call("GET", f"/contacts/1?{direct.in_query}&echo={SECRET}")[0] == 502
        logs = [path for path in tmp_path.rglob("*") if path.is_file() and "data" not in path.parts]
        assert any(
            "begin_import" in path.read_text("utf-8", "replace") for path in logs if path.suffix == ".log"
        )
        for path in logs:
            written = path.read_text("utf-8", "replace")
            for word in (SECRET, *direct.in_query.split("&")):
                assert word not in written, path.name

    def test_a_stream_is_not_held_back(self, proxy: Proxy, tmp_path: Path) -> None:
        with (
            PausedServer(people(1200)) as book,
            service(tmp_path / "data") as running,
            behind(proxy, tmp_path / "proxy", running.url) as url,
        ):
            client = running.application("shop").at(url)
            import_id = client.begin(service="carddav", server=book.url, username="alice", password="secret")
            with stream(client, url, import_id) as lines:
                first = next(lines)
                assert first.startswith((b"id:", b"retry:"))
                assert client.let_through(import_id, book, 500)
                until(lambda: b"INPROGRESS" in next(lines) or None)
                book.gate.open()
                until(lambda: b"COMPLETE" in next(lines) or None)


@contextmanager
def stream(client: WireClient, url: str, import_id: int) -> Generator[Generator[bytes]]:
    """The lines of an import's event stream that are not empty."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", f"/events/{import_id}/stream?{client.in_query}")
    answer = connection.getresponse()
    assert answer.status == 200
    try:
        yield (line for line in iter(answer.readline, b"") if line.strip() and not line.startswith(b":"))
    finally:
        connection.close()


@pytest.mark.parametrize("unit", sorted(path.name for path in DEPLOY.glob("*.service")))
def test_systemd_takes_the_unit(unit: str, tmp_path: Path) -> None:
    program = _program("systemd-analyze", "systemd")
    text = (DEPLOY / unit).read_text("utf-8")
    # What stands for the reader's own machine is replaced by what is here.
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE)
    text = text.replace("User=contactport", "User=daemon")
    path = tmp_path / unit.replace("@.", "@1.")
    path.write_text(text)
    done = subprocess.run(
        [program, "verify", "--man=no", str(path)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_units_call_commands_that_there_are() -> None:
    for path in DEPLOY.glob("*.service"):
        found = re.search(r"^ExecStart=\S+/contactport (.*)$", path.read_text("utf-8"), re.MULTILINE)
        assert found, path.name
        words = [word for word in found[1].split() if not word.startswith("%")]
        done = subprocess.run(
            [str(ROOT / ".venv/bin/contactport"), words[0], "--help"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0
        for word in words[1:]:
            if word.startswith("--"):
                assert word in done.stdout, (path.name, word)
