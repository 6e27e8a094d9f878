"""`formats.archive`: ZIPs with files of contacts, and ZIPs that are traps."""

from __future__ import annotations

import io
import re
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Contact, Email, Item, Name, Note, Reject
from contactport.formats import archive, vcard, zip_parts
from tests.unit.formats.workbooks import packed, sheet, workbook

ADA = Contact(name=Name("Lovelace", "Ada"), formatted_name="Ada Lovelace", emails=[Email("ada@example.org")])
BEN = Contact(name=Name("Ada", "Ben"), formatted_name="Ben Ada", emails=[Email("ben@example.org")])
CARDS = b"".join(vcard.write([ADA, BEN]))
CARD = b"".join(vcard.write([ADA]))
LDIF = b"version: 1\n\ndn: cn=x\ncn: Eve\nmail: eve@example.org\nsn: E\n"
BOOK = workbook(sheet([["First Name", "E-mail"], ["Max", "max@example.org"]]))


def read(data: bytes) -> list[Item]:
    return list(archive.read([data]))


def names(data: bytes) -> list[str]:
    return [
        item.formatted_name or item.name.given if isinstance(item, Contact) else type(item).__name__
        for item in read(data)
    ]


def reason(data: bytes) -> str:
    (item,) = read(data)
    assert isinstance(item, Reject)
    return item.reason


def test_takeout_is_read_without_its_repetitions_and_pictures() -> None:
    """Its layout: a folder for each label, with the same cards in each."""
    data = packed(
        {
            "Takeout/archive_browser.html": "<!DOCTYPE html><html>",
            "Takeout/Contacts/All Contacts/All Contacts.vcf": CARDS,
            "Takeout/Contacts/All Contacts/Ada Lovelace.jpg": b"\xff\xd8\xff\xe0",
            "Takeout/Contacts/My Contacts/My Contacts.vcf": CARD,
        }
    )
    assert names(data) == ["Ada Lovelace", "Ben Ada", "Note"]
    assert read(data)[-1] == Note(
        "file", "1 contacts are in several files of this archive, and are read once"
    )


def test_every_format_in_one_archive() -> None:
    data = packed(
        {
            "a.vcf": CARDS,
            "b.ldif": LDIF,
            "c.xlsx": BOOK,
            "__MACOSX/._a.vcf": b"\0\5\x16\7",
            ".DS_Store": b"\0\0\0\1Bud1",
            "deep/er/d.vcf": CARD.replace(b"Ada", b"Zoe").decode().encode("utf_16"),
        }
    )
    assert names(data) == ["Ada Lovelace", "Ben Ada", "Eve", "Max", "Zoe Lovelace"]


def test_places_say_which_file_and_no_name() -> None:
    data = packed({"secret.vcf": CARD, "b.vcf": CARDS + b"BEGIN:VCARD\r\nEND:VCARD\r\n"})
    rejects = [item for item in read(data) if isinstance(item, Reject)]
    assert [item.place for item in rejects] == [f"file 2, line {CARDS.count(b'BEGIN') * 6 + 1}"]
    assert "secret" not in repr(read(data))


def test_names_are_never_paths() -> None:
    data = packed({"../../etc/passwd.vcf": CARD, "/abs.vcf": CARDS, "c:\\x.vcf": CARD, "a\0b.vcf": CARD})
    assert [name for name in names(data) if name != "Note"] == ["Ada Lovelace", "Ben Ada"]


def test_two_in_one_file_are_two() -> None:
    assert names(packed({"a.vcf": CARD + CARD})) == ["Ada Lovelace", "Ada Lovelace"]


def test_an_archive_within_is_not_opened() -> None:
    data = packed({"a.zip": packed({"x.vcf": CARDS}), "b.vcf": CARD})
    assert read(data)[0] == Note("file 1", archive.NESTED)
    assert names(data) == ["Note", "Ada Lovelace"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({}, "this archive is empty"),
        ({"a.jpg": b"\xff\xd8\xff\xe0", "b.jpg": b"\xff\xd8\xff\xe0"}, "2 times a picture (JPEG)"),
        ({"AddressBook-v22.abcddb": b"SQLite format 3\0"}, "a database (SQLite)"),
        ({"README": b"Name,E-mail\nAda,ada@example.org\n"}, "a text"),
    ],
)
def test_an_archive_without_contacts_is_refused_in_words(parts: dict[str, bytes], words: str) -> None:
    assert words in reason(packed(parts))


def test_a_part_that_unpacks_to_very_much_is_refused_and_others_are_read() -> None:
    data = packed({"a.vcf": CARD + b" " * 30_000_000, "b.vcf": CARDS})
    assert len(data) < 100_000
    tracemalloc.start()
    found = read(data)
    assert tracemalloc.get_traced_memory()[1] < 16 * 1024 * 1024
    tracemalloc.stop()
    assert Reject("file 1", zip_parts.EXPANDS) in found
    assert sum(isinstance(item, Contact) for item in found) >= 2


def test_all_parts_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_parts, "MOST_UNPACKED", 3000)
    data = packed({f"{at}.vcf": CARDS.replace(b"Ada", str(at).encode()) for at in range(20)})
    found = read(data)
    assert Reject("file 20", zip_parts.EXPANDS) in found
    assert isinstance(found[0], Contact)
    monkeypatch.setattr(zip_parts, "MOST_UNPACKED", len(BOOK) + 100)
    assert Reject("file 1", zip_parts.EXPANDS) in read(packed({"a.xlsx": BOOK})) or "workbook" in reason(
        packed({"a.xlsx": BOOK})
    )


def test_parts_that_lie_over_each_other_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the ZIP bombs of David Fifield: many entries of the index name the same bytes."""
    monkeypatch.setattr(zip_parts, "MOST_UNPACKED", 2_000_000)
    whole = packed({"a.vcf": CARD + b"X" * 500_000})
    at = whole.index(b"PK\1\2")
    end = whole.index(b"PK\5\6")
    entry = whole[at:end]
    count = 1000
    index = entry * count
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(index), at, 0)
    found = read(whole[:at] + index + tail)
    assert all(isinstance(item, Contact | Reject | Note) for item in found)
    assert any(isinstance(item, Reject) and item.reason == zip_parts.EXPANDS for item in found)


def test_an_index_of_very_many_is_refused() -> None:
    data = packed({"a.vcf": CARD}) + b"PK\1\2" * (zip_parts.MOST_PARTS + 1)
    assert "more than" in reason(data)


def test_encrypted_and_odd_parts_are_refused_one_by_one() -> None:
    data = bytearray(packed({"a.vcf": CARDS, "b.vcf": CARD}))
    first = next(re.finditer(rb"PK\x01\x02", bytes(data))).start()
    data[first + 8] |= 1
    assert read(bytes(data))[0] == Reject("file 1", zip_parts.ENCRYPTED)
    assert names(bytes(data)) == ["Reject", "Ada Lovelace"]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as made:
        made.writestr("a.vcf", CARD)
    assert read(file.getvalue()) == [Reject("file 1", zip_parts.METHOD)]


def test_a_wrong_checksum_is_told_after_what_was_read() -> None:
    data = packed({"a.vcf": CARDS})
    at = data.index(b"PK\1\2") + 16
    found = read(data[:at] + b"\0\0\0\0" + data[at + 4 :])
    assert found[-1] == Reject("file 1", zip_parts.DAMAGED)


def test_nothing_is_an_empty_archive() -> None:
    assert read(b"") == read(b"\r\n") == []


@given(st.binary(max_size=200), st.integers(0, 1500), st.integers(0, 60))
def test_any_damage_is_no_exception(data: bytes, at: int, length: int) -> None:
    whole = packed({"a.vcf": CARDS, "b.ldif": LDIF})
    for item in read(whole[:at] + data + whole[at + length :]):
        assert isinstance(item, Contact | Reject | Note)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=8))
def test_where_chunks_are_cut_changes_nothing(cuts: list[int]) -> None:
    whole = packed({"a.vcf": CARDS, "b.ldif": LDIF})
    chunks: list[bytes] = []
    rest = whole
    for cut in cuts:
        chunks.append(rest[:cut])
        rest = rest[cut:]
    assert list(archive.read([*chunks, rest])) == read(whole)
