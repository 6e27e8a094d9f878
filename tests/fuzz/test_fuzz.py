"""Each fuzz target for a moment: its corpus, all inputs that once broke it, and some thousand new ones."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.needs import needs

HERE = Path(__file__).parent
NAMES = sorted(path.stem.removeprefix("target_") for path in HERE.glob("target_*.py"))
RUNS = 1500


def inputs(folder: str) -> list[tuple[str, Path]]:
    return [(name, path) for name in NAMES for path in sorted((HERE / folder / name).glob("*"))]


@pytest.mark.parametrize(
    ("name", "path"), [*inputs("corpus"), *inputs("crashes")], ids=lambda value: getattr(value, "name", value)
)
def test_a_known_input_keeps_every_promise(name: str, path: Path) -> None:
    import_module(f"tests.fuzz.target_{name}").check(path.read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_new_inputs_keep_every_promise(name: str, tmp_path: Path) -> None:
    if find_spec("atheris") is None:
        needs("atheris", "it has no build for this system and Python")
    found = tmp_path / "found"
    found.mkdir()
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "tests.fuzz.fuzzer",
                name,
                f"-runs={RUNS}",
                "-seed=1",
                "-rss_limit_mb=2048",
            ),
            *(f"-artifact_prefix={tmp_path}/", str(found)),
        ],
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
