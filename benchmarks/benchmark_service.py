"""A `contactport serve` process for a benchmark, and a client that keeps its connection."""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from benchmarks import usage

COMMAND = str(Path(sys.executable).with_name("contactport"))
RAISED = (
    "begins_per_minute",
    "imports_in_flight",
    "polls_per_second",
    "provider_imports",
    "provider_per_minute",
    "account_imports",
    "account_per_minute",
    "breaker_failures",
)
"""Limits that keep a load away from a service; a benchmark raises them by the environment, and does not meet them."""
WIDE = {f"CONTACTPORT_{name.upper()}": "1000000" for name in RAISED}


class RunningBenchService:
    """A running service. `headers` hold the key pair of its one domain."""

    def __init__(self, url: str, pid: int, headers: Mapping[str, str]) -> None:
        self.url = url
        self.pid = pid
        self.headers = dict(headers)
        self.port = urlsplit(url).port or 80

    def connection(self) -> http.client.HTTPConnection:
        """A connection of one's own."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def begin(self, connection: http.client.HTTPConnection, **arguments: str) -> int:
        """Begin an import; its id."""
        connection.request(
            "POST",
            "/begin_import/import.json",
            urlencode(arguments),
            {**self.headers, "Content-Type": "application/x-www-form-urlencoded"},
        )
        return int(json.loads(connection.getresponse().read())["import_id"])

    def events(self, connection: http.client.HTTPConnection, import_id: int) -> list[dict[str, Any]]:
        """The events of an import."""
        connection.request("GET", f"/events/{import_id}.json", headers=self.headers)
        return json.loads(connection.getresponse().read())["events"]

    def until_complete(
        self, connection: http.client.HTTPConnection, import_id: int, every: float = 0.01
    ) -> tuple[dict[str, Any], list[float]]:
        """Poll until COMPLETE; that event, and how long each poll took in seconds."""
        polls: list[float] = []
        while True:
            started = time.perf_counter()
            last = self.events(connection, import_id)[-1]
            polls.append(time.perf_counter() - started)
            if last["event_type"] == "COMPLETE":
                return last, polls
            time.sleep(every)

    def import_(
        self, connection: http.client.HTTPConnection, every: float, **arguments: str
    ) -> tuple[int, float, list[float]]:
        """One import to its end: its id, the seconds from begin_import to COMPLETE, and those of each poll.

        COMPLETE is when its event says, so that polls may be as rare as is good for what is measured.
        """
        began = time.time()
        import_id = self.begin(connection, **arguments)
        last, polls = self.until_complete(connection, import_id, every)
        assert last["status"] == "COMPLETED", last
        return import_id, datetime.fromisoformat(last["created_at"]).timestamp() - began, polls

    def memory(self, line: str = "VmHWM") -> int:
        """The process's peak (VmHWM) or present (VmRSS) memory in bytes."""
        return usage.memory(self.pid, line)

    def processor(self) -> float:
        """Seconds of processor time, user and system, that all threads of the process have taken so far."""
        return usage.processor(self.pid)


@contextmanager
def service(
    data: Path | None = None, *, command: str = COMMAND, **environment: str
) -> Generator[RunningBenchService]:
    """A service with one domain and wide limits, on `data` or a folder of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="contactport-") as folder:
        options = ["--data", str(data or Path(folder) / "data")]
        process = subprocess.Popen(
            [command, "serve", "--port", "0", "--allow-network", "127.0.0.0/8", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **WIDE, **environment},
        )
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert "ready at " in ready, f"the service did not start: {ready!r}"
            pair = json.loads(
                subprocess.check_output(
                    [command, "domain", "add", f"bench-{process.pid}", "--json", *options]
                )
            )
            word = base64.b64encode(f"{pair['domain_key']}:{pair['domain_password']}".encode()).decode()
            yield RunningBenchService(ready.split()[-1], process.pid, {"Authorization": f"Basic {word}"})
        finally:
            process.terminate()
            process.wait(30)
