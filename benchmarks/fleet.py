"""A whole installation for a benchmark: the service as one process or as many, its database, and a provider.

Every process is one of a kind, so that it can be told what the machine's cores did: "service", "database",
"provider", "load" (the benchmark itself), and "others" (whatever else the machine was busy with).
"""

from __future__ import annotations

import base64
import json
import os
import sqlite3
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
import psycopg

from benchmarks import usage
from benchmarks.benchmark_service import RAISED
from benchmarks.streaming_server import Streaming, streaming
from tests.faults.cluster import Cluster
from tests.postgres import Given, Postgres

Kind = Literal["service", "database", "provider", "load", "others"]
KINDS: tuple[Kind, ...] = ("service", "database", "provider", "load", "others")

LIMITS = f"limits raised to a million by the environment: {', '.join(RAISED)}"

SERVER = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB"}
"""PostgreSQL as it is run for something that must not be lost."""

_NICER = 'if [ -w /proc/self/autogroup ]; then echo "$0" > /proc/self/autogroup; fi; exec nice -n "$0" "$@"'
"""Each process is a session of its own. Where Linux groups by sessions, it goes by the niceness of the group."""


class Where(msgspec.Struct, frozen=True):
    """A fresh database: its URI, "" for SQLite; `postmaster` is 0 where its processes can't be counted."""

    url: str
    postmaster: int
    words: str


class Bases:
    """Makes fresh databases, all of one sort. `what` is `sqlite`, `postgresql`, or a URI of a running server."""

    def __init__(self, what: str, folder: Path) -> None:
        self._what = what
        self._own: Postgres | None = None
        self._given: Given | None = None
        if what == "postgresql":
            # Its server may be run by another user, who has to get there.
            folder.chmod(0o755)
            self._own = Postgres(parent=folder, options=SERVER)
            self._own.start()
        elif what != "sqlite":
            self._given = Given(what)

    @contextmanager
    def fresh(self) -> Generator[Where]:
        """One, which is gone afterwards."""
        if self._own is not None:
            postmaster = int((self._own.folder / "data/postmaster.pid").read_text("ascii").split("\n")[0])
            url = self._own.create()
            # It goes with its server.
            yield Where(url, postmaster, "PostgreSQL on a disk, fsync on")
        elif self._given is not None:
            url = self._given.create()
            yield Where(url, 0, "a given PostgreSQL, whose processor time is among the others'")
            self._given.drop(url)
        else:
            yield Where("", 0, "SQLite on a disk")

    def close(self) -> None:
        """End the server."""
        if self._own is not None:
            self._own.close()


@contextmanager
def bases(what: str) -> Generator[Bases]:
    """Databases for the length of a block."""
    with tempfile.TemporaryDirectory(prefix="contactport-") as folder:
        made = Bases(what, Path(folder))
        try:
            yield made
        finally:
            made.close()


class Spent(msgspec.Struct, frozen=True):
    """Seconds of processor time by kind, up to a moment or between two."""

    at: float
    seconds: dict[Kind, float]

    def since(self, before: Spent) -> Spent:
        """What was spent between; `at` is then how long that was."""
        return Spent(
            self.at - before.at, {kind: self.seconds[kind] - before.seconds[kind] for kind in self.seconds}
        )

    @property
    def cores(self) -> dict[Kind, float]:
        """How many cores each kind has kept busy, of a difference."""
        return {kind: seconds / self.at for kind, seconds in self.seconds.items()}


class Fleet:
    """What runs. `headers` hold the key pair of its one domain."""

    def __init__(self, cluster: Cluster, where: Where, provider: Streaming) -> None:
        self.cluster = cluster
        self.where = where
        self.provider = provider
        pair = json.loads(cluster.command("domain", "add", "bench", "--create", "--json"))
        word = base64.b64encode(f"{pair['domain_key']}:{pair['domain_password']}".encode()).decode()
        self.headers = {"Authorization": f"Basic {word}"}
        self.ports = [int(api.url.rpartition(":")[2]) for api in cluster.apis]

    def spent(self, at: float) -> Spent:
        """Up to now, which is `at`."""
        seconds: dict[Kind, float] = {
            "service": sum(usage.processor(member.pid) for member in self.cluster.members),
            "database": usage.processor_of_tree(self.where.postmaster) if self.where.postmaster else 0.0,
            "provider": usage.processor(self.provider.pid),
            "load": usage.processor(os.getpid()),
        }
        seconds["others"] = usage.machine() - sum(seconds.values())
        return Spent(at, seconds)

    def memory(self) -> dict[str, int]:
        """Resident bytes of each process of the service, and what the database's hold for themselves."""
        found = {member.name: usage.memory(member.pid) for member in self.cluster.members}
        if self.where.postmaster:
            found["PostgreSQL, private"] = usage.memory_of_tree(self.where.postmaster)
        return found

    def ask(self, question: str) -> Sequence[tuple[Any, ...]]:
        """The database's own answer, past the service."""
        if self.where.url:
            with psycopg.connect(self.where.url, autocommit=True) as server:
                return server.execute(question.encode()).fetchall()
        path = self.cluster.data / "contactport.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as file:
            return file.execute(question).fetchall()


@contextmanager
def fleet(
    made: Bases,
    *,
    workers: int = 1,
    apis: int = 1,
    hosts: int = 1,
    nice: int = 0,
    settings: Mapping[str, str] | None = None,
) -> Generator[Fleet]:
    """Start all of it on a fresh database, and end it. On SQLite it is one process, whatever is asked for.

    `nice` is the workers' niceness: an API beside them then gets its turn first.
    """
    named = {**dict.fromkeys(RAISED, "1000000"), "import_concurrency": "16", **(settings or {})}
    with (
        tempfile.TemporaryDirectory(prefix="contactport-") as folder,
        made.fresh() as where,
        streaming(hosts) as provider,
    ):
        cluster = Cluster(Path(folder), database_url=where.url, apis=apis, workers=workers, settings=named)
        if nice and where.url:
            for worker in cluster.workers:
                worker.before = ("sh", "-c", _NICER, str(nice))
        with cluster:
            yield Fleet(cluster, where, provider)


def cores_row(name: str, spent: Spent) -> tuple[str, ...]:
    """A table's row: cores kept busy, kind by kind."""
    return (name, *(f"{spent.cores[kind]:.2f}" for kind in KINDS))
