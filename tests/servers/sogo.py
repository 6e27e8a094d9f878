"""SOGo (Debian's package) on loopback, with a PostgreSQL and a memcached of its own."""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.needs import needs
from tests.servers.process_group import ProcessGroup
from tests.servers.server_process import fast_folder, free_port

PACKAGES = ("sogo", "memcached", "postgresql")
PERSONAL = "personal"
_SETUP = Path(__file__).with_name("setup-sogo.sh")
_SYSTEMS = Path("/etc/sogo/sogo.conf")
"""SOGo reads it before it looks at what it is told, and gives up where it may not."""
_AT_ONCE = 4
"""Requests at a time that fill a book: each brings one card, and SOGo has six workers."""


def _is_installed() -> bool:
    usr = Path("/usr")
    return (
        (usr / "sbin/sogod").exists()
        and (usr / "bin/memcached").exists()
        and any(usr.glob("lib/postgresql/*/bin/initdb"))
        and any(usr.glob("lib/GNUstep/GDLAdaptors-*/PostgreSQL.gdladaptor"))
    )


class _Watched(ProcessGroup):
    """A watchdog that keeps up its number of workers, each of them the leader of a group of its own."""

    def stop(self) -> None:
        if self.alive:
            # While it is held it starts no worker, and none that ended gives its number to another process.
            os.kill(self.pid, signal.SIGSTOP)
            for worker in _children(self.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
        super().stop()


def _children(parent: int) -> list[int]:
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # The name, in brackets, may hold anything; after it come the state and the parent.
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(folder.name))
    return found


class Sogo:
    """`url` ends in a slash; DAV is at `/SOGo/dav/`, and every other address answers with a page for people.

    Every user has an empty book `personal` from the start, and sees all users in a book `directory`. All have the
    one password.
    """

    def __init__(self, folder: Path, users: Sequence[str], password: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self._password = password
        done = subprocess.run(
            [str(_SETUP), str(folder), str(self.port), *users],
            input=f"{password}\n".encode(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError((done.stdout + done.stderr).decode("utf-8", "replace")[-2000:])
        run = str(folder / "run")
        with ExitStack() as stack:
            # What is started first is ended last.
            database = ProcessGroup([run, "database"], folder, (folder / ".s.PGSQL.5432").exists)
            stack.callback(database.stop)
            stack.callback(subprocess.run, [run, "farewell"], check=False, capture_output=True)
            stack.callback(ProcessGroup([run, "cache"], folder, (folder / "cache").exists).stop)
            stack.callback(_Watched([run, "web"], folder, lambda: self._answers_to(users[0])).stop)
            self._stack = stack.pop_all()

    def _answers_to(self, user: str) -> bool:
        """Whether all three are ready."""
        try:
            return self.ask(user, "PROPFIND", f"/SOGo/dav/{quote(user)}/")[0] == 207
        except (OSError, http.client.HTTPException):
            return False

    def ask(
        self,
        user: str,
        method: str,
        path: str,
        body: bytes = b"",
        kind: str = "application/xml",
        depth: int = 0,
    ) -> tuple[int, bytes]:
        """Status and body of one request on a connection of its own: SOGo lets go of one that it has answered."""
        pair = base64.b64encode(f"{user}:{self._password}".encode()).decode()
        headers = {
            "Authorization": f"Basic {pair}",
            "Content-Type": kind,
            "Depth": str(depth),
            # To one that does not say who asks it may show what it shows to an iPhone: no directory.
            "User-Agent": "tests",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def book(self, user: str, name: str, cards: Iterable[str]) -> str:
        """Adds the cards to the book, and makes it if it is not `personal`; returns its path."""
        path = f"/SOGo/dav/{quote(user)}/Contacts/{name}/"
        # The first to ask for a user's books makes `personal`: two at once would get in each other's way.
        status, body = self.ask(user, "PROPFIND", f"/SOGo/dav/{quote(user)}/Contacts/{PERSONAL}/")
        if status == 207 and name != PERSONAL:
            status, body = self.ask(user, "MKCOL", path)
        if status not in (201, 207):
            raise RuntimeError(f"{status} before {path} was there: {body[:1000]!r}")

        def put(numbered: tuple[int, str]) -> None:
            number, card = numbered
            status, body = self.ask(
                user, "PUT", f"{path}{number}.vcf", card.encode(), "text/vcard; charset=utf-8"
            )
            if status != 201:
                raise RuntimeError(f"{status} to PUT of card {number} into {path}: {body[:1000]!r}")

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(put, enumerate(cards)))
        return path

    def stop(self) -> None:
        self._stack.close()


@contextmanager
def sogo(users: Sequence[str], password: str) -> Generator[Sogo]:
    """A server in a folder of its own; both are gone afterwards. Left out where the packages are not installed."""
    if not _is_installed():
        needs("SOGo", f"apt-get install {' '.join(PACKAGES)}")
    if _SYSTEMS.exists() and not os.access(_SYSTEMS, os.R_OK):
        needs("SOGo", f"a user who may read {_SYSTEMS}, such as root or one of the group sogo")
    with tempfile.TemporaryDirectory(prefix="sogo-", dir=fast_folder()) as folder:
        server = Sogo(Path(folder), users, password)
        try:
            yield server
        finally:
            server.stop()
