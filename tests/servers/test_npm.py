"""The lock of the npm packages, and what a test says if they can't be installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.needs import ALL, MARK
from tests.servers import npm

LOCK: dict[str, dict[str, Any]] = json.loads((npm.PACKAGES / "package-lock.json").read_text("utf-8"))[
    "packages"
]


def test_the_lock_has_hashes_and_names_no_registry() -> None:
    packages = {name: package for name, package in LOCK.items() if name}
    assert len(packages) > 40
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_versions_are_named_exactly() -> None:
    wanted = LOCK[""]["dependencies"] | LOCK[""]["optionalDependencies"]
    for name, version in wanted.items():
        assert LOCK[f"node_modules/{name}"]["version"] == version


@pytest.mark.parametrize("all_wanted", [False, True])
def test_without_npm_a_test_is_left_out_with_words(
    all_wanted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(ALL, "1" if all_wanted else "")
    kind = pytest.fail.Exception if all_wanted else pytest.skip.Exception
    with pytest.raises(kind, match="npm is not here" if all_wanted else f"{MARK}npm: apt-get"):
        npm.modules.__wrapped__()


def test_a_failed_installation_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nmkdir node_modules\necho no way to the registry >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(ALL, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no way to the registry"):
        npm.modules.__wrapped__()
    assert [path.name for path in (tmp_path / "cache" / "contactport-tests").iterdir()] == ["npm.lock"]
