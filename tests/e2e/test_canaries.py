"""No text of a user is readable on the disk: during an import, after it, and after the purge."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import sqlite3
import sys
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest

from tests.e2e.canaries import forms, openable, search, seen
from tests.e2e.failing_source import SERVICE, plant
from tests.e2e.failing_source import USERNAME as PLANTED
from tests.e2e.paused_server import PausedServer, people
from tests.e2e.service_process import WireClient, command, service, until
from tests.faults.cluster import Cluster
from tests.postgres import SUPERUSER, Postgres, name_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COUNT = 1200
PASSWORD = "Kanarie/pw+41é&x=%7c"
WRONG = "Kanarie/wrong+98é&y=%2d"
USERNAME = "kanarie.user.62@example.net"
USER_ID = "kanarie-user-id-83"
ECHO = "kanarie echo 27"
MARK = "-kanarie-mark-55-"
PLACE = "kanarie-place-19"
KEY = "kanarie-key-63"
REFUSED = "192.168.173.219"
"""A server that may not be dialled: the log says by which rule, and not which one it was."""
WORDS = (PASSWORD, WRONG, USERNAME, USER_ID, ECHO, MARK, PLACE, KEY, PLANTED, REFUSED)
LOUD = {"log_statement": "all", "log_min_duration_statement": "0", "log_parameter_max_length": "-1"}
"""PostgreSQL writes every statement into its log, with its parameters."""


@pytest.mark.parametrize("form", list(forms(PASSWORD)))
@pytest.mark.parametrize("around", [(b"", b""), (b"a", b"b"), (b"ab", b"cd")])
def test_the_search_finds_every_dress(tmp_path: Path, form: str, around: tuple[bytes, bytes]) -> None:
    (tmp_path / "file").write_bytes(around[0] + forms(PASSWORD)[form] + around[1])
    assert any(form in found for found in seen([PASSWORD], [tmp_path]))
    assert seen([USERNAME], [tmp_path]) == []


@pytest.mark.parametrize("length", range(12))
def test_the_search_finds_base64_wherever_the_word_stands(tmp_path: Path, length: int) -> None:
    (tmp_path / "file").write_bytes(base64.b64encode(b"x" * length + PASSWORD.encode() + b"y" * length))
    assert seen([PASSWORD], [tmp_path])


@pytest.mark.parametrize("compress", [zstd.compress, gzip.compress, zlib.compress])
def test_the_search_looks_into_what_is_compressed(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    (tmp_path / "file").write_bytes(b"before" + compress(b"x" * 5000 + PASSWORD.encode()) + b"after")
    assert seen([PASSWORD], [tmp_path])


def test_the_search_looks_into_a_database_s_values(tmp_path: Path) -> None:
    # Larger than a page, and so in several pieces in the file.
    noise = bytes(i * 7 % 251 for i in range(40_000))
    with closing(sqlite3.connect(tmp_path / "some.db")) as connection, connection:
        connection.execute("CREATE TABLE t (v BLOB)")
        connection.execute("INSERT INTO t VALUES (?)", (zstd.compress(noise + PASSWORD.encode() + noise),))
    assert seen([PASSWORD], [tmp_path])


def begin(
    client: WireClient, book: PausedServer, password: str, username: str = USERNAME, server: str = ""
) -> int:
    """By GET with everything in the query: the way in which words most easily end in a log."""
    server = server or f"{book.url}{PLACE}/"
    service_code = SERVICE if username == PLANTED else "carddav"
    form = {"service": service_code, "server": server, "username": username, "password": password}
    query = urlencode({**form, "user_id": USER_ID, "echo": ECHO, "include": "mailing_address,photo"})
    return client.begin_by_get(f"/begin_import/import?{query}", key=f"{KEY} {len(username)} {password[9]}")


def sealed(data: Path) -> list[bytes]:
    """Pieces of every sealed value in the database, short enough to stand in one page."""
    with closing(sqlite3.connect(f"{(data / 'contactport.db').as_uri()}?mode=ro", uri=True)) as connection:
        values = [
            value
            for query in (
                "SELECT sealed_contacts, sealed_fingerprints FROM contact_chunk",
                "SELECT sealed_key, sealed_username, sealed_user_id FROM import",
            )
            for row in connection.execute(query)
            for value in row
            if isinstance(value, bytes)
        ]
    return [value[at : at + 24] for value in values for at in range(0, len(value) - 24, 500)]


def left(pieces: list[bytes], data: Path) -> int:
    """How many of these pieces still stand in a file of the data folder."""
    files = [path.read_bytes() for path in data.iterdir() if path.is_file()]
    return sum(any(piece in file for file in files) for piece in pieces)


def let_time_pass(data: Path) -> None:
    """Make every import that has ended due for its purge, without waiting for it."""
    with closing(sqlite3.connect(data / "contactport.db", timeout=60)) as connection, connection:
        connection.execute("UPDATE import SET purge_at = 0 WHERE purge_at IS NOT NULL")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where processes put their temporary files; a source that breaks is installed for them."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setenv("PYTHONPATH", str(plant(tmp_path / "planted")))
    return folder


def break_it(client: WireClient, book: PausedServer) -> int:
    """An import that ends in an exception which carries the user's words; its id."""
    import_id = begin(client, book, PASSWORD, PLANTED)
    assert client.end(import_id)["value"] == 256
    return import_id


def nowhere(told: str, places: list[Path], url: str = "") -> None:
    """None of the words stands anywhere."""
    found = search(WORDS, places, url)
    print(f"{told}: {found}")
    assert found.hits == []


def test_nothing_of_a_user_is_readable_on_disk(tmp_path: Path, temporary: Path) -> None:
    data = tmp_path / "data"
    ring = data / "ring.json"
    book = PausedServer(people(COUNT, mark=MARK), password=PASSWORD, username=USERNAME)
    with book, service(data) as running:
        client = running.application("shop")
        places = [data, temporary, running.log]
        ids = [begin(client, book, WRONG), break_it(client, book)]
        assert client.end(ids[0])["value"] == 263
        ids.append(begin(client, book, PASSWORD, f"x{USERNAME}", f"https://{REFUSED}/{PLACE}/"))
        assert client.end(ids[-1])["value"] == 257
        until(lambda: '"refused": "private address"' in running.stderr or None)
        for event in ("import_broke", "broke_unheard", "thread_broke", "library_message"):
            assert event in running.stderr, "the planted exceptions are told, without their words"

        import_id = begin(client, book, PASSWORD)
        ids.append(import_id)
        client.let_through(import_id, book, 1)
        assert client.stored(import_id) < COUNT
        nowhere("during the import", places)

        book.gate.open()
        assert client.end(import_id)["value"] == 0
        pieces = sealed(data)
        assert left(pieces, data) > len(pieces) / 2
        assert len(openable(ring, places, ids)) >= len(ids)
        _, contacts = client.call("GET", f"/contacts/{import_id}?{urlencode({'echo': ECHO})}")
        assert contacts.count(f"person.1{MARK}@example.org".encode()) == 1
        assert USER_ID.encode() in contacts
        nowhere("after the import", places)

        stolen = tmp_path / "stolen.json"
        shutil.copy(ring, stolen)
        rotated = command("keys", "rotate", "--json", data=data)
        assert json.loads(rotated.stdout)["resealed"] == len(ids), rotated.stderr
        assert openable(stolen, places, ids) == []
        assert client.call("GET", f"/contacts/{import_id}?{urlencode({'echo': ECHO})}") == (200, contacts)

        let_time_pass(data)
        until(lambda: client.call("HEAD", f"/contacts/{import_id}")[0] == 410 or None)
        # The keys and the rows are gone, and the pages where they stood are overwritten, in the log as well.
        until(lambda: left(pieces, data) == 0 or None)
        nowhere("after the purge", places)
        until(lambda: openable(ring, places, ids) == [] or None)
        assert running.stop() == 0
    nowhere("after the end", places)
    assert left(pieces, data) == 0
    assert openable(ring, places, ids) == []
    assert openable(stolen, places, ids) == []


def test_nothing_of_a_user_is_readable_in_postgresql_s_files(tmp_path: Path, temporary: Path) -> None:
    book = PausedServer(people(COUNT, mark=MARK), password=PASSWORD, username=USERNAME)
    with Postgres(options=LOUD) as server, book:
        url = server.create()
        everything = server.url(name_of(url), SUPERUSER)
        cluster = Cluster(tmp_path / "cluster", database_url=url, workers=1)
        ring, stolen = cluster.data / "ring.json", tmp_path / "stolen.json"
        places = [server.folder, cluster.folder, temporary]

        def flushed() -> None:
            with server.superuser() as connection:
                connection.execute("CHECKPOINT")

        with cluster:
            client = cluster.application("shop").at(cluster.apis[0])
            ids = [begin(client, book, WRONG), break_it(client, book)]
            assert client.end(ids[0])["value"] == 263
            import_id = begin(client, book, PASSWORD)
            ids.append(import_id)
            client.let_through(import_id, book, 1)
            flushed()
            nowhere("during the import", places, everything)

            book.gate.open()
            assert client.end(import_id)["value"] == 0
            _, contacts = client.call("GET", f"/contacts/{import_id}?{urlencode({'echo': ECHO})}")
            assert contacts.count(f"person.1{MARK}@example.org".encode()) == 1
            flushed()
            nowhere("after the import", places, everything)
            assert len(openable(ring, [server.folder], ids)) >= len(ids)

            with psycopg.connect(url) as connection:
                connection.execute("UPDATE import SET purge_at = 0 WHERE purge_at IS NOT NULL")
            until(lambda: client.call("HEAD", f"/contacts/{import_id}")[0] == 410 or None)
            flushed()
            nowhere("after the purge", places, everything)

            shutil.copy(ring, stolen)
            assert json.loads(cluster.command("keys", "rotate", "--json"))["destroyed"] == [1]
            receipt = json.loads(client.call("GET", f"/imports/{import_id}")[1])["erasure"]
            assert (receipt["contacts"], receipt["key_number"], receipt["key_destroyed"]) == (COUNT, 1, True)
        server.stop()
        nowhere("after the end", places)
        # PostgreSQL keeps what was deleted for its own needs: whoever has the destroyed key opens it.
        boxes = openable(stolen, [server.folder], ids)
        assert boxes
        assert openable(ring, places, ids) == []
        print(f"{len(boxes)} boxes of {len(ids)} purged imports are left; the ring opens 0 of them")


def test_a_killed_process_leaves_nothing_readable(tmp_path: Path) -> None:
    data = tmp_path / "data"
    book = PausedServer(people(COUNT, mark=MARK), password=PASSWORD, username=USERNAME)
    with book, service(data) as running:
        client = running.application("shop")
        import_id = begin(client, book, PASSWORD)
        client.let_through(import_id, book, 1)
        running.kill()
        assert seen(WORDS, [data, running.log]) == []
