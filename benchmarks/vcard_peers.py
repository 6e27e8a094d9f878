"""Readers of vCard in other languages, each with its small program next to this file.

`scripts/bench` lays them out in a folder; what is not there is left out, and said so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

PROGRAMS = Path(__file__).parent / "vcard_peers_programs"


class Peer:
    """A command that reads a file some times and prints, as JSON, the seconds of each and the cards it found."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._command = command

    def seconds(self, data: bytes, expected: int, rounds: int) -> list[float]:
        """Of each round; what the program's start takes is not among them. Raises CalledProcessError."""
        with tempfile.NamedTemporaryFile(suffix=".vcf") as file:
            file.write(data)
            file.flush()
            done = subprocess.run(
                [*self._command, file.name, str(rounds)], capture_output=True, text=True, check=True
            )
        told = json.loads(done.stdout)
        found = told["cards"]
        if found != expected:
            print(f"{self.name} found {found} of {expected} cards")
        return [float(each) for each in told["seconds"]]


def _node(folder: Path, module: str, program: str) -> Callable[[], list[str] | None]:
    def command() -> list[str] | None:
        node = shutil.which("node")
        if node is None or not (folder / "node_modules" / module).is_dir():
            return None
        return [node, str(PROGRAMS / program), str(folder)]

    return command


def _java(folder: Path) -> list[str] | None:
    java = shutil.which("java")
    jars = sorted((folder / "java").glob("*.jar"))
    if java is None or not any(jar.name.startswith("ez-vcard") for jar in jars):
        return None
    return [java, "-cp", ":".join(map(str, jars)), str(PROGRAMS / "EzVcard.java")]


def _php(folder: Path) -> list[str] | None:
    php = shutil.which("php")
    start = next(folder.glob("php/Sabre/VObject/autoload.php"), None)
    if php is None or start is None:
        return None
    return [
        php,
        "-d",
        "memory_limit=-1",
        "-d",
        f"include_path={start.parents[2]}",
        str(PROGRAMS / "sabre.php"),
        str(start),
    ]


def peers_in(folder: Path) -> list[Peer]:
    """The peers that are there."""
    ways: dict[str, Callable[[], list[str] | None]] = {
        "ical.js": _node(folder, "ical.js", "icaljs.mjs"),
        "vcf": _node(folder, "vcf", "vcf.cjs"),
        "ez-vcard": lambda: _java(folder),
        "sabre/vobject": lambda: _php(folder),
    }
    found: list[Peer] = []
    for name, way in ways.items():
        command = way()
        if command is None:
            print(f"left out: {name} is not in {folder}, or what runs it is not installed")
        else:
            found.append(Peer(name, command))
    return found
