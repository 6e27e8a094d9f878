"""Detection of a file's format, character set and delimiter by its first bytes, with a reason in words.

File names and media types are not asked: browsers and people get them wrong. Nothing is unpacked or parsed as a
whole. A file that no format here reads is named too, with what to do instead.
"""

from __future__ import annotations

import codecs
import re
import zlib

import msgspec

from contactport.formats.charsets.evidence import Guess
from contactport.formats.charsets.files import FileCharset, charset_of
from contactport.formats.delimiters import delimiter_of

HEAD = 64 * 1024
"""How many bytes are looked at."""
_EXPORT = "Export the contacts as vCard (.vcf) or CSV, and send that file."
_SAVE = "Save it as a workbook of Excel (.xlsx) or as CSV, and send that file."


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """What a file is. `format` is a name of the registry, or "" for what can't be read.

    `kind` is what it is in a few words ("a PDF document"). `why` is what showed it or, if the file can't be read,
    what to do, in one or two sentences. `encoding` is Python's name of the character set of a text, and
    `other_encodings` are sets that read it differently, the likeliest first. `confidence` is from 0 to 1; of a table
    it is that of its character set and its delimiter together.
    """

    format: str
    kind: str
    why: str
    confidence: float = 1.0
    encoding: str = ""
    delimiter: str = ""
    other_encodings: tuple[Guess, ...] = ()


_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"GIF87a", "a picture (GIF)"),
    (b"GIF89a", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"{\\rtf", "a document (RTF)"),
    (b"!BDN", "an Outlook data file (.pst or .ost)"),
    (b"\x9c\xcb\xcb\x8d\x13\x75\xd2\x11", "a Windows Address Book (.wab)"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (b"bplist00", "a property list of Apple"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
_PACKED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
)
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LDIF = re.compile(r"version:[ \t]*1\s|dn::?[ \t<]", re.IGNORECASE)
_COMMENTS = re.compile(r"(?:[ \t#][^\r\n]*)?(?:\r\n|\r|\n)")
_CARD = re.compile(r"^[ \t]*BEGIN[ \t]*:[ \t]*VCARD", re.IGNORECASE | re.MULTILINE)
_CALENDAR = re.compile(r"BEGIN[ \t]*:[ \t]*VCALENDAR", re.IGNORECASE)
_MESSAGE = re.compile(r"(?:From \S+ |(?:Return-Path|Received|Delivered-To|MIME-Version|Message-ID): )")
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|table|meta)\b", re.IGNORECASE)
_JCARD = re.compile(r'\[\s*(?:\[\s*)?"vcard"\s*,', re.IGNORECASE)
_JSCONTACT = re.compile(r'"@type"\s*:\s*"(?:Card|JSCard|CardGroup)"|"version"\s*:\s*"1\.\d"\s*,\s*"uid"')
_LINES_OF_JSON = re.compile(r"\{[^\r\n]*\}[ \t]*\r?\n[ \t]*\{")
_WIRE = re.compile(r'"(?:first_name|last_name|contacts|email|phone)"\s*:')
_XCARD = re.compile(r"(?:<[?!][^>]*>\s*)*<(?:[\w.-]+:)?vcards?[\s/>]")
_MOST_CONTROLS = 0.005


def detect(data: bytes, *, is_whole: bool = True) -> Detection:
    """What a file is, by its beginning; `is_whole` says whether `data` is all of it. Never raises."""
    head = data[:HEAD]
    is_whole = is_whole and len(data) <= HEAD
    if not head.strip(b"\0\t\n\r \x1a\xef\xbb\xbf\xff\xfe"):
        return Detection(
            format="",
            kind="an empty file",
            why="The file is empty. Export the contacts again, and send that file.",
        )
    return _of_signature(head) or _of_text(head, charset_of(head, is_whole=is_whole), is_whole)


def _refused(kind: str, what_to_do: str = _EXPORT) -> Detection:
    return Detection(format="", kind=kind, why=f"This is {kind}, which can't be read. {what_to_do}")


def _of_signature(head: bytes) -> Detection | None:
    """What the first bytes of a binary file say."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04")):
        return _zip(head)
    if head.startswith(_OLE2):
        return _ole2(head)
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            return _refused(kind)
    for signature, kind in _PACKED:
        if head.startswith(signature):
            return _refused(kind, "Unpack it, and send the file with the contacts, or a ZIP.")
    if head[4:8] == b"ftyp":
        return _refused("a picture or a film (HEIC, MP4)")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _refused("a picture (WebP)")
    if b"%PDF-" in head[:1024]:
        return _refused("a PDF document")
    return None


_LOCAL = re.compile(rb"PK\x03\x04")
_OFFICE = (
    (
        "xl/workbook.bin",
        "a binary workbook of Excel (.xlsb)",
        "Save it in Excel as .xlsx or CSV, and send that file.",
    ),
    ("word/", "a document of Word (.docx)", _EXPORT),
    ("ppt/", "a presentation (.pptx)", _EXPORT),
    ("Index/", "a document of Apple's Numbers or Pages", _SAVE),
)
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"
_EPUB = b"application/epub+zip"


def _zip(head: bytes) -> Detection:
    """A ZIP, or one of the formats that are ZIPs, by the names of its first entries."""
    names = [_name(head, found.start()) for found in _LOCAL.finditer(head)]
    for start, kind, what_to_do in _OFFICE:
        if any(name.startswith(start) for name in names):
            return _refused(kind, what_to_do)
    if _OPEN_DOCUMENT in head[:200]:
        return _refused("an OpenDocument file (.ods)", _SAVE)
    if _EPUB in head[:200]:
        return _refused("a book (EPUB)")
    if any(name.startswith("xl/") for name in names) or b"spreadsheetml" in _first_part(head, names):
        return Detection(
            format="xlsx", kind="a workbook of Excel", why="It is a ZIP with the parts of a workbook."
        )
    return Detection(format="zip", kind="a ZIP archive", why="It begins as a ZIP does.")


def _name(head: bytes, at: int) -> str:
    """The name in the local header at this place."""
    length = int.from_bytes(head[at + 26 : at + 28], "little")
    return head[at + 30 : at + 30 + length].decode("utf-8", "replace").lstrip("/").replace("\\", "/")


def _first_part(head: bytes, names: list[str]) -> bytes:
    """The beginning of `[Content_Types].xml`, where it comes first."""
    if not names or names[0] != "[Content_Types].xml":
        return b""
    at = 30 + sum(int.from_bytes(head[place : place + 2], "little") for place in (26, 28))
    if head[8:10] == b"\0\0":
        return head[at:]
    try:
        return zlib.decompressobj(-15).decompress(head[at:], HEAD)
    except zlib.error:
        return b""


def _ole2(head: bytes) -> Detection:
    """Office's files before 2007; Office puts an encrypted .xlsx into one too."""

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in head

    if holds("EncryptedPackage") or holds("EncryptionInfo"):
        return _refused("an encrypted Office file", "Save it without a password, and send that file.")
    if holds("__properties_version") or holds("__nameid"):
        return _refused("a message of Outlook (.msg)")
    if holds("WordDocument"):
        return _refused("an old document of Word (.doc)")
    if holds("Workbook") or holds("Book"):
        kind = "an old workbook of Excel (.xls)"
    else:
        kind = "an old Office file, such as .xls, or an encrypted one"
    return _refused(kind, "Save it as .xlsx or CSV without a password, and send that file.")


def _of_text(head: bytes, charset: FileCharset, is_whole: bool) -> Detection:
    decoder = codecs.getincrementaldecoder(charset.codec)("replace")
    text = decoder.decode(head[charset.mark :], final=is_whole)
    if _is_binary(text):
        return _refused("a binary file of an unknown kind")
    found = _of_words(text.lstrip("\ufeff \t\r\n\0"))
    if found is not None:
        return msgspec.structs.replace(found, encoding=charset.codec) if found.format else found
    return _table(text, charset, is_whole)


def _is_binary(text: str) -> bool:
    """Whether there are too many characters that no text has."""
    controls = sum(text.count(chr(code)) for code in range(32) if code not in (9, 10, 11, 12, 13, 26, 27))
    return controls > _MOST_CONTROLS * len(text) + 1


def _known(format_: str, kind: str, why: str, confidence: float = 1.0) -> Detection:
    return Detection(format=format_, kind=kind, why=why, confidence=confidence)


def _of_words(text: str) -> Detection | None:
    """A text whose first words say what it is."""
    card = _CARD.search(text)
    first = text[:1]
    if card is not None and (first not in "[{<" or card.start() < 200):
        return _known(
            "vcf", "a vCard file", "It holds a line BEGIN:VCARD.", 1.0 if card.start() < 200 else 0.9
        )
    if first in "[{":
        return _json(text)
    if first == "<":
        return _xml(text)
    at = 0
    while (comment := _COMMENTS.match(text, at)) is not None:
        at = comment.end()
    if _LDIF.match(text, at) is not None:
        return _known("ldif", "an LDIF file", "It begins as LDIF does, with a version or a DN.")
    if _CALENDAR.match(text) is not None:
        return _refused("a calendar (iCalendar)")
    if _MESSAGE.match(text) is not None:
        return _refused("an e-mail message or a mailbox")
    return None


def _json(text: str) -> Detection:
    if _JCARD.match(text) is not None:
        return _known("jcard", "a jCard file", 'Its first array begins with "vcard".')
    if _JSCONTACT.search(text) is not None:
        return _known("jscontact", "a JSContact file", 'It holds an object whose "@type" is a card.')
    is_wire = _WIRE.search(text) is not None
    if _LINES_OF_JSON.match(text) is not None:
        return _known(
            "ndjson", "a file of JSON lines", "Each line is an object of JSON.", 0.9 if is_wire else 0.5
        )
    if is_wire:
        return _known("json", "contacts in JSON", "It is JSON with the fields of a contact.", 0.9)
    return _refused("a JSON file of an unknown kind")


def _xml(text: str) -> Detection:
    if _HTML.search(text[:1024]) is not None:
        return _refused("a web page (HTML)", "It may be a page that asked to sign in. " + _EXPORT)
    if "urn:ietf:params:xml:ns:vcard-4.0" in text[:4096] or _XCARD.match(text):
        return _known("xcard", "an xCard file", "It is XML with the elements of vCard.")
    if "urn:schemas-microsoft-com:office:spreadsheet" in text[:4096]:
        return _refused("a workbook in Excel's old XML", _SAVE)
    if "schemas.microsoft.com/Contact" in text[:4096]:
        return _refused("a contact of Windows (.contact)")
    if "<plist" in text[:1024]:
        return _refused("a property list of Apple")
    return _refused("an XML file of an unknown kind")


def _table(text: str, charset: FileCharset, is_whole: bool) -> Detection:
    found = delimiter_of(text, is_whole=is_whole)
    if not found.confidence:
        return _refused("a text without columns")
    name = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}.get(
        found.delimiter, "lines"
    )
    why = f"Its lines have {found.columns} columns with {name} between them; {charset.why}."
    if found.columns == 1:
        why = f"Each of its lines holds one value, such as an e-mail address; {charset.why}."
    return Detection(
        format="csv",
        kind="a table (TSV)" if found.delimiter == "\t" else "a table (CSV)",
        why=why,
        confidence=found.confidence * charset.confidence,
        encoding=charset.codec,
        delimiter=found.delimiter,
        other_encodings=charset.others,
    )
