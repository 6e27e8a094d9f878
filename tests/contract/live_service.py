"""A running service for the contract tests: a `contactport serve` process, and a Radicale with address books."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tests.contract.raw import FORM, RawResponse, ask, basic, form
from tests.e2e.service_process import RunningService, command, service, until
from tests.servers.radicale import Radicale, radicale

ADA = "ada@example.com"
"""Whose book is small and has one of everything."""
BIG = "big"
"""Whose book has MANY cards, more than an answer sends in one piece."""
MANY = 1100
SECRET = "open sesame "
"""Everybody's password, with spaces that count."""

_ADA = """\
BEGIN:VCARD
VERSION:3.0
UID:alexie
N:Lesch;Alexie;;Dr;
FN:Dr Alexie Lesch
TEL;TYPE=CELL;TYPE=PREF:5555555555
EMAIL;TYPE=INTERNET;TYPE=HOME:a@example.net
EMAIL;TYPE=INTERNET;TYPE=HOME:b@example.net
ADR;TYPE=HOME:;;429 Leopold Terrace;Port Rossie;Texas;61887;Botswana
BDAY:1989-10-27
ORG:Lesch & Söhne <Ltd>
TITLE:Engineer
END:VCARD
|BEGIN:VCARD
VERSION:3.0
UID:bare
N:Bare;;;;
FN:Bare
EMAIL:bare@example.net
TEL:+49 30 123
BDAY:--03-04
END:VCARD
|BEGIN:VCARD
VERSION:3.0
UID:club
N:Club;;;;
FN:Club
X-ADDRESSBOOKSERVER-KIND:group
X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:alexie
END:VCARD
"""


def _cards(text: str) -> list[str]:
    return [card.replace("\n", "\r\n") for card in text.split("|")]


def _many(count: int) -> list[str]:
    return [
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{n}\r\nN:N{n};P;;;\r\nFN:P N{n}\r\nEMAIL:{n}@example.net\r\nEND:VCARD\r\n"
        for n in range(count)
    ]


class Pair(msgspec.Struct, frozen=True):
    """A domain's key pair."""

    key: str
    password: str

    @property
    def basic(self) -> str:
        """The header line."""
        return basic(self.key, self.password)

    @property
    def arguments(self) -> dict[str, str]:
        return {"domain_key": self.key, "domain_password": self.password}


class LiveService:
    """`port` is the service's; `pair` and `other` are two domains."""

    def __init__(self, running: RunningService, books: Radicale, pair: Pair, other: Pair) -> None:
        port = urlsplit(running.url).port
        assert port is not None
        self.port = port
        self.running = running
        self.books = books
        self.pair = pair
        self.other = other

    def domain(self, name: str) -> Pair:
        """A new domain."""
        return _pair(self.running.data, name)

    def account(self, username: str = ADA, password: str = SECRET) -> dict[str, str]:
        """The arguments that begin an import of a user's book."""
        return {
            "service": "carddav",
            "username": username,
            "password": password,
            "server": self.books.url,
        }

    def ask(self, method: str, target: str, *headers: str, body: bytes = b"") -> RawResponse:
        """With the key pair by Basic."""
        return ask(self.port, method, target, self.pair.basic, *headers, body=body)

    def begin(self, **more: str) -> int:
        """A new import's id."""
        fields = self.account() | more
        answer = self.ask("POST", "/begin_import/import", FORM, body=form(fields))
        assert answer.status == 200, answer.body
        return int(answer.json()["import_id"])

    def events(self, import_id: int) -> list[dict[str, Any]]:
        return self.ask("GET", f"/events/{import_id}").json()["events"]

    def ended(self, import_id: int) -> int:
        """The same id, once the import has ended."""
        until(lambda: True if self.events(import_id)[-1]["event_type"] == "COMPLETE" else None)
        return import_id


def _pair(data: Path, name: str) -> Pair:
    made = command("domain", "add", name, "--create", "--json", data=data)
    assert made.returncode == 0, made.stderr
    given = msgspec.json.decode(made.stdout)
    return Pair(given["domain_key"], given["domain_password"])


@contextmanager
def live_service(folder: Path) -> Generator[LiveService]:
    """Both servers in their own folder, which is deleted afterwards."""
    data = folder / "data"
    with (
        radicale({ADA: SECRET, BIG: SECRET, "empty": SECRET}) as books,
        service(data) as running,
    ):
        books.book(ADA, "book", _cards(_ADA))
        books.book(BIG, "book", _many(MANY))
        books.book("empty", "book", [])
        yield LiveService(running, books, _pair(data, "shop"), _pair(data, "another shop"))
