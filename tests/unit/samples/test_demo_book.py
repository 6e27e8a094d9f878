"""The demo's address book: 200 files, always the same, and one of each thing that the demo shows."""

from __future__ import annotations

import re

from samples import demo_book
from samples.pictures import jpeg, png


def kinds(trait: bytes) -> list[str]:
    return sorted(name for name, data in demo_book.files().items() if trait in data)


def test_the_book_is_always_the_same() -> None:
    assert demo_book.files() == demo_book.files()
    assert len(demo_book.files()) == 200


def test_one_card_is_filed_twice_byte_for_byte() -> None:
    contents = list(demo_book.files().values())
    assert len(contents) - len(set(contents)) == 1


def test_groups_are_written_as_apple_and_as_vcard_4_write_them() -> None:
    assert kinds(b"X-ADDRESSBOOKSERVER-KIND:group") == ["group-choir.vcf"]
    assert kinds(b"\r\nKIND:group") == ["group-committee.vcf"]
    assert kinds(b"\r\nKIND:org") == ["company-harbour.vcf"]


def test_members_of_groups_are_people_of_the_book() -> None:
    for name in ("group-choir.vcf", "group-committee.vcf"):
        lines = demo_book.files()[name].decode().split("\r\n")
        members = [line.rpartition(":")[2] for line in lines if "MEMBER:" in line]
        assert members
        assert all(f"{member}.vcf" in demo_book.files() for member in members)


def test_ten_people_have_a_picture() -> None:
    assert len(kinds(b"\r\nPHOTO")) == 10


def test_one_card_holds_a_line_that_is_no_property() -> None:
    name = re.compile(rb"[A-Za-z0-9]")
    broken = [
        file
        for file, data in demo_book.files().items()
        if not all(name.match(line) for line in data.replace(b"\r\n ", b"").split(b"\r\n") if line)
    ]
    assert broken == ["broken-torn.vcf"]


def test_pictures_are_whole_files_of_their_kind() -> None:
    picture = png((255, 255, 255), (0, 0, 0), size=8)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.endswith(b"IEND\xaeB`\x82")
    picture = jpeg([[0, 255], [255, 0]])
    assert picture.startswith(b"\xff\xd8\xff\xe0")
    assert picture.endswith(b"\xff\xd9")
