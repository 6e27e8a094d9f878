"""jCard (RFC 7095): vCard 4.0 in JSON. A file is an array of cards, or one card, or one on each line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from contactport.contact import Contact, Group, Item, Note, Reject
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.elements import Element, elements
from contactport.formats.json_values import syntax, written_array
from contactport.formats.registry import NO_GROUPS, Groups
from contactport.formats.vcard.builder import EMPTY
from contactport.formats.vcard.typed import (
    TypedCard,
    TypedProperty,
    contact_properties,
    group_properties,
    kinds_and_rank,
    timestamp,
)
from contactport.formats.vcard.values import Add
from contactport.formats.vcard.writer import with_categories

__all__ = ["add_properties", "read", "write", "written_property"]

_BEGINS = r'(\[)\s{0,64}"[vV][cC][aA][rR][dD]"\s{0,64}[,\]]'
_SYNTAX = syntax("jcard", _BEGINS, _BEGINS)
_NO_CARD = "this is no jCard: its properties are no array"
_KEY, _KNOWN = 200, 4096
_Known = dict[str, tuple[str, Add]]
"""The name and the function of each sort of property met, by its name, type and parameters."""
_DATE = re.compile(r"(\d{4}|-)-?(\d\d)-?(\d\d)")


def read(chunks: Iterable[bytes], *, evidence: Evidence | None = None) -> Iterator[Item]:
    """Every card of a text, in order, whatever stands around them. Never raises for bad input."""
    known: _Known = {}
    for element in elements(chunks, _SYNTAX, Evidence() if evidence is None else evidence):
        if isinstance(element, Reject):
            yield element
        else:
            yield from _card(element, known)


def _card(element: Element, known: _Known) -> Iterator[Item]:
    place = f"line {element.line}"
    value = element.value
    if not isinstance(value, list) or len(value) < 2 or not isinstance(value[1], list):  # pyright: ignore[reportUnknownArgumentType]
        yield element.reject(_NO_CARD)
        return
    card = TypedCard()
    add_properties(card, cast("list[Any]", value[1]), known)
    item, told = card.finish(element.size)
    yield item or element.reject(EMPTY)
    yield from (Note(place, reason) for reason in told)


def add_properties(card: TypedCard, properties: Iterable[Any], known: _Known) -> None:
    """Add the properties that the arrays of a jCard describe; what describes none is left out."""
    for each in properties:
        if not isinstance(each, list) or len(each) < 4:  # pyright: ignore[reportUnknownArgumentType]
            continue
        name, parameters, type_, *values = cast("list[Any]", each)
        # Almost every value is a text, or a list of texts.
        for value in values:
            if not isinstance(value, str):
                values = [made for made in map(_value, values) if made]
                break
        key = f"{name}:{type_}:{parameters}" if parameters else f"{name}:{type_}"
        found = known.get(key)
        if found is None:
            if not isinstance(name, str):
                continue
            made = TypedProperty(name.upper(), type_.lower() if isinstance(type_, str) else "", ())
            if isinstance(parameters, dict):
                _take_parameters(made, cast("dict[str, Any]", parameters))
            found = made.name, card.adder(made)
            if len(key) <= _KEY:
                if len(known) >= _KNOWN:
                    known.clear()
                known[key] = found
        card.take(*found, values)


def _value(value: Any) -> str | list[str | list[str]]:
    """A value, or the parts of one."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return [
            [_word(each) for each in cast("list[Any]", part)] if isinstance(part, list) else _word(part)
            for part in cast("list[Any]", value)
        ]
    return _word(value)


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else ""


def _take_parameters(made: TypedProperty, parameters: Mapping[str, Any]) -> None:
    others: dict[str, str] = {}
    words: list[str] = []
    pref = ""
    for name, value in parameters.items():
        key = name.upper()
        texts = list(map(_word, cast("list[Any]", value))) if isinstance(value, list) else [_word(value)]
        if key == "TYPE":
            words += texts
        elif key == "PREF":
            pref = texts[0] if texts else ""
        elif key == "GROUP":
            made.group = texts[0] if texts else ""
        elif key:
            others[key] = ",".join(texts)
    made.kinds, made.rank = kinds_and_rank(words, pref)
    made.parameters = others


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """An array of cards, one on each line. Items that are neither contacts nor groups are left out."""

    def card_of(item: Contact | Group) -> Any:
        properties = (
            contact_properties(with_categories(item, groups.get(item.uid, ())))
            if isinstance(item, Contact)
            else group_properties(item)
        )
        return ["vcard", [["version", {}, "text", "4.0"], *map(written_property, properties)]]

    return written_array(items, card_of)


def written_property(each: TypedProperty) -> Sequence[Any]:
    """The array of a property."""
    parameters: dict[str, Any] = {}
    if each.group:
        parameters["group"] = each.group.lower()
    if each.kinds:
        first, *others = each.kinds
        parameters["type"] = each.kinds if others else first
    if each.rank:
        parameters["pref"] = str(each.rank)
    for name, value in each.parameters.items():
        parameters[name.lower()] = value
    values = each.values
    if each.type == "date-and-or-time":
        values = [_DATE.sub(r"\1-\2-\3", value) if isinstance(value, str) else value for value in values]
    elif each.type == "timestamp":
        values = [timestamp(value, extended=True) if isinstance(value, str) else value for value in values]
    return [each.name.lower(), parameters, each.type, *values]
