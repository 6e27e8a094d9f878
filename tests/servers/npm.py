"""The npm packages of `npm_packages/`. The first test that needs them installs them into the user's cache folder.

The lock file names versions and hashes and no registry: npm asks the one that it is set up for. Nothing of them is
run while they are installed. A machine whose Node is too old runs them by one that comes as a package.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.needs import needs

PACKAGES = Path(__file__).parent / "npm_packages"
NODE = 22
"""The oldest major version that `emulate` runs on."""
_NAME = "the npm packages of tests/servers/npm_packages"


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "contactport-tests"


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    digits = said.removeprefix("v").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


@functools.cache
def modules() -> Path:
    """The folder that holds `node_modules`. The calling test is left out where it can't be made."""
    npm = shutil.which("npm")
    if npm is None:
        needs("npm", "apt-get install npm")
    stamp = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        stamp.update((PACKAGES / name).read_bytes())
    stamp.update(f"{sys.platform} {platform.machine()}".encode())
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"npm-{stamp.hexdigest()[:16]}"
    # Tests run in several processes, and several checkouts share the cache: one installs, the others wait.
    with (cache / "npm.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _install(npm, cache, folder)
    return folder


def _install(npm: str, cache: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        made = Path(temporary) / "packages"
        made.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PACKAGES / name, made)
        done = subprocess.run(
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
            cwd=made,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            needs(_NAME, f"npm could not install them: {done.stderr.strip()[-300:]}")
        made.rename(folder)


@functools.cache
def node() -> str:
    """A Node that is new enough: the system's, or the one among the packages."""
    installed = shutil.which("node")
    if installed is not None and _major(installed) >= NODE:
        return installed
    for found in sorted((modules() / "node_modules").glob("node-*/bin/node")):
        if _major(str(found)) >= NODE:
            return str(found)
    return needs(f"Node {NODE}", "install it: there is no package of it for this machine")


def tsc() -> list[str]:
    """The command of the TypeScript compiler."""
    return [node(), str(modules() / "node_modules" / "typescript" / "bin" / "tsc")]
