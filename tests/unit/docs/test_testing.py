"""The examples of docs/howto/testing.md work as they stand."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).parents[3] / "docs/howto/testing.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


def examples_of(example: str) -> list[Callable[..., None]]:
    names: dict[str, Any] = {}
    exec(compile(example, str(GUIDE), "exec"), names)
    return [one for name, one in names.items() if name.startswith("test_")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: re.findall(r"def (test_\w+)", text)[0])
def test_an_example_passes(example: str, tmp_path: Path) -> None:
    (test,) = examples_of(example)
    test(*([tmp_path] if "tmp_path" in test.__annotations__ else []))


def test_there_are_two() -> None:
    assert len(EXAMPLES) == 2
