"""Xandikos (PyPI) on loopback: a git repository a book, no sign-in over http."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from tests.servers.server_process import Process, answers, fast_folder, free_port

_IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "gc.auto=0")


class Xandikos:
    """`url` ends in a slash. Its only user is alice, who has an empty book `addressbook` from the start."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._root = folder / "data"
        self._root.mkdir()
        self._process = Process(
            [
                *(sys.executable, "-m", "xandikos", "serve", "-d", str(self._root)),
                *("-l", "127.0.0.1", "-p", str(self.port)),
                *("--current-user-principal", "/alice/", "--defaults"),
            ],
            folder,
            lambda: answers(self.port),
        )
        self.pid = self._process.pid

    def fill(self, cards: Iterable[str]) -> str:
        """Commits the cards into alice's book; returns its path on the server."""
        folder = self._root / "alice" / "contacts" / "addressbook"
        for number, card in enumerate(cards):
            (folder / f"{number:06d}.vcf").write_bytes(card.encode("utf-8"))
        for command in (("add", "-A"), ("commit", "-q", "-m", "cards")):
            subprocess.run(["git", *_IDENTITY, *command], cwd=folder, check=True, capture_output=True)
        return "/alice/contacts/addressbook/"

    def stop(self) -> None:
        self._process.stop()


@contextmanager
def xandikos() -> Generator[Xandikos]:
    """A server in a folder of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="xandikos-", dir=fast_folder()) as folder:
        server = Xandikos(Path(folder))
        try:
            yield server
        finally:
            server.stop()
