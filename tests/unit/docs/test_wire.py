"""docs/wire.md tells of every path that the description of the wire has, and of every argument."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

DOC = (Path(__file__).parents[3] / "docs" / "wire.md").read_text("utf-8")
DESCRIPTION: dict[str, Any] = yaml.safe_load(
    resources.files("contactport.http").joinpath("openapi.yaml").read_text("utf-8")
)


def test_every_path_is_told() -> None:
    paths = [path.replace("{id}", "ID") for path in DESCRIPTION["paths"]]
    assert paths
    assert [path for path in paths if f"{path}" not in DOC] == []


def test_every_argument_is_told() -> None:
    names = {one["name"] for one in DESCRIPTION["components"]["parameters"].values() if one["in"] == "query"}
    assert names
    assert sorted(name for name in names if f"`{name}`" not in DOC and f"`{name}=" not in DOC) == []
