"""`contactport convert`, as a person runs it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from contactport.contact import Contact, Group, Item, Skipped
from contactport.formats import registry, vcard
from contactport.formats.detect import detect
from contactport.formats.registry import FileFormat
from contactport.memberships import GROUPS
from samples.book import cards

BROKEN = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:Bad\r\nEMAIL\r\nEND:VCARD\r\n"
THING = "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:org\r\nFN:Acme\r\nEND:VCARD\r\n"
GROUP = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Friends\r\nFN:Friends\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n"
    "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:sample-1-0\r\nEND:VCARD\r\n"
)


def contactport(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "contactport", *arguments], input=stdin, capture_output=True, check=False
    )


def read(data: bytes) -> list[Item]:
    return list(vcard.read([data]))


@pytest.fixture(scope="module")
def book() -> bytes:
    return "".join(cards(30, pictures=0.2)).encode()


@pytest.fixture
def file(tmp_path: Path, book: bytes) -> Path:
    path = tmp_path / "all.vcf"
    path.write_bytes(book)
    return path


@pytest.mark.parametrize("target", ["vcf", "vcf4"])
def test_to_vcard_every_contact_is_the_same(file: Path, book: bytes, target: str) -> None:
    done = contactport("convert", str(file), "--to", target)
    assert (done.returncode, done.stderr) == (0, b"")
    assert read(done.stdout) == read(book)


def test_to_lines_of_json(file: Path) -> None:
    done = contactport("convert", str(file), "--to", "ndjson")
    contacts = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(contacts) == 30
    assert list(contacts[0])[:6] == ["first_name", "last_name", "phone", "email", "address", "groups"]


def test_to_one_array_of_json(file: Path) -> None:
    lines = contactport("convert", str(file), "--to", "ndjson").stdout
    array = json.loads(contactport("convert", str(file), "--to", "json").stdout)
    assert array == [json.loads(line) for line in lines.splitlines()]


def test_to_a_table(file: Path) -> None:
    done = contactport("convert", str(file), "--to", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert len(rows) == 30
    assert rows[0]["First Name"] == "Søren"


@pytest.mark.parametrize(
    "each", [each for each in registry.WRITTEN if each.reads or each.options], ids=lambda each: each.name
)
def test_what_is_written_is_recognised_so_that_every_pair_can_be_converted(
    each: FileFormat, book: bytes
) -> None:
    contacts = [item for item in read(book) if isinstance(item, Contact)]
    data = b"".join(each.write(contacts))
    found = registry.get(detect(data).format)
    assert found.name == (each.name if each.reads else "vcf")
    for target in registry.WRITTEN:
        items = list(found.read([data]))
        assert len(items) == len(contacts)
        assert len(list(target.write(items))) >= len(contacts)


def test_from_standard_input_to_another_form_and_back(book: bytes) -> None:
    made = contactport("convert", "-", "--to", "jscontact", stdin=book)
    back = contactport("convert", "-", "--to", "xcard", stdin=made.stdout)
    assert (made.returncode, back.returncode, back.stderr) == (0, 0, b"")
    assert back.stdout.count(b"<vcard>") == 30


def test_standard_input_is_a_dash(book: bytes) -> None:
    done = contactport("convert", "-", "--to", "vcf", stdin=book)
    assert read(done.stdout) == read(book)


def test_nothing_is_merged(book: bytes) -> None:
    done = contactport("convert", "-", "--to", "ndjson", stdin=book * 2)
    assert len(done.stdout.splitlines()) == 60


@pytest.mark.parametrize(("options", "status"), [((), 1), (("--lenient",), 0)])
def test_what_is_sound_is_written_and_a_reject_is_told(
    book: bytes, options: Sequence[str], status: int
) -> None:
    done = contactport("convert", "-", "--to", "vcf", *options, stdin=BROKEN.encode() + book)
    assert done.returncode == status
    assert read(done.stdout) == read(book)
    assert done.stderr.decode().splitlines() == [
        "standard input: line 1: this card says nothing about a person",
        "standard input: 30 contacts written, 1 rejected.",
    ]


def test_rejects_are_written_to_a_file_as_they_came(tmp_path: Path, book: bytes) -> None:
    kept = tmp_path / "rejects.vcf"
    done = contactport("convert", "-", "--to", "vcf", "--rejects", str(kept), stdin=BROKEN.encode() + book)
    assert kept.read_bytes().strip() == BROKEN.encode().strip()
    assert f"1 rejected record is in {kept}." in done.stderr.decode()
    kept.unlink()
    contactport("convert", "-", "--to", "vcf", "--rejects", str(kept), stdin=book)
    assert not kept.exists()


def test_a_card_of_no_person_is_left_out_and_told(book: bytes) -> None:
    done = contactport("convert", "-", "--to", "vcf", stdin=THING.encode() + book)
    assert done.returncode == 0
    assert b"1 cards of organisations, places or things were left out" in done.stderr
    assert not any(isinstance(item, Skipped) for item in read(done.stdout))


def groups_of(line: bytes) -> list[str]:
    return json.loads(line)["groups"]


def test_groups_of_a_file_reach_their_members_wherever_they_stand(file: Path, book: bytes) -> None:
    with file.open("ab") as out:
        out.write(GROUP.encode())
    done = contactport("convert", str(file), "--to", "ndjson")
    first, *_ = done.stdout.splitlines()
    assert "Friends" in groups_of(first)
    assert (done.returncode, done.stderr) == (0, b"")
    rows = list(csv.DictReader(io.StringIO(contactport("convert", str(file), "--to", "csv").stdout.decode())))
    assert "Friends" in rows[0]["Labels"]


def test_groups_in_a_stream_reach_the_contacts_after_them_and_the_rest_is_told(book: bytes) -> None:
    done = contactport("convert", "-", "--to", "ndjson", stdin=GROUP.encode() + book)
    assert "Friends" in groups_of(done.stdout.splitlines()[0])
    assert done.stderr == b""
    done = contactport("convert", "-", "--to", "ndjson", stdin=book + GROUP.encode())
    assert "Friends" not in groups_of(done.stdout.splitlines()[0])
    assert b"1 groups came after contacts" in done.stderr


def test_groups_stay_cards_in_vcard(book: bytes) -> None:
    done = contactport("convert", "-", "--to", "vcf4", stdin=book + GROUP.encode())
    assert read(done.stdout)[-1] == Group("Friends", "", ["sample-1-0"])
    assert done.stderr == b""


@pytest.mark.parametrize("target", ["vcf", "vcf4"])
def test_in_vcard_no_group_comes_late(tmp_path: Path, book: bytes, target: str) -> None:
    path = tmp_path / "all.vcf"
    path.write_bytes(book + GROUP.encode())
    assert contactport("convert", str(path), "--to", target).stderr == b""


def test_an_old_export_in_utf_16_is_read(book: bytes) -> None:
    done = contactport("convert", "-", "--to", "vcf", stdin=book.decode().encode("utf-16"))
    assert read(done.stdout) == read(book)


def test_a_file_that_is_not_there_is_told() -> None:
    done = contactport("convert", "no-such.vcf", "--to", "csv")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"contactport: no-such.vcf can't be read: No such file or directory.\n"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"<html></html>", b"\x89PNG\r\n\x1a\n\0\0"])
def test_a_file_of_another_kind_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    done = contactport("convert", str(path), "--to", "csv")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"x can't be read as contacts. " in done.stderr
    assert b"xport the contacts" in done.stderr


def test_a_format_that_nobody_knows_is_told(file: Path) -> None:
    done = contactport("convert", str(file), "--to", "pdf")
    assert done.returncode == 2
    assert b"'ndjson'" in done.stderr


def test_whoever_has_read_enough_may_leave(tmp_path: Path) -> None:
    path = tmp_path / "all.vcf"
    path.write_text("".join(cards(300, pictures=1)), "utf-8", newline="")
    running = subprocess.Popen(
        [sys.executable, "-m", "contactport", "convert", str(path), "--to", "ndjson"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    assert running.stderr is not None
    with running, running.stdout as out:
        out.read(100)
        out.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def test_it_loads_nothing_of_the_service(file: Path) -> None:
    program = (
        "import sys\nfrom contactport.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "convert", str(file), "--to", "ndjson"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded.isdisjoint({"aiohttp", "alembic", "asyncio", "dbos", "rich", "sqlalchemy", "starlette"})


def test_the_contacts_are_those_of_the_reader(book: bytes) -> None:
    assert all(isinstance(item, Contact) for item in read(book))


def test_what_is_beyond_the_budgets_is_cut_and_told() -> None:
    long = f"BEGIN:VCARD\r\nFN:Ada\r\nUID:a\r\nTITLE:{'t' * 2_000}\r\nEND:VCARD\r\n"
    groups = "".join(
        f"BEGIN:VCARD\r\nKIND:group\r\nFN:g{at}\r\nMEMBER:a\r\nEND:VCARD\r\n" for at in range(GROUPS + 1)
    )
    done = contactport("convert", "-", "--to", "ndjson", stdin=(groups + long).encode())
    contact = json.loads(done.stdout)
    assert contact["job_title"] == "t" * 1_000
    assert contact["groups"] == [f"g{at}" for at in range(GROUPS)]
    notes = done.stderr.decode().splitlines()
    assert "a text among the titles of this contact is cut to 1000 characters" in notes[0]
    assert notes[1].startswith("standard input: 1 memberships of groups are left out")


def test_ldif_is_told_by_its_bytes_and_its_lists_reach_their_members() -> None:
    entries = (
        "# exported\ndn: cn=Jane,mail=j@example.org\nobjectclass: person\ncn: Jane\nmail: j@example.org\n\n"
        "dn: cn=Team\nobjectclass: groupOfNames\ncn: Team\nmember: cn=Jane,mail=j@example.org\n"
    )
    done = contactport("convert", "-", "--to", "vcf", stdin=entries.encode())
    assert (done.returncode, done.stderr) == (0, b"")
    contact, group = read(done.stdout)
    assert isinstance(contact, Contact)
    assert isinstance(group, Group)
    assert group.members == [contact.uid]


def test_the_lists_of_an_ldif_file_reach_members_before_them(tmp_path: Path) -> None:
    file = tmp_path / "book.ldif"
    file.write_text(
        "version: 1\n\ndn: uid=j\nobjectclass: person\ncn: Jane\n\n"
        "dn: uid=t\nobjectclass: groupOfNames\ncn: Team\nmember: uid=j\n"
    )
    done = contactport("convert", str(file), "--to", "ndjson")
    assert json.loads(done.stdout)["groups"] == ["Team"]
