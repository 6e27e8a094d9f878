"""An import from a warm Radicale against other readers of the same book: `python -m benchmarks.peers_import`.

tsdav (npm) finds the book and fetches it by `fetchVCards`, as its manual shows, into an array of texts. vdirsyncer
(PyPI) syncs it into an empty folder, a file a card. Neither reads the cards; contactport does, and stores them
sealed. A peer's start and discovery count, as begin_import's do; its installation does not. curl, which takes one
answer to a file, is the floor: what nobody can be faster than.

The peers are installed by their names into a folder outside of the project (`--peers` keeps one for the next run),
and what can't be installed is left out, in words. All run in turn, so that a machine that slows down slows all.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.benchmark_service import service
from benchmarks.figures import ratios, spread, table
from benchmarks.import_book import begin_to_complete, curl
from samples.book import cards
from tests.servers.radicale import radicale

_TSDAV = """\
import { createDAVClient } from "tsdav";
const [serverUrl, username, password, expected] = process.argv.slice(2);
const client = await createDAVClient({
  serverUrl, credentials: { username, password }, authMethod: "Basic", defaultAccountType: "carddav",
});
let count = 0;
for (const addressBook of await client.fetchAddressBooks()) {
  for (const card of await client.fetchVCards({ addressBook })) count += card.data?.includes("BEGIN:VCARD") ? 1 : 0;
}
if (count !== Number(expected)) throw new Error(`${count} cards of ${expected}`);
"""

_VDIRSYNCER = """\
[general]
status_path = "{folder}/status"
[pair book]
a = "theirs"
b = "ours"
collections = null
[storage theirs]
type = "carddav"
url = "{url}"
username = "alice"
password = "secret"
[storage ours]
type = "filesystem"
path = "{folder}/cards"
fileext = ".vcf"
"""

Peer = Callable[[str, str, int], float]
"""Reads the book of a server's URL and the book's own URL, so many cards; seconds."""


class Left(Exception):
    """This peer can't be installed here; its text says why."""


def _run(command: list[str], **environment: str) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        timeout=1800,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stdout[-2000:]!r}")


def _install(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        raise Left(f"{command[0]} is not installed")
    try:
        _run(command)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        raise Left(f"its installation failed: {error}") from None


def tsdav(folder: Path) -> tuple[str, Peer]:
    """Its name with its version, and how it reads a book."""
    home = folder / "tsdav"
    installed = home / "node_modules" / "tsdav" / "package.json"
    if shutil.which("node") is None:
        raise Left("node is not installed")
    if not installed.exists():
        home.mkdir(parents=True, exist_ok=True)
        _install(["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(home), "tsdav"])
    script = home / "read.mjs"
    script.write_text(_TSDAV, "utf-8")
    version = subprocess.check_output(["node", "-p", f"require({str(installed)!r}).version"], text=True)

    def read(url: str, book: str, count: int) -> float:
        started = time.perf_counter()
        _run(["node", str(script), url, "alice", "secret", str(count)])
        return time.perf_counter() - started

    return f"tsdav {version.strip()}", read


def vdirsyncer(folder: Path) -> tuple[str, Peer]:
    """As `tsdav`."""
    home = folder / "vdirsyncer"
    python = home / "bin" / "python"
    command = home / "bin" / "vdirsyncer"
    if not command.exists():
        _install([sys.executable, "-m", "venv", str(home)])
        _install([str(python), "-m", "pip", "install", "--quiet", "vdirsyncer"])
    asked = "from importlib.metadata import version; print(version('vdirsyncer'))"
    version = subprocess.check_output([str(python), "-c", asked], text=True)

    def read(url: str, book: str, count: int) -> float:
        with tempfile.TemporaryDirectory(prefix="vdirsyncer-") as name:
            into = Path(name)
            (into / "cards").mkdir()
            (into / "config").write_text(_VDIRSYNCER.format(folder=name, url=book), "utf-8")
            where = {"VDIRSYNCER_CONFIG": str(into / "config")}
            # Without a discovery it refuses to sync; that is a set-up step, and not timed.
            _run([str(command), "discover"], **where)
            started = time.perf_counter()
            _run([str(command), "sync"], **where)
            taken = time.perf_counter() - started
            got = sum(1 for _ in (into / "cards").iterdir())
            assert got == count, f"{got} cards of {count}"
            return taken

    return f"vdirsyncer {version.strip()}", read


def measure(folder: Path, size: int, runs: int) -> None:
    """Print the table."""
    peers: list[tuple[str, Peer]] = []
    peers.append(("one addressbook-query by curl", lambda _, book, __: curl(book, folder / "book.xml")))
    for install in (tsdav, vdirsyncer):
        try:
            peers.append(install(folder))
        except Left as why:
            print(f"{install.__name__} is left out: {why}")
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name, _ in peers}
    with radicale() as server, service() as served:
        book = server.url + server.book("alice", "book", cards(size)).lstrip("/")
        begin_to_complete(served, server.url, size)
        curl(book, folder / "book.xml")
        for _ in range(runs):
            ours.append(begin_to_complete(served, server.url, size)[0])
            for name, read in peers:
                theirs[name].append(read(server.url, book, size))
    rows = [("begin_import to COMPLETE", spread(ours, " s"), "1")]
    rows += [
        (name, spread(taken, " s"), f"**{spread(ratios(taken, ours), 'x')}**")
        for name, taken in theirs.items()
    ]
    print(
        table(
            f"{size:,} cards of a warm Radicale, {runs} runs", rows, ("seconds", "times ours, pair by pair")
        )
    )


def main() -> None:
    """Parse the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--peers", type=Path, help="a folder for the peers; without it they are gone afterwards"
    )
    arguments = parser.parse_args()
    if arguments.peers is not None:
        measure(arguments.peers, arguments.cards, arguments.runs)
        return
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        measure(Path(folder), arguments.cards, arguments.runs)


if __name__ == "__main__":
    main()
