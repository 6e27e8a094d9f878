"""`formats.detect`: what a file is, by its first bytes."""

from __future__ import annotations

import codecs
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Contact, Email, Name, Phone
from contactport.formats.detect import HEAD, detect
from contactport.formats.registry import FORMATS, FileFormat
from tests.unit.formats.strategies import soups

PEOPLE = [
    Contact(
        uid=f"u{at}",
        name=Name(family, given),
        formatted_name=f"{given} {family}",
        emails=[Email(f"u{at}@example.org")],
        phones=[Phone(f"+49 30 {at}", ("CELL",))],
    )
    for at, (given, family) in enumerate((("Jörg", "Müller"), ("Ольга", "Смирнова"), ("Ada", "Lovelace")))
]
OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def archive(*names: str, compression: int = zipfile.ZIP_DEFLATED, **content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        for name in names:
            made.writestr(name, content.get("content", b"<x/>" * 9))
    return file.getvalue()


@pytest.mark.parametrize("format_", [each for each in FORMATS if each.writes], ids=lambda each: each.name)
def test_what_is_written_here_is_known(format_: FileFormat) -> None:
    data = b"".join(format_.write(PEOPLE))
    found = detect(data)
    expected = format_.name.removesuffix("4") if format_.options else format_.name
    assert found.format == expected
    assert found.confidence >= 0.9
    assert found.why.endswith(".")
    if not data.startswith(b"PK"):
        assert found.encoding == "utf_8"


@pytest.mark.parametrize(
    ("data", "format_"),
    [
        (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "vcf"),
        (b"\r\n\r\n begin:vcard\r\nversion:2.1\r\n", "vcf"),
        (b"some words before\r\nBEGIN:VCARD\r\n", "vcf"),
        ("BEGIN:VCARD\r\nFN:Jörg\r\n".encode("utf_16"), "vcf"),
        ("BEGIN:VCARD\r\nFN:Jörg\r\n".encode("utf_16_le"), "vcf"),
        (b"BEGIN:VCARD\r\nFN:J\xf6rg\r\n", "vcf"),
        (b"version: 1\n\ndn: cn=x\n", "ldif"),
        (b"# made by slapd\n# and more\n  of it\n\ndn:: Y249eA==\n", "ldif"),
        (b'["vcard",[["version",{},"text","4.0"]]]', "jcard"),
        (b'[\n  [ "vcard", []]]', "jcard"),
        (b'{"@type": "Card", "version": "1.0", "uid": "x"}', "jscontact"),
        (b'[{"uid":"x","@type":"Card"}]', "jscontact"),
        (b'<?xml version="1.0"?>\n<vcards xmlns="urn:ietf:params:xml:ns:vcard-4.0"/>', "xcard"),
        (b'<!-- x --><vcard xmlns="urn:ietf:params:xml:ns:vcard-4.0"/>', "xcard"),
        (b'{"first_name":"A"}\n{"first_name":"B"}\n', "ndjson"),
        (b'[{"first_name":"A"}]', "json"),
        (b"a@example.org\nb@example.org\n", "csv"),
        (archive("xl/workbook.xml"), "xlsx"),
        (archive("_rels/.rels", "docProps/app.xml", "xl/workbook.xml"), "xlsx"),
        (archive("[Content_Types].xml", content=b"<Types>spreadsheetml.sheet.main+xml</Types>"), "xlsx"),
        (archive("Takeout/Contacts/All Contacts/All Contacts.vcf"), "zip"),
        (archive(), "zip"),
    ],
)
def test_what_a_file_is(data: bytes, format_: str) -> None:
    assert detect(data).format == format_


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Name,E-mail\nAda,ada@example.org\n", ","),
        ("Vorname;Nachname;Ort\nJörg;Müller;Köln, am Rhein\nKäthe;Böhm;Bonn\n", ";"),
        ("Name\tTelefon\r\nAda\t+49 30 123\r\n", "\t"),
        ("Name|Ort\nAda|London\nBen|Rom\n", "|"),
        ("sep=;\nName,1;Ort\nAda;x\n", ";"),
        ('"Name";"Notes"\n"Ada";"a, b\nc, d, e"\n"Ben";"x"\n', ";"),
        ("Notes:\nwords, words\n\nFirst Name,Last Name,URL\nA,B,C\nD,E,F\nG,H,\n", ","),
    ],
)
def test_the_delimiter_of_a_table(text: str, delimiter: str) -> None:
    found = detect(text.encode())
    assert (found.format, found.delimiter) == ("csv", delimiter)
    assert found.confidence > 0.5


def test_a_table_names_its_set_and_others_that_are_close() -> None:
    found = detect("Имя;Фамилия\nОльга;Смирнова\nПётр;Щукин\n".encode("koi8_r"))
    assert (found.format, found.encoding, found.other_encodings) == ("csv", "koi8_r", ())
    found = detect("Nume;Oras\nNicoară;Cluj\n".encode("cp1250"))
    assert found.confidence < 0.6
    assert "cp1250" in {found.encoding, *(guess.codec for guess in found.other_encodings)}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "an empty file"),
        (b"\xef\xbb\xbf\r\n \0", "an empty file"),
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture (JPEG)"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture (PNG)"),
        (b"\0\0\0\x18ftypheic", "a picture or a film (HEIC, MP4)"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a picture (WebP)"),
        (b"<!DOCTYPE html>\n<html><body>Sign in", "a web page (HTML)"),
        (b"\n<HTML>", "a web page (HTML)"),
        (OLE2 + "EncryptedPackage".encode("utf_16_le"), "an encrypted Office file"),
        (OLE2 + "Workbook".encode("utf_16_le"), "an old workbook of Excel (.xls)"),
        (OLE2, "an old Office file, such as .xls, or an encrypted one"),
        (OLE2 + "__properties_version1.0".encode("utf_16_le"), "a message of Outlook (.msg)"),
        (archive("xl/workbook.xml", "xl/workbook.bin"), "a binary workbook of Excel (.xlsb)"),
        (archive("word/document.xml"), "a document of Word (.docx)"),
        (archive("mimetype", compression=0, content=b"application/vnd.oasis.opendocument.spreadsheet"),
         "an OpenDocument file (.ods)"),
        (b"\x1f\x8b\x08\0", "a gzip archive"),
        (b"!BDN\0\0", "an Outlook data file (.pst or .ost)"),
        (b"SQLite format 3\0", "a database (SQLite)"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "a calendar (iCalendar)"),
        (b'{"a":1}', "a JSON file of an unknown kind"),
        (b"<?xml version='1.0'?><a/>", "an XML file of an unknown kind"),
        (b"\0\1\2\3\4\5" * 99, "a binary file of an unknown kind"),
        (b"Received: from x by y\r\nFrom: a\r\n", "an e-mail message or a mailbox"),
        (b"Dear all,\nthis is a letter.\nNo columns; none, at all, are here.\nBye.\n", "a text without columns"),
    ],
)  # fmt: skip
def test_what_can_not_be_read_is_named_with_what_to_do(data: bytes, words: str) -> None:
    found = detect(data)
    assert (found.format, found.kind) == ("", words)
    assert found.why.endswith(".")
    assert found.encoding == found.delimiter == ""


def test_only_the_beginning_is_looked_at() -> None:
    data = b"Name,Phone\n" + b"Ada,1\n" * HEAD
    assert detect(data) == detect(data[:HEAD], is_whole=False)
    assert detect(b"Name,Phone\nAda,1\nBen", is_whole=False).confidence > 0.9


@given(st.one_of(st.binary(max_size=400), soups), st.booleans(), st.sampled_from([b"", b"PK\3\4", OLE2, b"<", b"[",
    b"{", b"sep=", codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE]))  # fmt: skip
def test_any_bytes_are_something(data: bytes, is_whole: bool, first: bytes) -> None:
    found = detect(first + data, is_whole=is_whole)
    assert found.format in {
        "",
        "zip",
        "xlsx",
        "jcard",
        "jscontact",
        "xcard",
        *(each.name for each in FORMATS),
    }
    assert found.kind
    assert found.why.endswith(".")
    assert 0 <= found.confidence <= 1.000001
    assert len(found.delimiter) == (found.format == "csv")
