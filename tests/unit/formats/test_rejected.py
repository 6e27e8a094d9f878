"""The records that could not be read come back as they came, in one file of their own format."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Contact, Item, Reject, RejectedRecord
from contactport.formats import registry
from contactport.formats.rejected import RejectedFile
from tests.unit.formats.workbooks import sheet, workbook

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n"
NOBODY = "BEGIN:VCARD\r\nVERSION:3.0\r\nX-NOTHING:kept as it is \r\nEND:VCARD"
JCARD = '["vcard",[["fn",{},"text","Ada"]]]'
JSCONTACT = '{"@type":"Card","uid":"ada","name":{"full":"Ada"}}'
XCARD = "<vcard><fn><text>Ada</text></fn></vcard>"
LDIF = "dn: cn=Ada\nobjectclass: person\ncn: Ada\n"
WIRE = '{"first_name":"Ada"}'
HEADER = "Name,E-mail,Shoe size\r\n"


def records(format_: str, data: str | bytes, size: int = 0) -> list[RejectedRecord | None]:
    whole = data.encode() if isinstance(data, str) else data
    size = size or len(whole)
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    items = list(registry.get(format_).read(pieces))
    assert any(isinstance(item, Contact) for item in items)
    return [item.record for item in items if isinstance(item, Reject)]


def file_of(items: Iterable[RejectedRecord | None], *, archived: bool = False) -> bytes:
    made = RejectedFile(archived=archived)
    return b"".join([*(made.put(each) for each in items if each is not None), made.end()])


@pytest.mark.parametrize("size", [0, 1, 50])
@pytest.mark.parametrize(
    ("format_", "before", "bad", "after"),
    [
        ("vcf", CARD, NOBODY, f"\r\n{CARD}"),
        ("vcf", CARD, NOBODY.replace("VERSION:3.0", "VERSION:2.1\r\n  a line of nothing"), f"\r\n{CARD}"),
        ("vcf", CARD, "an error page\r\nof two lines", f"\r\n{CARD}"),
        ("vcf", CARD, "BEGIN:VCARD\r\nFN:Ben", ""),
        ("vcf", f"{CARD}\r\n", NOBODY.replace("\r\n", "\n").replace("nothing", "n\ufffe"), ""),
        ("vcf", CARD.replace("\r\n", "\n"), "END:VCARD", f"\n{CARD}"),
        ("jcard", f"[{JCARD},\n", '["vcard", [["fn" ]x["]", {}]]]', f",\n{JCARD}]"),
        ("jcard", f"[{JCARD},\n", '["vcard",  []]', f",\n{JCARD}]"),
        ("jscontact", f"{JSCONTACT}\n", '{"@type":"Card", "name":{"full":Eve}}', f"\n{JSCONTACT}\n"),
        ("jscontact", f"{JSCONTACT}\n", '{"a":  1}', f"\n{JSCONTACT}\n"),
        ("json", f"[{WIRE},\n", '{"first_name":  ""}', "]"),
        ("json", f"[{WIRE},\n", '{"first_name":NaN}', f",\n{WIRE}]"),
        ("ndjson", f"{WIRE}\n", '{"first_name":', f"\n{WIRE}\n"),
        ("xcard", f"<vcards>{XCARD}", "<vcard><fn>&eve;</fn>\n</vcard>", f"{XCARD}</vcards>"),
        ("xcard", f"<vcards>{XCARD}", "<vcard> </vcard>", f"{XCARD}</vcards>"),
        ("xcard", f"<vcards>{XCARD}", "<vcard><fn>Eve</fn>", f"{XCARD}</vcards>"),
        ("ldif", f"{LDIF}\n", "dn: cn=Eve\n# told\nchangetype: delete", f"\n\n{LDIF}"),
        ("ldif", f"{LDIF}\r\n", "dn: cn=Eve\r\nobjectclass: person", "\r\n"),
        ("csv", f"{HEADER}Ada,ada@example.org,4\r\n", ',,"4\r\n2"', "\r\nBen,ben@example.org,5\r\n"),
    ],
)
def test_a_bad_record_is_had_back_byte_for_byte(
    format_: str, before: str, bad: str, after: str, size: int
) -> None:
    (record,) = records(format_, before + bad + after, size)
    assert record is not None
    assert record.format == format_
    # Line ends within a row are read as one kind.
    assert record.data.replace(b"\r", b"") == bad.encode().replace(b"\r", b"")
    if format_ != "csv":
        assert record.data == bad.encode()


def test_octets_that_are_no_utf8_come_back_too() -> None:
    bad = b'["vcard", [["fn", {}, "text", "\xe9\xff"] ]x'
    (record,) = records("jcard", JCARD.encode() + b"\n" + bad + b"\n" + JCARD.encode())
    assert record is not None
    assert record.data == bad
    bad = b"BEGIN:VCARD\r\nCATEGORIES:Caf\xe9\r\nEND:VCARD"
    (record,) = records("vcf", CARD.encode() + bad)
    assert record is not None
    assert record.data == bad


def test_a_table_has_its_header_above_its_rows() -> None:
    rows = f"sep=;\nA list\n{HEADER}Ada,ada@example.org,4\n,,5\n,,6\n".replace(",", ";")
    made = file_of(records("csv", rows))
    assert made == b"sep=;\r\nName;E-mail;Shoe size\r\n;;5\n;;6\n"
    assert [type(item) for item in registry.get("csv").read([made])] == [Reject, Reject]


def test_rows_of_a_workbook_are_csv_and_nothing_runs_in_a_spreadsheet() -> None:
    data = workbook(sheet([["Name", "E-mail", "Shoe"], ["Ada", "ada@example.org"], ["", "", '=a,"b"']]))
    (record,) = records("xlsx", data)
    assert record == RejectedRecord(b',,"\'=a,""b"""', "csv", b"Name,E-mail,Shoe\r\n")


def test_each_format_has_a_frame_in_which_a_sound_record_can_be_read_again() -> None:
    for name, sound in (
        *(("vcf", CARD), ("jcard", JCARD), ("jscontact", JSCONTACT), ("xcard", XCARD), ("ldif", LDIF)),
        *(("json", WIRE), ("ndjson", WIRE), ("csv", "Ada,ada@example.org,4")),
    ):
        head = HEADER.encode() if name == "csv" else b""
        made = file_of([RejectedRecord(sound.strip().encode(), name, head)] * 2)
        assert [type(item) for item in registry.get(name).read([made])] == [Contact, Contact], name


def test_an_archive_has_a_file_for_each_format_and_each_table() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.vcf", CARD + NOBODY)
        archive.writestr("b.csv", f"{HEADER}Ada,ada@example.org,4\r\n,,5\r\n,,6\r\n")
        archive.writestr("c.csv", "Name;E-mail;Hat\r\nBen;ben@example.org;4\r\n;;7\r\n")
    made = file_of(records("zip", file.getvalue()), archived=True)
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name).decode() for name in archive.namelist()} == {
            "rejects-1.vcf": f"{NOBODY}\r\n",
            "rejects-2.csv": f"{HEADER},,5\n,,6\n",
            "rejects-3.csv": "Name;E-mail;Hat\r\n;;7\n",
        }


@pytest.mark.parametrize(
    "data", ["x\r\n" * 800_000, f"BEGIN:VCARD\r\nNOTE:{'x' * 2_200_000}\r\nEND:VCARD\r\n"]
)
def test_what_is_larger_than_a_card_may_be_has_no_record(data: str) -> None:
    assert records("vcf", data + CARD) == [None]


@given(
    data=st.lists(
        st.sampled_from([CARD, f"{NOBODY}\r\n", "END:VCARD\r\n", "junk\n", "BEGIN:VCARD\n", "\r", "FN:x\r\n"])
    ).map("".join),
    size=st.integers(1, 40),
)
def test_records_are_stretches_of_the_file_in_its_order(data: str, size: int) -> None:
    whole = data.encode()
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    at = 0
    for item in registry.get("vcf").read(pieces):
        if isinstance(item, Reject):
            assert item.record is not None
            at = whole.index(item.record.data, at) + len(item.record.data)


@pytest.mark.parametrize("name", [each.name for each in registry.FORMATS if each.reads])
@given(data=st.binary(max_size=300))
def test_any_bytes_give_records_of_a_known_format(name: str, data: bytes) -> None:
    rejects = [item for item in registry.get(name).read([data]) if isinstance(item, Reject)]
    found: list[Item] = list(rejects)
    assert len(found) == len(rejects)
    made = file_of((reject.record for reject in rejects), archived=True)
    assert zipfile.ZipFile(io.BytesIO(made)).testzip() is None
