"""The wheel, installed as the how-to says it, is a service that answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from contactport import __version__
from tests.needs import needs
from tests.servers.server_process import Process, answers, free_port

ROOT = Path(__file__).parents[2]
HOW_TO = (ROOT / "docs/howto/install.md").read_text("utf-8")
SECONDS = 300.0


def run(*command: str | Path, cwd: Path) -> None:
    """A command to its end, with the development environment's build backend on the path."""
    path = f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """The wheel of this checkout, built offline. The name is the one that the how-to tells people to install."""
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel")
    run(*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path / "dist", ROOT, cwd=tmp_path)
    name = re.search(r"contactport-[\d.]+-py3-none-any\.whl", HOW_TO)
    assert name
    return tmp_path / "dist" / name[0]


def test_the_wheel_in_an_empty_environment_serves(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "opt"
    run(sys.executable, "-m", "venv", home, cwd=tmp_path)
    pip = (
        home / "bin/python",
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "install",
        "--no-compile",
    )
    lock = ROOT / "deploy/requirements.lock"
    try:
        run(*pip, "--require-hashes", "--requirement", lock, cwd=tmp_path)
    except AssertionError as error:
        if "connection" not in str(error).lower():
            raise
        needs("a package index", "check that pip can reach one")
    run(*pip, "--no-deps", wheel, cwd=tmp_path)
    port = free_port()
    command = [str(home / "bin/contactport"), "serve", "--port", str(port), "--data", str(tmp_path / "data")]
    served = Process(command, tmp_path, lambda: answers(port))
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=SECONDS) as answer:
            health = json.load(answer)
    finally:
        served.stop()
    assert health == {"status": "ok", "version": __version__}


def test_the_how_to_names_the_version_that_is_built() -> None:
    assert re.findall(r"contactport-([\d.]+)-py3", HOW_TO) == [__version__] * HOW_TO.count("contactport-")
