"""What XML forbids and servers send all the same, mended before the parser sees it.

expat gives up a whole book over one control character in one card, over `&#11;`, over a byte that is not UTF-8,
over `&nbsp;` and over a bare `&`. Here control characters and references to them go; bytes that are not UTF-8 are
read as windows-1252, which they mostly are; HTML's entities become their characters; a bare `&` and a bare `]]>`
are escaped. In a DAV:href, where another character would be another resource, such bytes are percent-encoded instead
(RFC 3986 section 2.1), so that none is lost.
A sound document means the same as before: what changes is its declaration, its byte order mark, and line ends,
which become one kind (XML 1.0 section 2.11).
"""

from __future__ import annotations

import codecs
import html.entities
import re
from urllib.parse import quote

_CONTROLS = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D})
_NONCHARACTERS = re.compile(b"\xef\xbf[\xbe\xbf]")
_SUSPECT = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#1[03]|#9|#x[dDaA9]);)")
_REFERENCE = re.compile(rb"&(?:#([0-9]{1,10})|#[xX]([0-9A-Fa-f]{1,8})|([A-Za-z][A-Za-z0-9]{0,31}));|&")
_OPEN_REFERENCE = re.compile(rb"&(?:#?[0-9A-Za-z]{0,33})?\Z")
_DECLARATION = re.compile(rb"<\?xml\s[^>]{0,200}?\?>")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CDATA, _CDATA_END = b"<![CDATA[", b"]]>"
_HELD = 34
"""No reference that we know is longer."""
_HEAD = 256
_PREDEFINED = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_READABLE = {"iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252"}
_BLANK = b" \t\r\n"


_HREF = re.compile(
    r"(<(?:[^\s:/<>]{1,64}:)?href(?:\s[^<>]{0,200})?>\s{0,64}(?:<!\[CDATA\[)?)([^<]+)", re.ASCII
)
_FOREIGN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\udc80-\udcff\ufffe\uffff]")
_LOOKED_BACK = 4096
"""Bytes of the document that are remembered, to know whether the next ones are in an href."""
_INSTEAD: dict[int, str | None] = {
    **dict.fromkeys([*_CONTROLS, 0xFFFE, 0xFFFF]),
    **{0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)},
}
"""What becomes of a character that XML forbids, and of a byte that is not UTF-8 (as `surrogateescape` marks it)."""


class XmlRepairer:
    """One document, in chunks cut anywhere. Output is always UTF-8; nothing is raised."""

    def __init__(self) -> None:
        self._rest = b""
        self._head: bytes | None = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._cdata = False
        self._tail = b""

    def feed(self, data: bytes) -> bytes:
        if self._head is not None:
            # Stripped as they come: blanks without end would be looked at again and again.
            self._head = (self._head + data).lstrip(_BLANK)
            if len(self._head) < _HEAD:
                return b""
            data = self._begin()
        if self._decoder is not None:
            data = self._decoder.decode(data).encode("utf-8", "replace")
        return self._clean(data, final=False)

    def finish(self) -> bytes:
        """What was held back to see what follows."""
        data = b"" if self._head is None else self._begin()
        if self._decoder is not None:
            data = self._decoder.decode(data, True).encode("utf-8", "replace")
        return self._clean(data, final=True)

    def _begin(self) -> bytes:
        """The head without byte order mark and declaration; they choose the decoder."""
        head, self._head = self._head or b"", None
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
            # A declaration is dropped below only in ASCII: expat is told the encoding anyway.
            return head
        head = head.removeprefix(codecs.BOM_UTF8).lstrip(_BLANK)
        declaration = _DECLARATION.match(head)
        if declaration is not None:
            encoding = _ENCODING.search(declaration.group())
            name = "" if encoding is None else encoding[1].decode("ascii").lower()
            if name in _READABLE:
                self._decoder = codecs.getincrementaldecoder(_READABLE[name])("replace")
            head = head[declaration.end() :].lstrip(_BLANK)
        return head

    def _clean(self, data: bytes, *, final: bool) -> bytes:
        data = self._rest + data if self._rest else data
        self._rest = b""
        if not final:
            held = self._unfinished(data)
            if held:
                data, self._rest = data[:-held], data[-held:]
        # Most documents have none of what is looked for here: find() of one byte costs almost nothing.
        if data.find(b"\r") >= 0:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        clean = data.translate(None, _CONTROLS)
        if len(clean) < len(data) or not _is_text(clean):
            clean = self._without_foreign(data)
        data = clean
        self._tail = (data if len(data) >= _LOOKED_BACK else self._tail + data)[-_LOOKED_BACK:]
        if self._cdata or (data.find(b"[") >= 0 and data.find(_CDATA) >= 0):
            return self._around_cdata(data)
        return _mend(data)

    def _without_foreign(self, data: bytes) -> bytes:
        """Without characters that XML forbids and bytes that are not UTF-8; percent-encoded where it is an href."""
        before = self._tail.decode("utf-8", "surrogateescape")
        text = before + data.decode("utf-8", "surrogateescape")
        text = _HREF.sub(lambda found: found[1] + _percent_encoded(found[2]), text)
        return text[len(before) :].translate(_INSTEAD).encode("utf-8")

    def _around_cdata(self, data: bytes) -> bytes:
        out: list[bytes] = []
        at = 0
        while at < len(data):
            end = data.find(_CDATA_END if self._cdata else _CDATA, at)
            piece = data[at:] if end < 0 else data[at:end]
            out.append(piece if self._cdata else _mend(piece))
            if end < 0:
                break
            mark = _CDATA_END if self._cdata else _CDATA
            out.append(mark)
            at = end + len(mark)
            self._cdata = not self._cdata
        return b"".join(out)

    def _unfinished(self, data: bytes) -> int:
        """How many bytes at the end may be the beginning of something that the next chunk completes."""
        held = 0
        for back in range(1, min(3, len(data)) + 1):
            byte = data[-back]
            if byte < 0x80:
                break
            if byte >= 0xC0:
                if back < (4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2):
                    held = back
                break
        if data.endswith(b"\r"):
            return 1
        tail = data[-_HELD:]
        held = max(held, 2 if tail.endswith(b"]]") else 1 if tail.endswith(b"]") else 0)
        # Whether the end stands within CDATA is not known yet: holding back what need not be costs nothing.
        reference = _OPEN_REFERENCE.search(tail)
        if reference is not None:
            held = max(held, len(tail) - reference.start())
        bracket = tail.rfind(b"<")
        if bracket >= 0 and _CDATA.startswith(tail[bracket:]):
            held = max(held, len(tail) - bracket)
        return held


def _is_text(data: bytes) -> bool:
    """Whether this is UTF-8 without a noncharacter."""
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return data.find(b"\xef\xbf") < 0 or _NONCHARACTERS.search(data) is None


def _percent_encoded(href: str) -> str:
    return _FOREIGN.sub(lambda found: quote(found[0].encode("utf-8", "surrogateescape"), safe=""), href)


def _mend(data: bytes) -> bytes:
    if data.find(b"]") >= 0 and data.find(_CDATA_END) >= 0:
        data = data.replace(_CDATA_END, b"]]&gt;")
    if data.find(b"&") >= 0 and _SUSPECT.search(data) is not None:
        return _REFERENCE.sub(_mended, data)
    return data


def _mended(found: re.Match[bytes]) -> bytes:
    whole = found.group()
    decimal, hexadecimal, name = found.groups()
    if decimal is not None or hexadecimal is not None:
        number = int(decimal) if decimal is not None else int(hexadecimal, 16)
        if not _is_character(number):
            return b""
        return b"&#%d;" % number
    if name is not None:
        if name in _PREDEFINED:
            return whole
        character = html.entities.html5.get(name.decode("ascii") + ";")
        if character is not None:
            return html.escape(character).encode("utf-8")
    return b"&amp;" + whole[1:]


def _is_character(number: int) -> bool:
    """XML 1.0 section 2.2, production 2."""
    return (
        number in (0x9, 0xA, 0xD)
        or 0x20 <= number <= 0xD7FF
        or 0xE000 <= number <= 0xFFFD
        or 0x10000 <= number <= 0x10FFFF
    )
