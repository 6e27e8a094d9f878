"""JSContact (RFC 9553, version 2.0: RFC 9982): cards as JSON objects, in an array, alone, or one on each line.

What a contact has and JSContact has no property for stands in `vCardProps` and `vCardParams`, as RFC 9555 converts
vCard. It is read and written there as jCard is. `reading` makes contacts of cards, `writing` cards of contacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from contactport.contact import Contact, Group, Item, Note, Reject
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.elements import Element, elements
from contactport.formats.jscontact.reading import CardReader
from contactport.formats.jscontact.writing import contact_object, group_object
from contactport.formats.json_values import syntax, written_array
from contactport.formats.registry import NO_GROUPS, Groups
from contactport.formats.vcard.builder import EMPTY
from contactport.formats.vcard.writer import with_categories

__all__ = ["read", "write"]

NO_CARD = "this is no JSContact card"
_SYNTAX = syntax("jscontact", r"(\{)", r'(\{)(?=\s{0,64}"@type"\s{0,64}:\s{0,64}"Card")|\n(\{)')
_PLAIN = frozenset({"uid", "name", "emails", "phones", "fullName", "members", "organizations", "nicknames"})
"""One of these shows that an object without a type is a card."""


def read(chunks: Iterable[bytes], *, evidence: Evidence | None = None) -> Iterator[Item]:
    """Every card of a text, in order, whatever stands around them. Never raises for bad input."""
    for element in elements(chunks, _SYNTAX, Evidence() if evidence is None else evidence):
        if isinstance(element, Reject):
            yield element
        else:
            yield from _card(element)


def _card(element: Element) -> Iterator[Item]:
    place = f"line {element.line}"
    value = element.value
    if not isinstance(value, dict) or not _is_card(cast("dict[str, Any]", value)):
        if not element.is_resumed:
            yield element.reject(NO_CARD)
        return
    item, told = CardReader(cast("dict[str, Any]", value)).read(element.size)
    yield item or element.reject(EMPTY)
    if isinstance(item, Contact | Group):
        yield from (Note(place, reason) for reason in told)


def _is_card(value: dict[str, Any]) -> bool:
    named = value.get("@type")
    return named == "Card" if named is not None else not _PLAIN.isdisjoint(value)


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """An array of cards, one on each line. Items that are neither contacts nor groups are left out."""

    def card_of(item: Contact | Group) -> Any:
        if isinstance(item, Contact):
            return contact_object(with_categories(item, groups.get(item.uid, ())))
        return group_object(item)

    return written_array(items, card_of)
