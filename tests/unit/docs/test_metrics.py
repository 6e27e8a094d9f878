"""The tables of docs/operations.md have a row for every metric, with its labels."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from contactport import telemetry
from contactport.store.prometheus import gauges
from tests.unit.cli.test_status_view import QUIET

DOC = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")
ROWS = {
    name: set(re.findall(r"`(\w+)`", labels))
    for name, labels in re.findall(r"^\| `(contactport_\w+)` \| (.*?) ?\| .+ \|$", DOC, re.MULTILINE)
}
FIGURES = msgspec.structs.replace(QUIET, database="postgresql")


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
