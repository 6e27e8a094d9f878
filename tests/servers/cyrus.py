"""Cyrus IMAP's CardDAV (Debian: cyrus-imapd, cyrus-caldav, sasl2-bin) on loopback."""

from __future__ import annotations

import base64
import http.client
import imaplib
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tests.needs import needs
from tests.servers.process_group import ProcessGroup
from tests.servers.server_process import answers, fast_folder, free_port

PACKAGES = ("cyrus-imapd", "cyrus-caldav", "sasl2-bin")
_PROGRAMS = ("/usr/lib/cyrus/bin/master", "/usr/lib/cyrus/bin/httpd", "/usr/sbin/saslpasswd2")
_SETUP = Path(__file__).with_name("setup-cyrus.sh")
_AT_ONCE = 1000
"""Cards in one request that fills a book."""


class Cyrus:
    """`url` ends in a slash; at `digest_url` the same server takes no other sign-in than Digest.

    Every user has an empty book `Default` from the start. All have the one password.
    """

    def __init__(self, folder: Path, users: Sequence[str], password: str) -> None:
        self.port, self.digest_port, self._imap_port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.digest_url = f"http://127.0.0.1:{self.digest_port}/"
        self._password = password
        subprocess.run(
            [
                *(str(_SETUP), str(folder)),
                *(str(port) for port in (self.port, self.digest_port, self._imap_port)),
                *users,
            ],
            input=f"{password}\n".encode(),
            check=True,
            capture_output=True,
        )
        self._crowd = ProcessGroup([str(folder / "run")], folder, lambda: answers(self.port))
        self.pid = self._crowd.pid
        try:
            self._make_mailboxes(users)
        except BaseException:
            self.stop()
            raise

    def _make_mailboxes(self, users: Sequence[str]) -> None:
        with imaplib.IMAP4("127.0.0.1", self._imap_port, timeout=60) as session:
            session.login("cyrus", self._password)
            for user in users:
                answer, words = session.create(f"user/{user}")
                if answer != "OK":
                    raise RuntimeError(f"no mailbox for {user}: {words!r}")

    def fill(self, user: str, cards: Iterable[str]) -> str:
        """Adds the cards to the user's book `Default`, under names of the server's; returns its path.

        One request brings many cards, all of one version of vCard: the server refuses others than it names.
        """
        path = f"/dav/addressbooks/user/{quote(user)}/Default/"
        pair = base64.b64encode(f"{user}:{self._password}".encode()).decode()
        versions: dict[str, list[str]] = {}
        for card in cards:
            versions.setdefault(card.partition("VERSION:")[2][:3], []).append(card)
        batches = [
            (version, some[start : start + _AT_ONCE])
            for version, some in versions.items()
            for start in range(0, len(some), _AT_ONCE)
        ]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            for version, some in batches:
                headers = {
                    "Authorization": f"Basic {pair}",
                    "Content-Type": f"text/vcard; version={version}; charset=utf-8",
                }
                connection.request("POST", path, "".join(some).encode(), headers)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 207 or body.count(b"<D:getetag>") != len(some):
                    raise RuntimeError(f"{answer.status} to {len(some)} cards: {body[:1000]!r}")
        finally:
            connection.close()
        return path

    def stop(self) -> None:
        self._crowd.stop()


@contextmanager
def cyrus(users: Sequence[str], password: str) -> Generator[Cyrus]:
    """A server in a folder of its own; both are gone afterwards. Left out where the packages are not installed."""
    if not all(Path(program).exists() for program in _PROGRAMS):
        needs("Cyrus IMAP", f"apt-get install {' '.join(PACKAGES)}")
    with tempfile.TemporaryDirectory(prefix="cyrus-", dir=fast_folder()) as folder:
        server = Cyrus(Path(folder), users, password)
        try:
            yield server
        finally:
            server.stop()
