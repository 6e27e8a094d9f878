"""The PostgreSQL servers of the other tests: they start fast, can be broken, and leave nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.postgres import Postgres, PostgresServer, name_of

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0

OWNER = """
import sys
from tests.postgres import Postgres

one = Postgres()
one.start()
print(one.folder, one.port, flush=True)
sys.stdin.read()
"""


def wait_for(question: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.02)


def segments() -> set[str]:
    """The System V shared memory of this machine, by its numbers."""
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text("ascii").splitlines()[1:]}


def segment_of(folder: Path) -> str:
    """The number of a running server's segment."""
    return (folder / "data" / "postmaster.pid").read_text("ascii").splitlines()[6].split()[1]


def test_a_database_has_the_tables_and_no_key_ring(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM ring").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM dbos.workflow_status").fetchone() == (0,)


def test_each_test_has_a_database_of_its_own(postgres: PostgresServer, empty_database_url: str) -> None:
    other = postgres.create()
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE here (id integer)")
    with psycopg.connect(other) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'here'").fetchone()
    assert found == (0,)
    postgres.drop(other)


def test_a_database_is_made_after_a_template(postgres: PostgresServer, empty_database_url: str) -> None:
    with psycopg.connect(empty_database_url) as connection:
        connection.execute("CREATE TABLE here (id integer)")
        connection.execute("INSERT INTO here VALUES (7)")
    copy = postgres.create(template=name_of(empty_database_url))
    with psycopg.connect(copy) as connection:
        assert connection.execute("SELECT id FROM here").fetchall() == [(7,)]
    postgres.drop(copy)


@pytest.mark.parametrize("how", ["fast", "immediate", "kill"])
def test_what_was_committed_outlives_a_stop(how: str) -> None:
    with Postgres() as postgres:
        url = postgres.create()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE here (id integer)")
        if how == "kill":
            postgres.kill()
        else:
            postgres.stop("fast" if how == "fast" else "immediate")
        assert not postgres.alive
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        postgres.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT * FROM here").fetchall() == []


def test_connections_are_cut() -> None:
    with Postgres() as postgres:
        url = postgres.create()
        connection = psycopg.connect(url)
        assert postgres.terminate_backends() == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
        psycopg.connect(url).close()


def test_it_can_be_reached_by_a_port() -> None:
    with Postgres(tcp=True) as postgres:
        url = postgres.create()
        assert "127.0.0.1" in url
        psycopg.connect(url).close()


def test_nothing_is_left_of_one_that_was_killed() -> None:
    postgres = Postgres()
    postgres.start()
    segment = segment_of(postgres.folder)
    assert segment in segments()
    postgres.kill()
    assert segment not in segments()
    postgres.close()
    assert not postgres.folder.exists()


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_when_the_tests_are_killed(sig: signal.Signals) -> None:
    tests = subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert tests.stdin is not None
    assert tests.stdout is not None
    folder = Path(tests.stdout.readline().split()[0])
    postmaster = int((folder / "data" / "postmaster.pid").read_text("ascii").splitlines()[0])
    segment = segment_of(folder)
    tests.send_signal(sig)
    tests.wait(PATIENCE)
    tests.stdin.close()
    tests.stdout.close()
    wait_for(lambda: not folder.exists())
    assert segment not in segments()
    # One that has ended and that nobody has reaped yet is still in the table of processes.
    assert not psutil.pid_exists(postmaster) or psutil.Process(postmaster).status() == psutil.STATUS_ZOMBIE
