"""Every imported package is in pyproject.toml. None comes only as a dependency of another package."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable, Set
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = {canonicalize_name(Requirement(line).name) for line in PROJECT["project"]["dependencies"]}
GROUPS: dict[str, list[str | dict[str, str]]] = PROJECT["dependency-groups"]
DEVELOPMENT = {
    canonicalize_name(Requirement(line).name)
    for group in GROUPS.values()
    for line in group
    if isinstance(line, str)
}
OUR_OWN = {"contactport", *(path.name for path in ROOT.iterdir() if path.is_dir())}


def imported(folder: Path) -> set[str]:
    """The top names of absolute imports anywhere in the folder's modules."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"), str(path))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - OUR_OWN


def undeclared(names: Iterable[str], declared: Set[str]) -> list[str]:
    distributions = packages_distributions()
    # `compression` is the standard library's from 3.14 on.
    return sorted(
        name
        for name in names
        if name != "compression"
        and not declared & {canonicalize_name(each) for each in distributions.get(name, ())}
    )


def test_the_service_imports_only_what_it_asks_for() -> None:
    assert undeclared(imported(ROOT / "src"), RUNTIME) == []


def test_tests_and_tools_import_only_what_the_project_asks_for() -> None:
    for folder in ("tests", "benchmarks", "samples", "demo"):
        assert undeclared(imported(ROOT / folder), RUNTIME | DEVELOPMENT) == [], folder
