"""The tables of docs/operations.md have a row for every metric, with its labels."""

from __future__ import annotations

import re
from pathlib import Path

from contactport import telemetry
from contactport.store.figures import Figures
from contactport.store.gauges import gauges

DOC = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")
ROWS = {
    name: set(re.findall(r"`(\w+)`", labels))
    for name, labels in re.findall(r"^\| `(contactport_\w+)` \| (.*?) ?\| .+ \|$", DOC, re.MULTILINE)
}
FIGURES = Figures(
    at=0,
    waiting=0,
    oldest_waiting_seconds=None,
    parked=0,
    running=0,
    ended={},
    kept=0,
    purge_due=0,
    providers={},
    breakers={},
    host_breakers={},
    database="postgresql",
    database_bytes=0,
    workers=1,
    ring_keys=1,
)


def own() -> dict[str, set[str]]:
    """The metrics of a process, by name, with their labels. Those without a sample yet have labels all the same."""
    telemetry.import_ended(telemetry.Ended("icloud", None, 1.0, 0, 0, 0))
    telemetry.import_begun("icloud", 1.0)
    telemetry.of_provider("icloud")(1.0)
    telemetry.request_answered("/health", "GET", 200, 0.1)
    return {
        family.name + ("_total" if family.type == "counter" else ""): set[str]().union(
            *(sample.labels for sample in family.samples)
        )
        - {"le"}
        for family in telemetry.REGISTRY.collect()
        if family.name.startswith("contactport_")
    }


def test_every_metric_is_told_with_its_labels_and_no_other() -> None:
    shared = {
        family.name: set[str]().union(*(sample.labels for sample in family.samples))
        for family in gauges(FIGURES, ("icloud",), ("icloud",))
    }
    assert own() | shared == ROWS
