"""Files sent to a real service, to their contacts; also where the process is killed in between."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Generator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.service_process import PATIENCE, RunningService, WireClient, environment, service, until
from tests.needs import needs

GUIDE = Path(__file__).parents[2] / "docs/howto/files.md"
ROWS = 6_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningService]:
    with service(tmp_path_factory.mktemp("service") / "data") as one:
        yield one


@pytest.fixture(scope="module")
def client(running: RunningService) -> WireClient:
    return running.application("shop")


def table(rows: int) -> bytes:
    """Contacts whose last names are their numbers."""
    head = "First Name,Last Name,E-mail\r\n"
    return (head + "".join(f"Zoë,{number},zoe.{number}@example.org\r\n" for number in range(rows))).encode()


def send(client: WireClient, file: bytes, **arguments: str) -> int:
    status, body = client.upload(file, **arguments)
    assert status == 200, body
    return int(re.findall(rb'"import_id":(\d+)', body)[0])


@pytest.mark.parametrize("arguments", [{}, {"service": "outlook"}, {"service": "icloud"}])
def test_a_table_comes_in_its_order(client: WireClient, arguments: dict[str, str]) -> None:
    import_id = send(client, table(1200), **arguments)
    assert client.end(import_id)["status"] == "COMPLETED"
    assert [one["last_name"] for one in client.contacts(import_id)] == [str(number) for number in range(1200)]


def test_a_damaged_workbook_is_1026(client: WireClient) -> None:
    end = client.end(send(client, b"PK\x03\x04" + b"x" * 5000))
    assert (end["status"], end["value"]) == ("ERROR", 1026)


def test_a_file_that_breaks_off_is_not_kept(running: RunningService, client: WireClient) -> None:
    file = table(ROWS)
    connection = HTTPConnection(urlsplit(running.url).netloc, timeout=PATIENCE)
    connection.putrequest("POST", f"/begin_import/upload?{client.in_query}")
    connection.putheader("Content-Length", str(len(file)))
    connection.endheaders(file[: len(file) // 2])
    connection.close()
    # The service goes on, and takes the next.
    assert client.end(send(client, table(3)))["status"] == "COMPLETED"


def test_a_kill_loses_neither_rows_nor_their_order(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with service(data) as first:
        client = first.application("shop")
        import_id = send(client, table(ROWS))
        until(lambda: client.stored(import_id) or None)
        first.kill()
    with service(data) as second:
        again = client.at(second.url)
        assert again.end(import_id)["status"] == "COMPLETED"
        names = [one["last_name"] for one in again.contacts(import_id)]
    assert names == [str(number) for number in range(ROWS)]


def test_the_commands_of_the_guide_work(running: RunningService, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        needs("curl", "apt-get install curl")
    commands = re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert len(commands) == 2
    client = running.application("guide")
    (tmp_path / "contacts.csv").write_bytes(table(2))
    key, password = re.findall(r"=([^&]+)", client.in_query)
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=tmp_path,
            env={
                **environment(running.data),
                "KEY": key,
                "PASSWORD": password,
                "SERVICE": running.url.rstrip("/"),
            },
            capture_output=True,
            timeout=PATIENCE,
        )
        assert b'"user_id":"17"' in done.stdout, (done.stdout, done.stderr)
        import_id = int(re.findall(rb'"import_id":(\d+)', done.stdout)[0])
        assert client.end(import_id)["status"] == "COMPLETED"
        assert len(client.contacts(import_id)) == 2
