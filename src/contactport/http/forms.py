"""Forms: a query, a urlencoded body or a multipart body, as pairs of bytes.

Nothing here touches the disk: the body is in memory already, within its limit.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
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


def urlencoded(raw: bytes, most: int = FIELDS) -> Pairs:
    """The pairs of `a=b&c=d`, percent-decoded; `+` is a space. Raises Refusal for more than `most`."""
    if not raw:
        return []
    parts = raw.split(b"&")
    _check(len(parts), most)
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


def _check(count: int, most: int = FIELDS) -> None:
    if count > most:
        raise Refusal(
            Code.INVALID_PARAMETERS, f"The request has more than {most} arguments. Send fewer of them."
        )


def multipart(raw: bytes, content_type: str, known: frozenset[bytes]) -> Pairs:
    """The pairs of a multipart/form-data body (RFC 7578), in UTF-8 where a part names its character set.

    A file is refused where an argument should be and ignored elsewhere, as unknown arguments are. Raises Refusal.
    """
    collector = _Parts()
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    try:
        if boundary:
            MultipartParser(boundary, collector.callbacks).write(raw)
    except FormParserError:
        collector.whole = False
    if not collector.whole:
        raise _unsound()
    return [(part.name, part.value) for part in collector.parts if _is_argument(part, known)]


class FileForm:
    """A multipart form with one file, as it arrives: its fields, and then the bytes of its field `file`."""

    def __init__(self, boundary: bytes, most: int) -> None:
        """`most` bytes may be beside the file: fields, heads and boundaries together."""
        self._most = most
        self._parts = _Parts(file=b"file")
        self._parser = MultipartParser(boundary, self._parts.callbacks)
        self._stream: AsyncIterator[bytes] = aiter(_nothing())
        self._beside = 0

    @property
    def late(self) -> set[bytes]:
        """The names of the fields that came after the file. Their values are not kept."""
        return {part.name for part in self._parts.late}

    @classmethod
    def of(cls, content_type: str, most: int) -> FileForm | None:
        """None where the body is no form: then it is the file itself. Raises Refusal for a form without boundary."""
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            return None
        if not options.get(b"boundary"):
            raise _unsound()
        return cls(options[b"boundary"], most)

    async def fields(self, stream: AsyncIterator[bytes]) -> Pairs:
        """The fields before the file. Raises Refusal where the form ends without a file."""
        self._stream = stream
        while not self._parts.has_file:
            if not await self._feed():
                raise Refusal(Code.INVALID_PARAMETERS, "The form has no file: send it as the field `file`.")
        return [(part.name, part.value) for part in self._parts.parts]

    async def file(self) -> AsyncIterator[bytes]:
        """The bytes of the file. Raises Refusal where the form ends in the middle."""
        while True:
            data = self._parts.taken()
            if data:
                yield data
            if not await self._feed():
                break
        if not self._parts.whole:
            raise _unsound()
        if data := self._parts.taken():
            yield data

    async def _feed(self) -> bool:
        """Read on. False at the body's end."""
        data = await anext(self._stream, None)
        if data is None:
            return False
        before = self._parts.file_bytes
        try:
            self._parser.write(data)
        except FormParserError:
            raise _unsound() from None
        # Fields, heads, and what stands before the first boundary or after the last.
        self._beside += len(data) - (self._parts.file_bytes - before)
        if self._beside > self._most:
            raise too_large(self._most)
        return True


async def _nothing() -> AsyncGenerator[bytes]:
    return
    yield b""


def _unsound() -> Refusal:
    return Refusal(
        Code.INVALID_PARAMETERS,
        "The body is not sound multipart/form-data: it has no boundary, or ends too early. Send it again, "
        "with the boundary that the Content-Type header names.",
    )


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
    """What the parser tells, as a list of parts. The bytes of a part named `file` are apart, to be taken."""

    def __init__(self, file: bytes = b"") -> None:
        self.parts: list[_FormPart] = []
        self.whole = False
        self.has_file = False
        self.file_bytes = 0
        self.late: list[_FormPart] = []
        self._begun = 0
        self._file = file
        self._in_file = False
        self._taken = bytearray()
        self._field = b""
        self._value = b""
        self.callbacks: MultipartCallbacks = {
            "on_part_begin": self.on_part_begin,
            "on_part_data": self.on_part_data,
            "on_part_end": self.on_part_end,
            "on_header_field": self.on_header_field,
            "on_header_value": self.on_header_value,
            "on_header_end": self.on_header_end,
            "on_headers_finished": self.on_headers_finished,
            "on_end": self.on_end,
        }

    def taken(self) -> bytes:
        """The bytes of the file that have come since."""
        data = bytes(self._taken)
        self._taken.clear()
        return data

    def on_part_begin(self) -> None:
        self._begun += 1
        _check(self._begun)
        self.parts.append(_FormPart())

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        self.parts[-1].headers[self._field.lower()] = self._value
        self._field = self._value = b""

    def on_headers_finished(self) -> None:
        if self._file and self.parts[-1].name == self._file and not self.has_file:
            self.has_file = self._in_file = True
            self.parts.pop()
        elif self.has_file:
            self.late.append(self.parts.pop())

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._taken += data[start:end]
            self.file_bytes += end - start
        elif not self.has_file:
            self.parts[-1].data += data[start:end]

    def on_part_end(self) -> None:
        self._in_file = False

    def on_end(self) -> None:
        self.whole = True
