"""Forms: a query, a urlencoded body or a multipart body, as pairs of bytes.

Nothing here touches the disk: the body is in memory already, within its limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from contactport.errors import Code, Refusal

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

Pairs = list[tuple[bytes, bytes]]

FIELDS = 100
"""How many fields one form may have."""
_CHARSETS = {
    b"iso-8859-1": "cp1252",
    b"iso8859-1": "cp1252",
    b"iso_8859-1": "cp1252",
    b"latin1": "cp1252",
    b"windows-1252": "cp1252",
    b"cp1252": "cp1252",
    b"iso-8859-2": "iso8859-2",
    b"iso-8859-15": "iso8859-15",
    b"windows-1250": "cp1250",
    b"windows-1251": "cp1251",
    b"koi8-r": "koi8-r",
    b"shift_jis": "cp932",
    b"euc-jp": "euc-jp",
    b"euc-kr": "cp949",
    b"gbk": "gb18030",
    b"gb2312": "gb18030",
    b"gb18030": "gb18030",
    b"big5": "cp950",
    b"utf-16": "utf-16",
}
"""The character sets beside UTF-8 that a part of a multipart body may name. Latin-1 is read as its superset."""


async def read_body(request: Request, most: int) -> bytes:
    """The body, read no further than `most` bytes. Raises Refusal 413."""
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise too_large(most)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise too_large(most)
    return bytes(body)


def too_large(most: int) -> Refusal:
    """The refusal of a form of more than `most` bytes."""
    return Refusal(
        Code.INVALID_PARAMETERS,
        f"The request is too large: its arguments may have {most} bytes. Send fewer.",
        http=413,
    )


def urlencoded(raw: bytes) -> Pairs:
    """The pairs of `a=b&c=d`, percent-decoded; `+` is a space. Raises Refusal for too many."""
    if not raw:
        return []
    parts = raw.split(b"&")
    _check(len(parts))
    pairs: Pairs = []
    for part in parts:
        name, _, value = part.partition(b"=")
        pairs.append((_unquote(name), _unquote(value)))
    return pairs


def _unquote(raw: bytes) -> bytes:
    return unquote_to_bytes(raw.replace(b"+", b" "))


def decoded(raw: bytes) -> str:
    """A value as text: UTF-8, or windows-1252 where it is not valid UTF-8.

    Old clients percent-encode Latin-1 without saying so. A byte that windows-1252 does not define becomes U+FFFD.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _check(count: int) -> None:
    if count > FIELDS:
        raise Refusal(
            Code.INVALID_PARAMETERS, f"The request has more than {FIELDS} arguments. Send fewer of them."
        )


def multipart(raw: bytes, content_type: str, known: frozenset[bytes]) -> Pairs:
    """The pairs of a multipart/form-data body (RFC 7578), in UTF-8 where a part names its character set.

    A file is refused where an argument should be and ignored elsewhere, as unknown arguments are. Raises Refusal.
    """
    collector = _Parts()
    callbacks: MultipartCallbacks = {
        "on_part_begin": collector.on_part_begin,
        "on_part_data": collector.on_part_data,
        "on_part_end": collector.on_part_end,
        "on_header_field": collector.on_header_field,
        "on_header_value": collector.on_header_value,
        "on_header_end": collector.on_header_end,
        "on_end": collector.on_end,
    }
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    try:
        if boundary:
            MultipartParser(boundary, callbacks).write(raw)
    except FormParserError:
        collector.whole = False
    if not collector.whole:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "The body is not sound multipart/form-data: it has no boundary, or ends too early. Send it again, "
            "with the boundary that the Content-Type header names.",
        )
    return [(part.name, part.value) for part in collector.parts if _is_argument(part, known)]


class _FormPart:
    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.data = bytearray()

    @property
    def disposition(self) -> dict[bytes, bytes]:
        return parse_options_header(self.headers.get(b"content-disposition"))[1]

    @property
    def name(self) -> bytes:
        return self.disposition.get(b"name", b"")

    @property
    def value(self) -> bytes:
        """In UTF-8 where the part names a character set. Some Java clients say Latin-1, and mean it."""
        named = parse_options_header(self.headers.get(b"content-type"))[1].get(b"charset", b"")
        charset = _CHARSETS.get(named.lower())
        return bytes(self.data) if charset is None else self.data.decode(charset, "replace").encode()


def _is_argument(part: _FormPart, known: frozenset[bytes]) -> bool:
    if part.name not in known:
        return False
    name = part.name.decode("ascii")
    if b"filename" in part.disposition:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"`{name}` came as a file. Send it as a plain field, without a file name.",
        )
    encoding = part.headers.get(b"content-transfer-encoding", b"8bit").strip().lower()
    if encoding not in (b"7bit", b"8bit", b"binary"):
        raise Refusal(
            Code.INVALID_PARAMETERS,
            f"`{name}` came in a transfer encoding that HTTP forms do not have. Send it as it is (8bit).",
        )
    return True


class _Parts:
    """What the parser tells, as a list of parts."""

    def __init__(self) -> None:
        self.parts: list[_FormPart] = []
        self.whole = False
        self._field = b""
        self._value = b""

    def on_part_begin(self) -> None:
        _check(len(self.parts) + 1)
        self.parts.append(_FormPart())

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self.parts[-1].headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.parts[-1].data += data[start:end]

    def on_part_end(self) -> None:
        """Nothing to do: a part is kept from its beginning."""

    def on_end(self) -> None:
        self.whole = True
