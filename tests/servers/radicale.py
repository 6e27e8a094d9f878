"""Radicale (PyPI) on loopback, filled by files laid into its storage folder."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers.server_process import Process, answers, fast_folder, free_port

USERS = {"alice": "secret"}
_CONFIG = """\
[server]
hosts = 127.0.0.1:{port}
max_connections = 40
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/storage
[web]
type = none
[logging]
level = error
"""

_QUICKLY = """\
import sys
from radicale import config, server
found = config.load([(sys.argv[1], False)])
found.update({"storage": {"_filesystem_fsync": "False"}}, "tests", privileged=True)
server.serve(found)
"""
"""Radicale waits for the disk after each card that it caches; nothing here is worth keeping."""


class Radicale:
    """`url` ends in a slash. Books may be added while it runs."""

    def __init__(self, folder: Path, users: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._root = folder / "storage" / "collection-root"
        (folder / "users").write_text("".join(f"{name}:{word}\n" for name, word in users.items()), "utf-8")
        (folder / "config").write_text(_CONFIG.format(port=self.port, folder=folder), "utf-8")
        for name in users:
            (self._root / name).mkdir(parents=True)
        self._process = Process(
            [sys.executable, "-c", _QUICKLY, str(folder / "config")],
            folder,
            lambda: answers(self.port),
        )
        self.pid = self._process.pid

    def book(self, user: str, name: str, cards: Iterable[str]) -> str:
        """Lays a book into the storage, a card a file (`000001.vcf`); returns its path on the server."""
        folder = self._root / user / name
        folder.mkdir(parents=True)
        for number, card in enumerate(cards):
            (folder / f"{number:06d}.vcf").write_bytes(card.encode("utf-8"))
        properties = {"tag": "VADDRESSBOOK", "D:displayname": name}
        (folder / ".Radicale.props").write_text(json.dumps(properties), "utf-8")
        return f"/{user}/{name}/"

    def stop(self) -> None:
        self._process.stop()


@contextmanager
def radicale(users: Mapping[str, str] = USERS) -> Generator[Radicale]:
    """A server in a folder of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="radicale-", dir=fast_folder()) as folder:
        server = Radicale(Path(folder), users)
        try:
            yield server
        finally:
            server.stop()
