"""A multistatus element by element, as expat finds them.

expat calls two methods an element, so they do as little as can be; the text of an element is only collected where
somebody wants it. `status` may stand before or after `prop`, names may have any prefix, text may be CDATA.
"""

from __future__ import annotations

import hashlib
from xml.parsers import expat

from contactport.sources.carddav.model import (
    CARD,
    DAV,
    Malformed,
    MultistatusLimits,
    MultistatusResponse,
    PropertyValue,
    TruncatedXml,
)

ADDRESS_DATA = CARD + "address-data"
_HREF = DAV + "href"
_STATUS = DAV + "status"
_ETAG = DAV + "getetag"
_PROP = DAV + "prop"
_PROPSTAT = DAV + "propstat"
_RESPONSE = DAV + "response"
_TOKEN = DAV + "sync-token"
_ROOT = DAV + "multistatus"
_LIMIT = DAV + "number-of-matches-within-limits"
FULL = 507
"""The status of a response that stands for what was left out (RFC 6578 section 3.6, RFC 6352 section 8.6.2)."""

SHOWN = 200
"""Characters of an href that is too long which are told."""
LONGEST_SYNC_TOKEN = 16 * 1024
"""Characters of a token that is sent back with the next request."""
LONGEST_TOKEN = 64 * 1024
"""Bytes of one tag, comment or instruction: expat looks at an unfinished one again with every slice."""


_UNFINISHED = frozenset(
    expat.errors.codes[words]
    for words in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
    )
)


class ElementParser:
    """`parse()` clean bytes, cut anywhere; `items` gathers the responses that are complete. Raises Malformed.

    `sync_token` is the new one of a sync-collection (RFC 6578), once it was read; `ended` that the root was closed.
    """

    def __init__(self, limits: MultistatusLimits) -> None:
        self.sync_token = ""
        self.ended = False
        self.items: list[MultistatusResponse] = []
        self._limits = limits
        self._fed = 0
        self._elements = 0
        self._responses = 0
        self._known = 0
        self._ended = -1
        self._depth = 0
        self._in_response = False
        self._in_prop = False
        # Of the response:
        self._hrefs: list[str] = []
        self._faults = False
        self._status = 0
        self._is_full = False
        self._data: bytes | None = None
        self._too_long = False
        self._texts = 0
        self._props: dict[str, PropertyValue] | None = None
        self._refused: dict[str, PropertyValue] | None = None
        # Of the propstat:
        self._stat_status = 0
        self._stat_data: bytes | None = None
        self._values: dict[str, PropertyValue] | None = None
        # Of the element whose text is wanted:
        self._parts: list[str] = []
        self._length = 0
        self._longest = limits.text
        self._is_card = False
        self._names: list[str] = []
        self._inner: list[str] = []
        self._cut = False

        parser = self._parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = True
        parser.buffer_size = 64 * 1024
        if hasattr(parser, "SetReparseDeferralEnabled"):
            # Deferral saves work on endless tokens, which are refused here, and holds cards back.
            parser.SetReparseDeferralEnabled(False)
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartNamespaceDeclHandler = self._declared

    @property
    def href(self) -> str:
        """The first href of the response that is open; empty between two, and where none was read yet."""
        return self._hrefs[0] if self._in_response and self._hrefs else ""

    def is_between_responses(self, tag: int) -> bool:
        """Whether what was parsed last is the end tag, `tag` bytes long, of a response: nothing else is open."""
        return self._depth == 1 and self._ended == self._fed - tag

    def parse(self, data: bytes, *, final: bool = False) -> None:
        parser = self._parser
        try:
            parser.Parse(data, final)
        except expat.ExpatError as error:
            if final and error.code in _UNFINISHED:
                raise TruncatedXml("the answer ends before it is complete") from None
            words = expat.ErrorString(error.code) or "unknown error"
            raise Malformed(f"the XML is broken: {words}") from None
        self._fed += len(data)
        if self._fed - parser.CurrentByteIndex > LONGEST_TOKEN and not final:
            raise Malformed("the XML has a tag or comment without end")
        # Judged once a slice, which can't hold enough of them to matter.
        if self._elements > self._limits.elements:
            raise Malformed("the XML has too many elements in one place")
        if len(parser.intern) != self._known:
            self._judge_names()

    def _judge_names(self) -> None:
        """`intern` has every name of an element, attribute or prefix and every namespace that came, as expat has."""
        names = self._parser.intern
        self._known = len(names)
        if (
            self._known > self._limits.names
            or sum([len(name or "") for name in names]) > self._limits.lengths
        ):
            raise Malformed("the XML has too many different names")

    def _declared(self, *_: object) -> None:
        """A namespace's prefix. There for `intern`, which gets to know it so: expat keeps each."""

    def _doctype(self, *_: object) -> None:
        raise Malformed("the XML declares a document type, which is never read")

    def _start(self, name: str, _: object) -> None:
        depth = self._depth = self._depth + 1
        self._elements += 1
        if depth > 5:
            if depth > self._limits.depth:
                raise Malformed("the XML is nested too deeply")
            if self._in_prop:
                self._names.append(name)
                if name == _HREF:
                    self._parts = []
                    self._length = 0
        elif depth == 5:
            if self._in_prop:
                self._collect()
                if name == ADDRESS_DATA:
                    self._is_card = True
                    self._longest = self._limits.card
        elif depth == 3:
            if self._in_response and name in (_HREF, _STATUS):
                self._collect()
        elif depth == 4:
            if name == _PROP:
                self._in_prop = self._in_response
            elif name == _STATUS:
                self._collect()
            elif name == _LIMIT:
                self._is_full = self._in_response
        elif depth == 2:
            if name == _RESPONSE:
                self._in_response = True
                self._elements = 0
                self._responses += 1
                if self._responses > self._limits.responses:
                    raise Malformed("the answer has too many responses")
            elif name == _TOKEN:
                self._collect()
                self._longest = LONGEST_SYNC_TOKEN
        elif name != _ROOT:
            raise Malformed("the answer is not a multistatus")

    def _end(self, name: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if depth == 5:
            if self._in_prop:
                self._property(name)
        elif depth == 3:
            if name == _HREF:
                self._href()
            elif name == _PROPSTAT:
                self._propstat()
            elif name == _STATUS:
                self._status = _code(self._collected())
        elif depth == 4:
            if name == _PROP:
                self._in_prop = False
            elif name == _STATUS:
                self._stat_status = _code(self._collected())
        elif depth == 2:
            if name == _RESPONSE:
                self._response()
                self._ended = self._parser.CurrentByteIndex
            elif name == _TOKEN:
                self.sync_token = self._collected().strip()
        elif depth == 1:
            self.ended = True
        elif depth > 5 and name == _HREF and self._in_prop:
            inner = "".join(self._parts).strip()
            self._inner.append(inner)
            self._spend(inner)
            self._parts = []

    def _collect(self) -> None:
        self._parts = []
        self._length = 0
        self._cut = False
        self._is_card = False
        self._longest = self._limits.text
        self._parser.CharacterDataHandler = self._text

    def _collected(self) -> str:
        self._parser.CharacterDataHandler = None
        parts = self._parts
        return parts[0] if len(parts) == 1 else "".join(parts)

    def _text(self, data: str) -> None:
        self._length += len(data)
        if self._length > self._longest:
            if not self._is_card:
                raise Malformed("the XML has a text that is too long")
            # A card too long is no reason to lose the others: it is noticed, and not kept.
            self._cut = True
            self._parts = []
            return
        self._parts.append(data)

    def _href(self) -> None:
        href = self._collected().strip()
        if len(self._hrefs) >= self._limits.hrefs:
            raise Malformed("the XML has too many hrefs in one response")
        if len(href) > self._limits.href:
            self._faults = True
        self._hrefs.append(href)
        self._spend(href)

    def _spend(self, text: str) -> None:
        """Counts what is kept of one response beside its card."""
        self._texts += len(text)
        if self._texts > self._limits.text:
            raise Malformed("the XML has too much text in one response")

    def _property(self, name: str) -> None:
        text = self._collected()
        if name == ADDRESS_DATA:
            self._stat_data = text.encode("utf-8", "replace")
            self._too_long = self._too_long or self._cut
            if self._names:
                self._names = []
                self._inner = []
            return
        if name == _ETAG:
            # It is asked for because every client asks for it; a single import has no use for it.
            return
        self._spend(text)
        value = PropertyValue(text.strip(), tuple(self._names), tuple(self._inner))
        if self._names:
            self._names = []
            self._inner = []
        if self._values is None:
            self._values = {}
        self._values[name] = value

    def _propstat(self) -> None:
        status = self._stat_status
        if status == FULL:
            self._is_full = True
        if status == 0 or 200 <= status < 300:
            if self._stat_data is not None:
                self._data = self._stat_data
            if self._values is not None:
                if self._props is None:
                    self._props = self._values
                else:
                    self._props.update(self._values)
        elif self._values is not None:
            kept = {name: value for name, value in self._values.items() if value.hrefs or value.text}
            if kept:
                if self._refused is None:
                    self._refused = kept
                else:
                    self._refused.update(kept)
        self._stat_status = 0
        self._stat_data = None
        self._values = None

    def _response(self) -> None:
        if self._faults:
            self._respond_to_long()
        for href in self._hrefs:
            self.items.append(
                MultistatusResponse(
                    href,
                    FULL if self._is_full else self._status,
                    self._data,
                    self._too_long,
                    # Beside a card nobody asks for more, and by its shape it would not be read.
                    None if self._data else self._props,
                    self._refused,
                )
            )
        self._in_response = False
        self._elements = 0
        self._hrefs = []
        self._faults = False
        self._texts = 0
        self._status = 0
        self._is_full = False
        self._data = None
        self._too_long = False
        self._props = None
        self._refused = None

    def _respond_to_long(self) -> None:
        """Members whose hrefs are too long to be kept, or asked for."""
        longest = self._limits.href
        for href in self._hrefs:
            if len(href) > longest:
                # Told apart by a hash, as two of them may begin alike.
                shown = f"{href[:SHOWN]}...{hashlib.sha256(href.encode('utf-8', 'replace')).hexdigest()[:16]}"
                fault = f"its address is longer than {longest} characters"
                self.items.append(
                    MultistatusResponse(shown, self._status, self._data, self._too_long, fault=fault)
                )
        self._hrefs = [href for href in self._hrefs if len(href) <= longest]


def _code(line: str) -> int:
    """The number of a status line, `HTTP/1.1 404 Not Discovery`; 0 where there is none."""
    for word in line.split():
        if len(word) == 3 and word.isascii() and word.isdigit():
            return int(word)
    return 0
