"""Run of one scenario on a running service: how its import ended, and what it cost the process."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from tests.e2e.service_process import RunningService, WireClient, service
from tests.faults.hostile.all_scenarios import SCENARIOS
from tests.faults.hostile.hostile_server import Hostile, hostile_server
from tests.faults.hostile.scenario import ENOUGH, THIRD, Scenario
from tests.unit.net.authority import make_authority

MEMORY = 64
"""MiB that an import may need beyond a sound one, whatever its server does."""
KEPT = 64
"""MiB that the process may hold beyond what it held before, once the import is over: what an allocator keeps."""
SETTLE = 20.0
"""Seconds until memory counts as kept."""
HASTE = """
connect_seconds = 3
first_byte_seconds = 4
idle_seconds = 3
import_seconds = 90
begins_per_minute = 1000000
"""
"""Shorter waits than an operator would choose; sizes are as they come."""


class ProcessMemory:
    """A process's memory, in MiB."""

    def __init__(self, process: int) -> None:
        self._folder = Path("/proc", str(process))

    def _of(self, field: str) -> float:
        status = (self._folder / "status").read_text("utf-8")
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(field))

    @property
    def now(self) -> float:
        return self._of("VmRSS")

    @property
    def peak(self) -> float:
        """The most since `begin()`."""
        return self._of("VmHWM")

    def begin(self) -> float:
        """Forgets the peak so far; what is held now."""
        (self._folder / "clear_refs").write_text("5")
        return self.now

    def settled(self, bound: float) -> float:
        """What is held once it is below `bound`, or after SETTLE seconds."""
        end = time.monotonic() + SETTLE
        while (held := self.now) > bound and time.monotonic() < end:
            time.sleep(0.1)
        return held


class ScenarioOutcome(msgspec.Struct, kw_only=True):
    """How a run ended. Memory is in MiB: `grown` at its peak and `kept` at its end, beyond what was held before."""

    scenario: Scenario
    code: int
    text: str = ""
    contacts: int = 0
    grown: float = 0.0
    kept: float = 0.0
    requests: int = 0
    third: int = 0
    """Requests to the host that has nothing to do with it."""
    broken: int = 0
    """Lines of the log that tell of a mistake of ours."""
    seconds: float = 0.0

    def troubles(self, sound: float) -> list[str]:
        """What is not as it should be; `sound` is what a sound import grows by."""
        one = self.scenario
        found: list[str] = []
        if self.code not in one.ends:
            found.append(f"ended in {self.code} ({self.text}), not in {sorted(one.ends)}")
        if self.code == 0 and self.contacts < one.least:
            found.append(f"{self.contacts} contacts came instead of {one.least}")
        if self.grown - sound > MEMORY:
            found.append(f"took {self.grown:.0f} MiB, a sound import {sound:.0f} MiB")
        if self.kept > KEPT:
            found.append(f"kept {self.kept:.0f} MiB")
        if self.third > ENOUGH:
            found.append(f"asked {self.third} times a host that has nothing to do with it")
        if self.broken:
            found.append(f"{self.broken} errors of our own in the log")
        return [f"{one.title}: {trouble}" for trouble in found]


class ScenarioRunner:
    """A service and a hostile server, for one scenario after the other."""

    def __init__(self, running: RunningService, hostile: Hostile) -> None:
        self.running = running
        self.hostile = hostile
        self.application: WireClient = running.application("hostile.test")
        self.memory = ProcessMemory(running.process.pid)

    def warm(self) -> float:
        """What a sound import takes, MiB, once the process has all that it needs."""
        for _ in range(2):
            self.run("sound_book")
        return max(self.run("sound_book").grown for _ in range(2))

    def begin(self, name: str) -> tuple[str, int]:
        """Begins a run: its server's URL, and the import's id."""
        server = self.hostile.play(name)
        username = SCENARIOS[name].username
        return server, self.application.begin(
            service="carddav", username=username, password="secret", server=server, include="photo"
        )

    def run(self, name: str) -> ScenarioOutcome:
        """One scenario, to its end."""
        third = self._third()
        broken = self._broken()
        before = self.memory.begin()
        began = time.monotonic()
        server, import_id = self.begin(name)
        end = self.application.end(import_id)
        seconds = time.monotonic() - began
        peak = self.memory.peak
        kept = self.memory.settled(before + KEPT) - before
        requests, _ = self.hostile.counts()
        code = int(end["value"]) if end["status"] == "ERROR" else 0
        contacts = self.application.stored(import_id) if code == 0 else 0
        return ScenarioOutcome(
            scenario=SCENARIOS[name],
            code=code,
            text=end["description"] or "",
            contacts=contacts,
            grown=peak - before,
            kept=kept,
            requests=requests.get(urlsplit(server).hostname or "", 0),
            third=self._third() - third,
            broken=self._broken() - broken,
            seconds=seconds,
        )

    def _third(self) -> int:
        """Requests and connections to somebody who has nothing to do with it, whichever are more."""
        return max(counts.get(THIRD, 0) for counts in self.hostile.counts())

    def _broken(self) -> int:
        lines = [json.loads(line) for line in self.running.stderr.splitlines() if line.startswith("{")]
        return sum(line.get("event") in ("import_broke", "reader_raised") for line in lines)


@contextmanager
def scenario_runner(folder: Path, *, haste: bool = True) -> Generator[ScenarioRunner]:
    """A service of its own on this folder, and a hostile server."""
    make_authority(folder)
    settings = folder / "settings.toml"
    settings.write_text(HASTE if haste else "", "utf-8")
    with (
        hostile_server(folder / "server.pem") as hostile,
        service(folder / "data", "--config", str(settings)) as running,
    ):
        yield ScenarioRunner(running, hostile)
