"""DAViCal (Debian's package) on loopback: a PostgreSQL, a PHP and an nginx of its own."""

from __future__ import annotations

import base64
import http.client
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.needs import needs
from tests.servers.process_group import ProcessGroup
from tests.servers.server_process import fast_folder, free_port

PACKAGES = (
    *("davical", "postgresql", "php-fpm", "php-pgsql", "php-xml", "nginx"),
    *("libyaml-perl", "libdbd-pg-perl"),
)
_SETUP = Path(__file__).with_name("setup-davical.sh")
_GOODBYE = 10.0
"""Seconds that PostgreSQL has to end by itself."""
_BOOK = b"""\
<?xml version="1.0" encoding="utf-8"?>
<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop>
<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>
</D:prop></D:set></D:mkcol>
"""


def _is_installed() -> bool:
    """Whether all is there that the script calls; the two modules of Perl are the database's own tools' need."""
    usr = Path("/usr")
    perl = subprocess.run(["perl", "-MYAML", "-MDBD::Pg", "-e", "1"], capture_output=True, check=False)
    return (
        perl.returncode == 0
        and (usr / "share/davical/dba/create-database.sh").exists()
        and (usr / "sbin/nginx").exists()
        and any(usr.glob("sbin/php-fpm*"))
        and any(usr.glob("lib/postgresql/*/bin/initdb"))
        and any(usr.glob("lib/php/*/pdo_pgsql.so"))
    )


class Davical:
    """`url` ends in a slash; the well-known address leads from there to `/caldav.php/`.

    Users have no book at first. All have the one password.
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
        with ExitStack() as stack:
            # What is started first is ended last.
            database = self._start(folder, "database", (folder / ".s.PGSQL.5432").exists)
            stack.callback(database.stop)
            stack.callback(_let_end, database)
            stack.callback(self._start(folder, "php", (folder / "php").exists).stop)
            stack.callback(self._start(folder, "web", lambda: self._answers_to(users[0])).stop)
            self._stack = stack.pop_all()

    @staticmethod
    def _start(folder: Path, name: str, ready: Callable[[], bool]) -> ProcessGroup:
        return ProcessGroup([str(folder / "run"), name], folder, ready)

    def _answers_to(self, user: str) -> bool:
        """Whether all three are ready."""
        try:
            return self._ask(user, "PROPFIND", f"/caldav.php/{quote(user)}/") == 207
        except (OSError, http.client.HTTPException):
            return False

    def _ask(
        self, user: str, method: str, path: str, body: bytes = b"", kind: str = "application/xml"
    ) -> int:
        pair = base64.b64encode(f"{user}:{self._password}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": kind, "Depth": "0"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def book(self, user: str, name: str, cards: Iterable[str]) -> str:
        """Makes a book with these cards, under names of the server's; returns its path."""
        path = f"/caldav.php/{quote(user)}/{name}/"
        made = self._ask(user, "MKCOL", path, _BOOK)
        if made != 201:
            raise RuntimeError(f"{made} to MKCOL of {path}")
        body = "".join(cards).encode()
        if body:
            filled = self._ask(user, "PUT", path, body, "text/vcard")
            if filled not in (200, 201, 204):
                raise RuntimeError(f"{filled} to PUT of {path}")
        return path

    def stop(self) -> None:
        self._stack.close()


def _let_end(database: ProcessGroup) -> None:
    """PostgreSQL gives its memory back to the system only when it ends by itself."""
    if database.alive:
        os.kill(database.pid, signal.SIGINT)
    end = time.monotonic() + _GOODBYE
    while database.alive and time.monotonic() < end:
        time.sleep(0.02)


@contextmanager
def davical(users: Sequence[str], password: str) -> Generator[Davical]:
    """A server in a folder of its own; both are gone afterwards. Left out where the packages are not installed."""
    if not _is_installed():
        needs("DAViCal", f"apt-get install {' '.join(PACKAGES)}")
    with tempfile.TemporaryDirectory(prefix="davical-", dir=fast_folder()) as folder:
        server = Davical(Path(folder), users, password)
        try:
            yield server
        finally:
            server.stop()
