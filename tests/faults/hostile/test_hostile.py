"""A provider may send anything: one import costs little, ends with its own code, and affects nobody else."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.faults.hostile.all_scenarios import SCENARIOS
from tests.faults.hostile.scenario_run import ScenarioRunner, scenario_runner

AT_LEAST = 40


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[ScenarioRunner, float]]:
    """A service, and the MiB that a sound import takes in it."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    with scenario_runner(folder) as here:
        yield here, here.warm()


@pytest.mark.parametrize("name", sorted(name for name, one in SCENARIOS.items() if not one.slow))
def test_scenario(name: str, prepared: tuple[ScenarioRunner, float]) -> None:
    here, sound = prepared
    assert here.run(name).troubles(sound) == []


def test_there_are_enough_of_them() -> None:
    assert len(SCENARIOS) >= AT_LEAST
