"""`python -m tests.fuzz.fuzzer NAME [options of libFuzzer]`: one target under atheris, from its corpus on."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import atheris

HERE = Path(__file__).parent


def main(arguments: list[str]) -> None:
    """Runs until libFuzzer's options say stop, or a promise is broken."""
    name, *options = arguments
    with atheris.instrument_imports(include=["contactport"]):  # pyright: ignore  # atheris has no types
        check = import_module(f"tests.fuzz.target_{name}").check
    words = HERE / "dictionaries" / f"{name}.dict"
    if words.exists():
        options.append(f"-dict={words}")
    crashes = HERE / "crashes" / name
    crashes.mkdir(parents=True, exist_ok=True)
    folders = [str(folder) for folder in (HERE / "corpus" / name, crashes) if folder.exists()]
    # libFuzzer keeps what it finds in the first folder that it is given.
    given = [option for option in options if option.startswith("-")]
    first = [option for option in options if not option.startswith("-")]
    atheris.Setup([sys.argv[0], f"-artifact_prefix={crashes}/", *given, *first, *folders], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
