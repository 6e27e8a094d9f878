"""The service as several processes, or as one on SQLite. Each process can be killed and started again.

Every process is the supervisor's child: whatever becomes of the tests, none stays behind.
"""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any, Literal, TypeVar

from tests.e2e.service_process import WireClient, environment
from tests.faults.book_server import PASSWORD, BookServer
from tests.supervisor import supervisor

Role = Literal["all", "api", "worker"]
T = TypeVar("T")

PATIENCE = 120.0
"""Seconds until a wait is given up as a failure."""

LOAD = {
    "retention": "36000",
    "import_concurrency": "16",
    "begins_per_minute": "1000000",
    "imports_in_flight": "1000000",
    "polls_per_second": "1000000",
    "provider_imports": "1000",
    "provider_per_minute": "1000000",
    "account_imports": "1000",
    "account_per_minute": "1000000",
}
"""Settings under which nothing is refused or made to wait for being too much."""

_ROLES: dict[Role, tuple[str, ...]] = {
    "all": ("serve", "--port", "0", "--allow-network", "127.0.0.0/8"),
    "api": ("serve", "--role", "api", "--port", "0", "--allow-network", "127.0.0.0/8"),
    "worker": ("worker", "--allow-network", "127.0.0.0/8"),
}


def until(question: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """The first answer that is not None. Raises AssertionError when none comes."""
    end = time.monotonic() + seconds
    while (answer := question()) is None:
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.02)
    return answer


class Member:
    """One process of a cluster. It may be started again once it has ended."""

    def __init__(self, name: str, role: Role, folder: Path, settings: Mapping[str, str]) -> None:
        self.name = name
        self.role: Role = role
        self.pid = 0
        self.starts = 0
        self.log = folder / f"{name}.log"
        """What all its processes have written on standard error."""
        self.settings = dict(settings)
        """Variables of its environment, from the next start on."""
        self.before: tuple[str, ...] = ()
        """Words before the command, such as those of `nice`."""
        self.leaves: tuple[str, ...] = ()
        """Files that a process of it does not remove when it is killed, with `{pid}` for its number."""
        self._folder = folder
        self._said = folder
        self._keeper = supervisor()

    def start(self) -> None:
        """Start it, and wait for nothing."""
        assert not self.alive
        self.starts += 1
        self._said = self._folder / f"{self.name}.{self.starts}.out"
        self.pid = self._keeper.start(
            [*self.before, sys.executable, "-m", "contactport", *_ROLES[self.role]],
            folder=self._folder,
            stdout=self._said,
            stderr=self.log,
            environment=self.settings,
            leaves=self.leaves,
        )

    @property
    def alive(self) -> bool:
        return self.pid != 0 and self._keeper.ended(self.pid) is None

    @property
    def ready(self) -> bool:
        """Whether the present process has said that it is."""
        return self.pid != 0 and self._said.read_text("utf-8").endswith("\n")

    @property
    def url(self) -> str:
        """Where an API listens, once it is ready."""
        found = re.search(r"http://\S+", self._said.read_text("utf-8"))
        assert found, self.name
        return found[0]

    def wait_ready(self) -> None:
        """Raises AssertionError, with the end of its log, when it ends or takes too long."""

        def look() -> bool | None:
            assert self.alive, self.log.read_text("utf-8", "replace")[-2000:]
            return self.ready or None

        until(look)

    def kill(self) -> None:
        """kill -9, and the wait for the end."""
        self.signal(signal.SIGKILL)
        self._keeper.wait(self.pid)

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.signal(signal.SIGTERM)
        return self._keeper.wait(self.pid, PATIENCE)

    def signal(self, sig: signal.Signals) -> None:
        self._keeper.signal(self.pid, sig)


class Cluster:
    """A context manager: the processes start with it, at once, and are ended with it.

    Without `database_url` it is one process on SQLite; with it, `apis` and `workers` on a PostgreSQL whose tables are
    there already. `settings` are those of `contactport`, by their names, beside `LOAD`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str = "",
        apis: int = 1,
        workers: int = 2,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder / "data"
        self.database_url = database_url
        named = {**LOAD, **(settings or {})}
        if database_url:
            named["database_url"] = database_url
        self.environment = environment(self.data)
        self.environment.update({f"CONTACTPORT_{name.upper()}": value for name, value in named.items()})
        if database_url:
            self.apis = [self._member(f"api-{number}", "api") for number in range(apis)]
            self.workers = [self._member(f"worker-{number}", "worker") for number in range(workers)]
        else:
            self.apis = [self._member("serve", "all")]
            self.workers = self.apis
        self.members = list(dict.fromkeys([*self.apis, *self.workers]))

    def __enter__(self) -> Cluster:
        try:
            if self.database_url:
                self.command("migrate")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        for member in self.members:
            if member.alive:
                member.kill()

    def start(self) -> None:
        """Start all processes at once, and wait until they are ready."""
        for member in self.members:
            member.start()
        for member in self.members:
            member.wait_ready()

    def _member(self, name: str, role: Role) -> Member:
        return Member(name, role, self.folder, self.environment)

    def command(self, *arguments: str) -> str:
        """What `contactport …` says, under the cluster's settings."""
        done = subprocess.run(
            [sys.executable, "-m", "contactport", *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env=self.environment,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def application(self, name: str) -> Application:
        """A new domain, and its application."""
        pair = json.loads(self.command("domain", "add", name, "--create", "--json"))
        return Application(self, pair["domain_key"], pair["domain_password"])

    def complaints(self) -> Counter[str]:
        """The events that the processes have logged as errors, or what they wrote that is no log at all."""
        found: Counter[str] = Counter()
        for member in self.members:
            for line in member.log.read_text("utf-8", "replace").splitlines() if member.log.exists() else ():
                try:
                    told: dict[str, Any] = json.loads(line)
                except ValueError:
                    # The first start of all says what it has made.
                    if not line.startswith("made the "):
                        found[f"{member.role}: {line[:100]}"] += 1
                    continue
                if told.get("level") in ("error", "critical"):
                    found[f"{member.role}: {told.get('event')}"] += 1
        return found


class Application:
    """An application that repeats each request without an answer, at any API that is alive."""

    def __init__(self, cluster: Cluster, key: str, password: str) -> None:
        self._cluster = cluster
        self._client = WireClient("http://127.0.0.1", key, password)
        pair = base64.b64encode(f"{key}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {pair}"}
        """For whoever speaks HTTP by other means."""
        self.in_query = self._client.in_query
        """The key pair as arguments."""
        self._random = Random(1)
        self.given_up = False
        """Set, it makes all calls under way raise AssertionError."""

    def at(self, member: Member) -> WireClient:
        """Its client at one API, which tries once."""
        return self._client.at(member.url)

    def call(self, method: str, path: str, *, key: str = "", **form: str) -> bytes:
        """The body of the first answer that is a 200."""

        def ask() -> bytes | None:
            assert not self.given_up
            member = self._random.choice(self._cluster.apis)
            if not (member.alive and member.ready):
                return None
            try:
                status, body = self.at(member).call(method, path, key=key, **form)
            except (OSError, HTTPException):
                return None
            if status in (500, 502, 503, 504):
                return None
            assert status == 200, (status, body)
            return body

        return until(ask)

    def begin(self, book: BookServer, account: str, *, key: str = "") -> int:
        """An import's id. It is begun once, however often that has to be asked."""
        body = self.call(
            "POST",
            "/begin_import/import",
            key=key or f"begin {account}",
            service="carddav",
            server=book.url,
            username=account,
            password=PASSWORD,
        )
        return int(json.loads(body)["import_id"])

    def complete(self, import_id: int) -> dict[str, Any] | None:
        """The event COMPLETE, once it is there."""
        events = json.loads(self.call("GET", f"/events/{import_id}"))["events"]
        return next((event for event in events if event["event_type"] == "COMPLETE"), None)

    def end(self, import_id: int) -> dict[str, Any]:
        """The event COMPLETE."""
        return until(lambda: self.complete(import_id))

    def ledger(self, import_id: int) -> dict[str, int]:
        """What GET /imports/ID counts."""
        return json.loads(self.call("GET", f"/imports/{import_id}"))["ledger"]

    def addresses(self, import_id: int) -> list[str]:
        """The e-mail addresses of what was delivered, doubles and all."""
        contacts = json.loads(self.call("GET", f"/contacts/{import_id}"))["contacts"]
        return [email["address"] for contact in contacts for email in contact["email"]]
