"""requirements.lock holds what pyproject.toml asks for, with hashes, and no address of any index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PINNED = {
    canonicalize_name(found["name"]): found["version"]
    for found in re.finditer(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)", LOCK, re.MULTILINE)
}


def asked_for() -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [
        Requirement(line)
        for line in (
            *project["project"]["dependencies"],
            *(line for group in project["dependency-groups"].values() for line in group),
        )
        if isinstance(line, str)
    ]


def test_every_requirement_is_locked_at_a_version_that_it_allows() -> None:
    """When this fails, `scripts/lock` has not been run since pyproject.toml changed."""
    wrong = [
        str(requirement)
        for requirement in asked_for()
        if not requirement.specifier.contains(PINNED.get(canonicalize_name(requirement.name), "0"))
    ]
    assert wrong == []


def test_every_locked_package_has_hashes() -> None:
    assert len(PINNED) > len(asked_for())
    for entry in re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_lock_names_no_index_and_no_folder() -> None:
    options = [line for line in LOCK.splitlines() if line.startswith("-")]
    assert options == []
    assert "://" not in LOCK


def test_markers_are_ones_that_pip_understands() -> None:
    lines = [line.rstrip(" \\") for line in LOCK.splitlines() if "==" in line and ";" in line]
    assert lines
    for line in lines:
        marker = Requirement(line).marker
        assert marker is not None
        marker.evaluate()
