"""docs/operations.md lists the exit codes that the command line's own docstring lists."""

from __future__ import annotations

import re
from pathlib import Path

from contactport import cli

DOC = (Path(__file__).parents[3] / "docs" / "operations.md").read_text("utf-8")


def test_the_table_is_the_docstring() -> None:
    told = re.findall(r"^(\d+) +(.+)$", cli.__doc__ or "", re.MULTILINE)
    assert told
    assert re.findall(r"^\| (\d+) \| (.+) \|$", DOC, re.MULTILINE) == told
