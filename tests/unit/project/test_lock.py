"""The locks hold what pyproject.toml asks for, with hashes, and no address of any index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
LOCKS = {
    "requirements.lock": ("build", "demo", "dev"),
    "demo/requirements.lock": ("build", "demo"),
    "deploy/requirements.lock": ("build",),
    "scripts/pip.lock": ("pip",),
}
"""Each lock, and the dependency groups that it holds; all but pip's hold the service's own dependencies as well."""

each_lock = pytest.mark.parametrize("lock", LOCKS)


def text_of(lock: str) -> str:
    return (ROOT / lock).read_text("utf-8")


def pinned(lock: str) -> dict[str, str]:
    pins = re.finditer(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)", text_of(lock), re.MULTILINE)
    return {canonicalize_name(found["name"]): found["version"] for found in pins}


def asked_for(lock: str) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lines = [line for group in LOCKS[lock] for line in project["dependency-groups"][group]]
    if lock != "scripts/pip.lock":
        lines += project["project"]["dependencies"]
    return [Requirement(line) for line in lines if isinstance(line, str)]


@each_lock
def test_every_requirement_is_locked_at_a_version_that_it_allows(lock: str) -> None:
    """When this fails, `scripts/lock` has not been run since pyproject.toml changed."""
    pins = pinned(lock)
    wrong = [
        str(requirement)
        for requirement in asked_for(lock)
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    ]
    assert wrong == []


def test_the_smaller_locks_have_the_versions_that_were_tested() -> None:
    everything = pinned("requirements.lock").items()
    for lock in ("demo/requirements.lock", "deploy/requirements.lock"):
        assert pinned(lock).items() <= everything
    assert not pinned("deploy/requirements.lock").keys() & {"pytest", "radicale", "ruff"}
    assert not pinned("demo/requirements.lock").keys() & {"pytest", "pyright", "ruff"}


@each_lock
def test_every_locked_package_has_hashes(lock: str) -> None:
    assert len(pinned(lock)) >= len(asked_for(lock))
    for entry in re.split(r"^(?=[A-Za-z0-9])", text_of(lock), flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


@each_lock
def test_the_lock_names_no_index_and_no_folder(lock: str) -> None:
    options = [line for line in text_of(lock).splitlines() if line.startswith("-")]
    assert options == []
    assert "://" not in text_of(lock)


def test_markers_are_ones_that_pip_understands() -> None:
    everything = text_of("requirements.lock").splitlines()
    lines = [line.rstrip(" \\") for line in everything if "==" in line and ";" in line]
    assert lines
    for line in lines:
        marker = Requirement(line).marker
        assert marker is not None
        marker.evaluate()
