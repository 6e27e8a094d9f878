"""The cost of hostile servers: `python -m benchmarks.hostile [--only NAME …]`.

Every scenario of `tests/faults/hostile` is an import by one running service, with sizes as they are by default. For
each: the memory at its peak beyond what a sound import takes, what is still held some seconds after its end, the
latency of `/health` beside it, asked by another process, and how the import ended. The last line counts those that
held: at most 64 MiB, given back, a 99th percentile of 100 ms, no third host asked, no error of our own.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.figures import percentile, table
from tests.faults.hostile.all_scenarios import SCENARIOS
from tests.faults.hostile.scenario_run import ScenarioOutcome, scenario_runner

PAUSE = 0.02
SLOWEST = 100.0
"""Milliseconds that the 99th percentile of /health may have beside a scenario."""


def ask(url: str, commands: Connection) -> None:
    """Asks /health until told to stop, and sends the milliseconds of each answer; again for each `begin`."""
    parts = urlsplit(url)
    while commands.recv() == "begin":
        times: list[float] = []
        while not commands.poll(PAUSE):
            began = time.perf_counter()
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
            try:
                connection.request("GET", "/health")
                connection.getresponse().read()
            finally:
                connection.close()
            times.append((time.perf_counter() - began) * 1000)
        commands.recv()
        commands.send(times)


class Beside:
    """A process that asks /health while something else goes on."""

    def __init__(self, commands: Connection) -> None:
        self._commands = commands
        self.times: list[float] = []

    @contextmanager
    def asked(self) -> Generator[None]:
        self._commands.send("begin")
        try:
            yield
        finally:
            self._commands.send("end")
            self.times = self._commands.recv()


@contextmanager
def beside(url: str) -> Generator[Beside]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=ask, args=(url, there), daemon=True)
    process.start()
    try:
        yield Beside(here)
    finally:
        here.send("stop")
        process.join(5)
        process.terminate()


def row(outcome: ScenarioOutcome, sound: float, slow: float) -> list[str]:
    """Of the table."""
    ending = f"complete, {outcome.contacts} contacts" if outcome.code == 0 else str(outcome.code)
    return [
        outcome.scenario.title,
        f"{max(0.0, outcome.grown - sound):.0f}",
        f"{max(0.0, outcome.kept):.0f}",
        f"{slow:.0f}",
        f"{outcome.seconds:.1f}",
        str(outcome.requests),
        ending,
    ]


def main() -> int:
    options = argparse.ArgumentParser(prog="benchmarks.hostile")
    options.add_argument("--only", nargs="*", default=[], help="names of scenarios, or of their modules")
    chosen = options.parse_args().only
    names = [name for name, one in SCENARIOS.items() if not chosen or name in chosen or one.room in chosen]
    rows: list[list[str]] = []
    held = 0
    with (
        tempfile.TemporaryDirectory(prefix="hostile-") as folder,
        scenario_runner(Path(folder)) as here,
        beside(here.running.url) as health,
    ):
        sound = here.warm()
        for name in names:
            with health.asked():
                outcome = here.run(name)
            slow = percentile(health.times, 0.99)
            troubles = outcome.troubles(sound)
            if slow > SLOWEST:
                troubles.append(f"{outcome.scenario.title}: /health took {slow:.0f} ms")
            held += not troubles
            rows.append(row(outcome, sound, slow))
            print(*troubles, sep="\n", end="\n" if troubles else "", file=sys.stderr, flush=True)
    columns = ("MiB beyond a sound one", "MiB kept", "/health p99, ms", "seconds", "requests", "ended")
    print(table("scenario", rows, columns))
    print(f"\nscenarios held: {held} of {len(names)}; a sound import takes {sound:.1f} MiB")
    return held != len(names)


if __name__ == "__main__":
    sys.exit(main())
