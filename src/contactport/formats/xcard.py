"""xCard (RFC 6351): vCard 4.0 in XML. Each `vcard` element is read alone, so that no DOCTYPE and no entity counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

import msgspec

from contactport.contact import Contact, Group, Item, Note, Reject
from contactport.formats import registry
from contactport.formats.budgets import PROPERTIES
from contactport.formats.charsets.decode import codec_of as codec_named
from contactport.formats.charsets.decode import is_utf8
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.elements import Broken, Element, IncompleteElement, Syntax, codec_of, elements
from contactport.formats.registry import NO_GROUPS, Groups
from contactport.formats.vcard.builder import EMPTY
from contactport.formats.vcard.typed import (
    STRUCTURED,
    TypedCard,
    TypedProperty,
    contact_properties,
    group_properties,
    kinds_and_rank,
    timestamp,
)
from contactport.formats.vcard.writer import with_categories

__all__ = ["read", "write"]

NOT_XML = "this card is not XML"
TOO_DEEP = "the elements of this card are nested too deeply, or are too many"
NO_END = "another card begins within this one"
_DEPTH = 12
_ELEMENTS = 20 * PROPERTIES
_PREFIX = r"(?:[A-Za-z_][\w.-]{0,60}:)?"
_OPENING = re.compile(rf"(<){_PREFIX}vcard(?=[\s/>])")
_EDGE = re.compile(rf"(?P<end></{_PREFIX}vcard\s*+>)|<{_PREFIX}vcard(?=[\s/>])")
_ALONE = re.compile(rf"<{_PREFIX}vcard(?:\s[^<>]{{0,1000}})?/>")
_BETWEEN = re.compile(r"(?:\s|\ufeff|<[^<>]{0,1000}>)*+")
_DECLARED = re.compile(rb"""\A\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML can't hold, not even escaped."""
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_PARTS = {
    "N": ("surname", "given", "additional", "prefix", "suffix"),
    "ADR": ("pobox", "ext", "street", "locality", "region", "code", "country"),
}
_HEAD = registry.get("xcard").frame.start


class _Node(msgspec.Struct):
    """An element: its local name in small letters, its attribute `name`, what is in it, and its text."""

    tag: str
    name: str
    nodes: list[_Node]
    text: list[str]

    def words(self) -> str:
        """Its own text; without one, the texts of its elements, separated by commas."""
        return ",".join("".join(node.text) for node in self.nodes) if self.nodes else "".join(self.text)


class _Tree:
    """The elements of one card, by expat. Raises Broken if they are too many or too deep."""

    def __init__(self) -> None:
        self.root = _Node("", "", [], [])
        self._open = [self.root]
        self._count = 0
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def parse(self, data: bytes, end: int) -> _Node:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError:
            raise Broken(NOT_XML, end) from None
        if self._count > _ELEMENTS or not self.root.nodes:
            raise Broken(TOO_DEEP, end)
        return self.root.nodes[0]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > _DEPTH:
            self._count = _ELEMENTS + 1
        node = _Node(tag.rpartition(":")[2].lower(), attributes.get("name", ""), [], [])
        if self._count <= _ELEMENTS:
            self._open[-1].nodes.append(node)
            self._open.append(node)

    def _end(self, tag: str) -> None:
        if self._count <= _ELEMENTS:
            self._open.pop()

    def _text(self, text: str) -> None:
        if self._count <= _ELEMENTS:
            self._open[-1].text.append(text)


def _card_at(text: str, at: int) -> tuple[Any, int]:
    """The element `vcard` that begins there, and its end. Raises IncompleteElement or Broken."""
    alone = _ALONE.match(text, at)
    if alone is not None:
        return _Node("vcard", "", [], []), alone.end()
    edge = _EDGE.search(text, at + 1)
    if edge is None:
        raise IncompleteElement
    if edge["end"] is None:
        raise Broken(NO_END, edge.start())
    # Bytes that are not UTF-8 are decoded after this, and the card is then read again.
    return _Tree().parse(text[at : edge.end()].encode(errors="replace"), edge.end()), edge.end()


def _codec(head: bytes) -> str:
    name = codec_of(head)
    declared = _DECLARED.match(head)
    if declared is None or not name.startswith("utf-8"):
        return name
    charset = declared[1].decode()
    return name if is_utf8(charset) else codec_named(charset) or name


def _extent(text: str) -> int:
    edge = _EDGE.search(text, 1)
    return len(text) if edge is None else edge.end() if edge["end"] else edge.start()


_SYNTAX = Syntax("xcard", _OPENING, _OPENING, _BETWEEN, _card_at, _extent, _codec)


def read(chunks: Iterable[bytes], *, evidence: Evidence | None = None) -> Iterator[Item]:
    """Every card of a text, in order, whatever stands around them. Never raises for bad input."""
    for element in elements(chunks, _SYNTAX, Evidence() if evidence is None else evidence):
        if isinstance(element, Reject):
            yield element
        else:
            yield from _card(element)


def _card(element: Element) -> Iterator[Item]:
    place = f"line {element.line}"
    if not isinstance(element.value, _Node):
        yield element.reject(NOT_XML)
        return
    card = TypedCard()
    for node in element.value.nodes:
        if node.tag == "group":
            for inner in node.nodes:
                card.add(_property(inner, node.name))
        else:
            card.add(_property(node, ""))
    item, told = card.finish(element.size)
    yield item or element.reject(EMPTY)
    yield from (Note(place, reason) for reason in told)


def _property(node: _Node, group: str) -> TypedProperty:
    made = TypedProperty(node.tag.upper(), "", (), group)
    values = node.nodes
    if values and values[0].tag == "parameters":
        _take_parameters(made, values[0].nodes)
        values = values[1:]
    if not values:
        # Nobody should write it so.
        text = "".join(node.text).strip()
        made.values = [text] if text else []
        return made
    made.type = values[0].tag
    if made.name in _PARTS:
        made.values = [[_several(values, part) for part in _PARTS[made.name]]]
    elif made.name in STRUCTURED:
        made.values = [["".join(value.text) for value in values]]
    else:
        made.values = ["".join(value.text) for value in values]
    return made


def _several(values: list[_Node], part: str) -> str | list[str]:
    texts = ["".join(value.text) for value in values if value.tag == part]
    return texts[0] if len(texts) == 1 else texts


def _take_parameters(made: TypedProperty, parameters: list[_Node]) -> None:
    others: dict[str, str] = {}
    words: list[str] = []
    pref = ""
    for parameter in parameters:
        if parameter.tag == "type":
            words += ("".join(value.text) for value in parameter.nodes)
        elif parameter.tag == "pref":
            pref = parameter.words().strip()
        else:
            others[parameter.tag.upper()] = parameter.words()
    made.kinds, made.rank = kinds_and_rank(words, pref)
    made.parameters = others


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """A document with a card on each line. Items that are neither contacts nor groups are left out.

    A character that XML can't hold is written as U+FFFD.
    """
    yield _HEAD
    for item in items:
        if isinstance(item, Contact):
            properties = contact_properties(with_categories(item, groups.get(item.uid, ())))
        elif isinstance(item, Group):
            properties = group_properties(item)
        else:
            yield b""
            continue
        yield f"<vcard>{''.join(map(_written, properties))}</vcard>\n".encode(errors="replace")
    yield b"</vcards>\n"


def _escaped(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", text), {"\r": "&#13;"})


def _element(name: str, text: str) -> str:
    return f"<{name}>{_escaped(text)}</{name}>" if text else f"<{name}/>"


def _written(each: TypedProperty) -> str:
    name = each.name.lower()
    parameters = "".join(_element("text", kind) for kind in each.kinds)
    parameters = f"<type>{parameters}</type>" if parameters else ""
    if each.rank:
        parameters += f"<pref><integer>{each.rank}</integer></pref>"
    for key, value in each.parameters.items():
        if _NAME.fullmatch(key.lower()):
            parameters += f"<{key.lower()}>{_element('text', value)}</{key.lower()}>"
    if parameters:
        parameters = f"<parameters>{parameters}</parameters>"
    whole = f"<{name}>{parameters}{_values(each)}</{name}>"
    return f'<group name="{each.group.lower()}">{whole}</group>' if each.group else whole


def _values(each: TypedProperty) -> str:
    type_ = "date" if each.type == "date-and-or-time" else "uri" if each.name == "UID" else each.type
    made: list[str] = []
    for value in each.values:
        if isinstance(value, str):
            made.append(_element(type_, timestamp(value, extended=False) if type_ == "timestamp" else value))
        elif each.name in _PARTS:
            made += map(_part, _PARTS[each.name], value)
        else:
            made += (_part("text", part) for part in value)
    return "".join(made)


def _part(name: str, part: str | Sequence[str]) -> str:
    return _element(name, part) if isinstance(part, str) else "".join(_element(name, one) for one in part)
