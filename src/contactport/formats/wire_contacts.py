"""Files of the wire's contacts: read from an array (`json`) or from lines (`ndjson`), written as an array.

The contact object holds less than a contact: no UID, no notes, no web pages. What it holds comes back, so that what
was read is written as the same object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, cast

import msgspec

from contactport.contact import Address, Contact, Email, Item, Note, Organisation, Phone, Photo, Reject
from contactport.formats import dates
from contactport.formats.budgets import CATEGORIES, ENTRIES, SMALL, bounded
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.cloudsponge import UNKNOWN, envelope, to_wire
from contactport.formats.elements import Element, elements
from contactport.formats.json_values import syntax
from contactport.formats.photos import from_data_uri, is_safe
from contactport.formats.registry import NO_GROUPS, Groups
from contactport.formats.vcard.builder import EMPTY
from contactport.formats.vcard.params import KINDS

__all__ = ["read", "write"]

NO_CONTACT = "this is no contact of the wire"
_SYNTAXES = {
    name: syntax(name, r"(\{)", r'(\{)(?=\s{0,64}"first_name"\s{0,64}:)|\n(\{)')
    for name in ("json", "ndjson")
}
_KEYS = frozenset({"first_name", "last_name", "phone", "email"})
_KINDS = {kind.lower(): kind for kind in KINDS} | {"mobile": "CELL"}
"""Types that are kinds of vCard; any other is the user's own word."""

_Object = Mapping[str, Any]


def read(
    chunks: Iterable[bytes], *, evidence: Evidence | None = None, format: Literal["json", "ndjson"] = "json"
) -> Iterator[Item]:
    """Every contact of a text, in order, whatever stands around them. Never raises for bad input.

    Both formats are read alike. `format` is the one that rejected records are of.
    """
    for element in elements(chunks, _SYNTAXES[format], Evidence() if evidence is None else evidence):
        if isinstance(element, Reject):
            yield element
        else:
            yield from _contact(element)


def _contact(element: Element) -> Iterator[Item]:
    place = f"line {element.line}"
    value = element.value
    if not isinstance(value, dict) or _KEYS.isdisjoint(cast("_Object", value)):
        if not element.is_resumed:
            yield element.reject(NO_CONTACT)
        return
    contact = _made(cast("_Object", value))
    if contact == Contact():
        yield element.reject(EMPTY)
        return
    told = bounded(contact) if element.size > SMALL else []
    yield contact
    yield from (Note(place, reason) for reason in told)


def _text(value: Any) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    """One more than is kept, so that it is told."""
    return cast("list[Any]", value)[: CATEGORIES + 1] if isinstance(value, list) else []


def _objects(value: Any) -> list[_Object]:
    return [cast("_Object", each) for each in _list(value)[: ENTRIES + 1] if isinstance(each, dict)]


def _texts(value: Any) -> list[str]:
    return [text for text in map(_text, _list(value)) if text]


def _kind(type_: Any) -> tuple[tuple[str, ...], str | None]:
    """The kinds and the label that the type of an entry stands for."""
    word = _text(type_)
    if not word or word == UNKNOWN:
        return (), None
    kind = _KINDS.get(word.lower())
    return ((kind,), None) if kind is not None else ((), word)


def _made(value: _Object) -> Contact:
    contact = Contact(categories=_texts(value.get("groups")), titles=_texts([value.get("job_title")]))
    name = contact.name
    name.given, name.family = _text(value.get("first_name")), _text(value.get("last_name"))
    name.prefixes = _text(value.get("title"))
    for at, each in enumerate(_objects(value.get("phone"))):
        if number := _text(each.get("number")):
            # The first is marked where none is preferred.
            contact.phones.append(
                Phone(number, *_kind(each.get("type")), at > 0 and each.get("primary") is True)
            )
    for at, each in enumerate(_objects(value.get("email"))):
        if address := _text(each.get("address")):
            contact.emails.append(
                Email(address, *_kind(each.get("type")), at > 0 and each.get("primary") is True)
            )
    contact.addresses = [
        made for each in _objects(value.get("address")) if (made := _address(each)) is not None
    ]
    contact.organisations = [
        Organisation(company) for company in _texts(value.get("companies"))[: ENTRIES + 1]
    ]
    date = _text(value.get("dob")) or _text(value.get("birthday"))
    if date:
        contact.birthday = dates.parse(date if len(date) > 5 else f"--{date}")
    contact.photos = [
        made for uri in _texts(value.get("photos"))[: ENTRIES + 1] if (made := _photo(uri)) is not None
    ]
    return contact


def _address(each: _Object) -> Address | None:
    kinds, label = _kind(each.get("type"))
    street, city, region, code, country = parts = [
        _text(each.get(key)) for key in ("street", "city", "region", "postal_code", "country")
    ]
    made = Address("", "", street, city, region, code, country, kinds=kinds, label=label)
    formatted = _text(each.get("formatted"))
    if formatted != envelope(made):
        made.formatted = formatted
    return made if formatted or any(parts) else None


def _photo(uri: str) -> Photo | None:
    if uri[:5].lower() == "data:":
        return from_data_uri(uri.encode(errors="replace"))
    return Photo(uri=uri) if is_safe(uri) else None


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """The contacts as one JSON array, one on each line. Other items are left out."""
    encoder = msgspec.json.Encoder()
    between = b"[\n"
    yield b""
    for item in items:
        if isinstance(item, Contact):
            yield between + encoder.encode(to_wire(item, groups.get(item.uid, ())))
            between = b",\n"
        else:
            yield b""
    yield b"[]\n" if between == b"[\n" else b"\n]\n"
