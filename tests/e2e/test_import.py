"""`contactport import`: an address book on a terminal or in a pipe, without the service."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from contactport.contact import Contact, Group
from contactport.formats import vcard
from tests.e2e.paused_server import PausedServer, people
from tests.e2e.service_process import PATIENCE, command, environment, until
from tests.e2e.terminal import on_terminal

COUNT = 250
GROUP = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:group\r\nFN:Friends\r\nN:Friends;;;;\r\n"
    "X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:uid-7\r\nEND:VCARD\r\n"
)


@pytest.fixture(scope="module")
def book() -> Generator[PausedServer]:
    """250 people, one of them in a group, and an open gate."""
    with PausedServer({**people(COUNT), "group.vcf": GROUP}) as server:
        server.gate.open()
        yield server


@pytest.fixture
def broken() -> Generator[PausedServer]:
    """Three people, and a card that can't be read."""
    with PausedServer({**people(3), "x.vcf": "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:No end\r\n"}) as server:
        server.gate.open()
        yield server


def arguments(book: PausedServer, *more: str) -> tuple[str, ...]:
    return (
        *("import", "carddav", "--server", book.url, "--username", "alice"),
        *("--allow-network", "127.0.0.0/8", *more),
    )


def people_of(addresses: Iterable[str]) -> bool:
    return sorted(addresses) == sorted(f"person.{number}@example.org" for number in range(COUNT))


def wire_addresses(contacts: Iterable[dict[str, Any]]) -> list[str]:
    return [email["address"] for contact in contacts for email in contact["email"]]


LEDGER = f"{COUNT} found = {COUNT} delivered + 0 merged + 0 rejected\n"


def test_json(book: PausedServer, tmp_path: Path) -> None:
    done = command(*arguments(book, "--format", "json"), data=tmp_path / "data", stdin="secret\n")
    assert (done.returncode, done.stderr) == (0, LEDGER)
    contacts = json.loads(done.stdout)
    assert people_of(wire_addresses(contacts))
    assert [one["last_name"] for one in contacts if one["groups"] == ["Friends"]] == ["7"]
    # Nothing is trimmed on the user's own machine.
    assert all(one["address"][0]["city"] == "Berlin" for one in contacts)
    assert not (tmp_path / "data").exists()


def test_ndjson(book: PausedServer, tmp_path: Path) -> None:
    done = command(*arguments(book, "--format", "ndjson"), data=tmp_path / "data", stdin="secret")
    assert (done.returncode, done.stderr) == (0, LEDGER)
    assert people_of(wire_addresses(json.loads(line) for line in done.stdout.splitlines()))


def test_csv(book: PausedServer, tmp_path: Path) -> None:
    done = command(*arguments(book, "--format", "csv"), data=tmp_path / "data", stdin="secret\r\n")
    assert (done.returncode, done.stderr) == (0, LEDGER)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert people_of(row["E-mail 1 - Value"] for row in rows)
    assert [row["Last Name"] for row in rows if "Friends" in row["Labels"]] == ["7"]


def test_vcard_to_a_file(book: PausedServer, tmp_path: Path) -> None:
    path = tmp_path / "book.vcf"
    done = command(*arguments(book, "--output", str(path)), data=tmp_path / "data", stdin="secret\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", LEDGER)
    items = list(vcard.read([path.read_bytes()]))
    assert people_of(item.emails[0].address for item in items if isinstance(item, Contact))
    assert [item.members for item in items if isinstance(item, Group)] == [["uid-7"]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["book.vcf"]


def test_the_name_of_the_output_decides_on_its_format(book: PausedServer, tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    done = command(*arguments(book, "--output", str(path)), data=tmp_path / "data", stdin="secret\n")
    assert (done.returncode, done.stderr) == (0, LEDGER)
    assert people_of(row["E-mail 1 - Value"] for row in csv.DictReader(io.StringIO(path.read_text())))


@pytest.mark.parametrize(("lenient", "code"), [((), 1), (("--lenient",), 0)])
def test_what_was_rejected_is_told(
    broken: PausedServer, tmp_path: Path, lenient: tuple[str, ...], code: int
) -> None:
    done = command(*arguments(broken, "--format", "ndjson", *lenient), data=tmp_path, stdin="secret\n")
    assert done.returncode == code
    assert len(done.stdout.splitlines()) == 3
    first, last = done.stderr.splitlines()
    assert first.startswith("rejected: /dav/alice/book/x.vcf")
    assert last == "4 found = 3 delivered + 0 merged + 1 rejected"


def test_a_wrong_password_is_told_with_its_code(book: PausedServer, tmp_path: Path) -> None:
    path = tmp_path / "book.json"
    path.write_text("as it was")
    done = command(
        *arguments(book, "--format", "json", "--output", str(path)), data=tmp_path, stdin="not that one\n"
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "263" in done.stderr
    assert "do not match" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "not that one" not in done.stderr
    assert path.read_text() == "as it was"
    assert [one.name for one in tmp_path.iterdir()] == ["book.json"]


def test_loopback_is_refused_unless_it_is_allowed(book: PausedServer, tmp_path: Path) -> None:
    asked = len(book.asked)
    done = command(
        *("import", "carddav", "--server", book.url, "--username", "alice"), data=tmp_path, stdin="secret\n"
    )
    assert done.returncode == 3
    assert "257" in done.stderr
    assert "--allow-network" in done.stderr
    assert len(book.asked) == asked


@pytest.mark.parametrize(
    ("given", "stdin", "says"),
    [
        (("nosuch", "--username", "a@example.org"), "secret\n", "icloud"),
        (("facebook", "--username", "a@example.org"), "secret\n", "acebook"),
        (("carddav", "--username", "alice"), "secret\n", "--server"),
        (("carddav", "--username", "alice", "--server", "http://u:p@host/"), "secret\n", "user name"),
        (("carddav", "--server", "https://example.org"), "secret\n", "--username"),
        (("carddav", "--username", "a@example.org"), "", "no password"),
        (("carddav", "--username", "a@example.org"), "\nsecret\n", "no password"),
        (("carddav", "--username", "a@example.org"), "x" * 5000, "longer"),
        (("carddav", "--username", "a@example.org", "--format", "xls"), "secret\n", "xls"),
        (
            ("carddav", "--username", "a@example.org", "--format", "vcf", "--output", "b.csv"),
            "secret\n",
            "b.csv",
        ),
        (("carddav", "--username", "a@example.org", "--output", "b.xls"), "secret\n", "--format"),
        (("carddav", "--username", "a@example.org", "--allow-network", "home"), "secret\n", "home"),
    ],
)
def test_what_is_not_valid_is_said_before_anybody_is_asked(
    tmp_path: Path, given: tuple[str, ...], stdin: str, says: str
) -> None:
    done = command("import", *given, data=tmp_path, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "secret" not in done.stderr


def test_a_file_that_can_t_be_written_is_said(book: PausedServer, tmp_path: Path) -> None:
    path = tmp_path / "none" / "book.vcf"
    done = command(*arguments(book, "--output", str(path)), data=tmp_path, stdin="secret\n")
    assert done.returncode == 1
    assert str(path) in done.stderr


def test_a_full_disk_is_said(book: PausedServer, tmp_path: Path) -> None:
    done = command(*arguments(book, "--output", "/dev/full"), data=tmp_path, stdin="secret\n")
    assert done.returncode == 1
    assert "No space left" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_full_disk_behind_standard_output_is_said(book: PausedServer, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "contactport", *arguments(book)],
            input=b"secret\n",
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
            timeout=PATIENCE,
        )
    assert done.returncode == 1
    assert b"No space left" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_has_enough_is_no_reason_to_complain(book: PausedServer, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "contactport", *arguments(book, "--format", "ndjson")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(b"secret\n")
        process.stdin.close()
        told = process.stderr.read()
    assert (process.returncode, told) == (141, b"")


def test_contacts_come_out_as_they_come_in(tmp_path: Path) -> None:
    with (
        PausedServer(people(1200)) as book,
        subprocess.Popen(
            [sys.executable, "-m", "contactport", *arguments(book)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"secret\n")
        process.stdin.close()
        os.set_blocking(process.stdout.fileno(), False)

        def arrived() -> bytes | None:
            book.gate.pass_one()
            return process.stdout.read() if process.stdout else None

        first = until(arrived)
        assert first.startswith(b"BEGIN:VCARD")
        # There is more to come: the gate has not been opened.
        assert process.poll() is None
        assert sum(map(len, book.asked)) <= 1200
        book.gate.open()
        os.set_blocking(process.stdout.fileno(), True)
        whole = first + process.stdout.read()
    assert whole.count(b"BEGIN:VCARD") == 1200
    assert process.returncode == 0


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "book.vcf"
    with (
        PausedServer(people(10)) as book,
        subprocess.Popen(
            [sys.executable, "-m", "contactport", *arguments(book, "--output", str(path))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(tmp_path),
        ) as process,
    ):
        assert process.stdin is not None
        process.stdin.write(b"secret\n")
        process.stdin.flush()
        until(lambda: book.asked or None)
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, told) == (130, b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_on_a_terminal_the_password_is_asked_for_and_not_shown(book: PausedServer, tmp_path: Path) -> None:
    path = tmp_path / "book.json"
    code, shown = on_terminal(
        *arguments(book, "--format", "json"), data=tmp_path, steps=[("Password", "secret\n")], output=path
    )
    assert code == 0, shown
    assert "Password of alice at Any CardDAV server" in shown
    assert "secret" not in shown
    assert shown.rstrip().endswith(LEDGER.strip())
    assert people_of(wire_addresses(json.loads(path.read_text())))


def test_on_a_terminal_a_bar_shows_how_far_it_is(tmp_path: Path) -> None:
    with PausedServer(people(1200)) as book:
        code, shown = on_terminal(
            *arguments(book, "--output", str(tmp_path / "book.vcf")),
            data=tmp_path,
            steps=[
                ("Password", "secret\n"),
                ("finding the address book", book.gate.open),
            ],
        )
    assert code == 0, shown
    assert "of 1,200 cards" in shown


def test_where_contacts_go_to_the_terminal_no_bar_stands_between_them(
    broken: PausedServer, tmp_path: Path
) -> None:
    code, shown = on_terminal(
        *arguments(broken, "--format", "ndjson"), data=tmp_path, steps=[("Password", "secret\n")]
    )
    assert code == 1
    assert "importing" not in shown
    assert shown.count('{"first_name"') == 3


def test_ctrl_d_at_the_password_is_quiet(book: PausedServer, tmp_path: Path) -> None:
    code, shown = on_terminal(*arguments(book), data=tmp_path, steps=[("Password", "\x04")])
    assert code == 130
    assert "Traceback" not in shown
    assert "rror" not in shown


def test_removing_a_domain_is_asked_for_on_a_terminal(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert command("domain", "add", "shop", "--create", data=data).returncode == 0
    code, shown = on_terminal("domain", "rm", "shop", data=data, steps=[("Remove domain 'shop'", "n\n")])
    assert code == 130, shown
    assert len(json.loads(command("domain", "list", "--json", data=data).stdout)) == 1
    code, shown = on_terminal("domain", "rm", "shop", data=data, steps=[("Remove domain 'shop'", "y\n")])
    assert code == 0, shown
    assert json.loads(command("domain", "list", "--json", data=data).stdout) == []
