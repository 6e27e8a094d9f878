"""The service as a process with its own data folder, as an operator runs it. Tests call it over HTTP."""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from click.testing import CliRunner

from contactport.cli import main
from tests.e2e.paused_server import PausedServer

T = TypeVar("T")

PATIENCE = 120.0
"""Seconds until a wait is given up as a failure; nothing waits that long when all is well."""


def command(*arguments: str, data: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """`contactport …` on a data folder, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "contactport", *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(data),
    )


def environment(data: Path) -> dict[str, str]:
    """The caller's environment without settings of its own, on this data folder.

    Tests import one account again and again, as nobody else does: they need not wait for each other.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONTACTPORT_")}
    return {
        **kept,
        "CONTACTPORT_DATA": str(data),
        "CONTACTPORT_ACCOUNT_IMPORTS": "1000",
        "CONTACTPORT_ACCOUNT_PER_MINUTE": "1000000",
    }


def until(question: Callable[[], T | None]) -> T:
    """The first answer that is not None; asked often, and given up only when something is broken."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = question()
        if answer is not None:
            return answer
        time.sleep(0.02)
    raise AssertionError("what was waited for did not come")


class WireClient:
    """One application: its key pair, and the wire's three steps."""

    def __init__(self, url: str, key: str, password: str) -> None:
        self._netloc = urlsplit(url).netloc
        self.in_query = urlencode({"domain_key": key, "domain_password": password})
        """The key pair as arguments, for where Basic does not do."""
        self._basic = "Basic " + base64.b64encode(f"{key}:{password}".encode()).decode()

    def at(self, url: str) -> WireClient:
        """The same key pair at another address."""
        other = copy.copy(self)
        other._netloc = urlsplit(url).netloc
        return other

    def call(self, method: str, path: str, *, key: str = "", **form: str) -> tuple[int, bytes]:
        """Status and body of one request; `form` goes into a body where there is one to send.

        `key` is an Idempotency-Key.
        """
        connection = HTTPConnection(self._netloc, timeout=PATIENCE)
        try:
            headers = {"Authorization": self._basic, **({"Idempotency-Key": key} if key else {})}
            if form:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, urlencode(form) if form else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def begin(self, *, key: str = "", **form: str) -> int:
        """Step 1: the import's id."""
        status, body = self.call("POST", "/begin_import/import", key=key, **form)
        assert status == 200, body
        return int(json.loads(body)["import_id"])

    def upload(self, file: bytes, **arguments: str) -> tuple[int, bytes]:
        """Step 1 with a file as the body: status and body of the answer."""
        connection = HTTPConnection(self._netloc, timeout=PATIENCE)
        try:
            path = f"/begin_import/upload?{urlencode(arguments)}"
            connection.request("POST", path, file, {"Authorization": self._basic})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def begin_by_get(self, path: str, *, key: str = "") -> int:
        """Step 1 with its arguments in the query."""
        status, body = self.call("GET", path, key=key)
        assert status == 200, body
        return int(json.loads(body)["import_id"])

    def events(self, import_id: int) -> list[dict[str, Any]]:
        """Step 2, once."""
        status, body = self.call("GET", f"/events/{import_id}")
        assert status == 200, body
        return json.loads(body)["events"]

    def end(self, import_id: int) -> dict[str, Any]:
        """Step 2, until the event COMPLETE, which is returned."""
        return until(lambda: next((e for e in self.events(import_id) if e["event_type"] == "COMPLETE"), None))

    def stored(self, import_id: int) -> int:
        """How many contacts are stored so far: GATHERING's value."""
        return next((e["value"] for e in self.events(import_id) if e["event_type"] == "GATHERING"), 0)

    def let_through(self, import_id: int, book: PausedServer, at_least: int) -> int:
        """Let pages through the gate, one at a time, until so many contacts are stored; how many are.

        No more pass than that needs: contacts are stored 500 at a time at the latest.
        """
        enough = book.released + at_least - self.stored(import_id) + 500

        def look() -> int | None:
            stored = self.stored(import_id)
            if stored >= at_least:
                return stored
            if book.released < enough:
                book.gate.pass_one()
            return None

        return until(look)

    def contacts(self, import_id: int) -> list[dict[str, Any]]:
        """Step 3: all of them."""
        status, body = self.call("GET", f"/contacts/{import_id}")
        assert status == 200, body
        return json.loads(body)["contacts"]


class RunningService:
    """A service that accepts requests. `stderr` is all that it has written there so far."""

    def __init__(self, process: subprocess.Popen[str], data: Path, ready: str, log: Path) -> None:
        self.process = process
        self.data = data
        self.ready = ready
        self.log = log
        found = re.search(r"http://\S+", ready)
        assert found, ready
        self.url = found[0]

    @property
    def stderr(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def application(self, name: str, *options: str) -> WireClient:
        """A domain of this name, made while the service runs, and its client.

        The command runs in the test's own process: one of its own would take most of a test's time to begin.
        """
        made = CliRunner().invoke(
            main, ["domain", "add", name, "--create", "--json", "--data", str(self.data), *options]
        )
        assert made.exit_code == 0, made.stderr
        pair = json.loads(made.stdout)
        return self.client(pair["domain_key"], pair["domain_password"])

    def client(self, key: str, password: str) -> WireClient:
        return WireClient(self.url, key, password)

    def kill(self) -> None:
        """kill -9: nothing is tidied up."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self, sig: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(sig)
        return self.process.wait(PATIENCE)


@contextmanager
def service(
    data: Path, *options: str, log: Path | None = None, networks: Sequence[str] = ("127.0.0.0/8",)
) -> Generator[RunningService]:
    """`contactport serve` on a free port, with loopback allowed; what still runs at the end is stopped."""
    log = log or data.with_name(f"{data.name}.log")
    allowed = [word for network in networks for word in ("--allow-network", network)]
    with log.open("ab") as written:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "contactport", "serve", "--port", "0"),
                *(*allowed, *options),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=written,
            text=True,
            env=environment(data),
        )
    assert process.stdout is not None
    late = threading.Timer(PATIENCE, process.kill)
    late.start()
    try:
        ready = process.stdout.readline()
        late.cancel()
        assert ready, log.read_text("utf-8", "replace")
        yield RunningService(process, data, ready, log)
    finally:
        late.cancel()
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()
