"""Writer of JSContact cards. What JSContact has no property for is written as RFC 9555 converts it."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from contactport.contact import Address, Contact, Group, Labelled, PartialDate, Photo
from contactport.formats.jcard import written_property
from contactport.formats.jscontact.words import (
    ADDRESS_CONTEXTS,
    ADDRESS_KINDS,
    CONTEXTS,
    FEATURES,
    NAME_KINDS,
)
from contactport.formats.vcard.builder import Entry
from contactport.formats.vcard.typed import contact_properties, timestamp

_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_Entry = TypeVar("_Entry")
_Card = dict[str, Any]


class _Rest:
    """What JSContact has no property for: a contact of it alone, and the labels that groups bind to entries."""

    def __init__(self) -> None:
        self.contact = Contact()
        self.labels: list[str] = []

    def label(self, text: str) -> str:
        """The group that binds an entry to this label."""
        self.labels.append(text)
        return f"item{len(self.labels)}"

    def properties(self) -> list[Any]:
        """As jCard."""
        made: list[Any] = [
            ["x-ablabel", {"group": f"item{at}"}, "text", label] for at, label in enumerate(self.labels, 1)
        ]
        if self.contact != Contact():
            for each in contact_properties(self.contact):
                if each.group:
                    each.group = f"item{int(each.group[4:]) + len(self.labels)}"
                if each.name != "FN":
                    made.append(written_property(each))
        return made


def _identity(uid: str) -> str:
    return f"urn:uuid:{uid}" if _UUID.fullmatch(uid) else uid


def _numbered(entries: Iterable[_Entry], made: Callable[[_Entry], _Card]) -> dict[str, _Card]:
    """An object with a key for each entry."""
    return {str(at): made(each) for at, each in enumerate(entries, 1)}


def _head(uid: str) -> _Card:
    """Only version 2.0 knows a card without UID (RFC 9982)."""
    if uid:
        return {"@type": "Card", "version": "1.0", "uid": _identity(uid)}
    return {"@type": "Card", "version": "2.0"}


def _about(
    entry: Entry, contexts: Mapping[str, str] = CONTEXTS, features: Mapping[str, str] | None = None
) -> _Card:
    """What an entry says beside its value: contexts, features, other kinds, rank, label."""
    made: _Card = {}
    left = list(entry.kinds)
    for key, words in (("contexts", contexts), ("features", features or {})):
        named = {word: True for word, kind in words.items() if any(each.upper() == kind for each in left)}
        if named:
            made[key] = named
            left = [each for each in left if not any(each.upper() == words[word] for word in named)]
    if left:
        made["vCardParams"] = {"type": left}
    if entry.primary:
        made["pref"] = 1
    if entry.label:
        made["label"] = entry.label
    return made


def _sections(card: _Card, **sections: Any) -> _Card:
    """The card with those of the sections that hold anything."""
    card.update((name, value) for name, value in sections.items() if value)
    return card


def group_object(group: Group) -> _Card:
    """A group's card: its members are a set."""
    card = _head(group.uid)
    card["kind"] = "group"
    return _sections(
        card,
        name={"full": group.name} if group.name else {},
        members={_identity(member): True for member in group.members},
        **_reached_by(group),
        notes=_numbered(group.notes, lambda note: {"note": note}),
        keywords=dict.fromkeys(group.categories, True),
    )


def contact_object(contact: Contact) -> _Card:
    """A person's card."""
    rest = _Rest()
    rest.contact.phonetic_given = contact.phonetic_given
    rest.contact.phonetic_family = contact.phonetic_family
    return _sections(
        _head(contact.uid),
        name=_name(contact),
        nicknames=_numbered(contact.nicknames, lambda name: {"name": name}),
        **_reached_by(contact),
        addresses=_addresses(contact.addresses, rest),
        organizations=_numbered(
            contact.organisations,
            lambda each: _sections({}, name=each.name, units=[{"name": unit} for unit in each.units]),
        ),
        titles=_numbered(
            [*((title, "title") for title in contact.titles), *((role, "role") for role in contact.roles)],
            lambda each: {"name": each[0], "kind": each[1]},
        ),
        anniversaries=_anniversaries(contact, rest),
        notes=_numbered(contact.notes, lambda note: {"note": note}),
        links=_numbered(contact.urls, lambda url: {"uri": url.value, **_about(url)}),
        onlineServices=_numbered(
            contact.messengers, lambda each: {"uri": each.value, "vCardName": "impp", **_about(each)}
        ),
        relatedTo=_relations(contact.relations, rest),
        media=_numbered(contact.photos, _photo),
        keywords=dict.fromkeys(contact.categories, True),
        updated=_updated(contact.revision, rest),
        vCardProps=rest.properties(),
    )


def _reached_by(item: Contact | Group) -> _Card:
    return {
        "emails": _numbered(item.emails, lambda email: {"address": email.address, **_about(email)}),
        "phones": _numbered(
            item.phones, lambda phone: {"number": phone.number, **_about(phone, features=FEATURES)}
        ),
    }


def _name(contact: Contact) -> _Card:
    components = [
        {"kind": kind, "value": value} for part, kind in NAME_KINDS if (value := getattr(contact.name, part))
    ]
    return _sections({}, full=contact.formatted_name, components=components)


def _addresses(addresses: Sequence[Address], rest: _Rest) -> dict[str, _Card]:
    """An address has no label in JSContact: the label's group binds it to the address."""

    def made(address: Address) -> _Card:
        components = [
            {"kind": kind, "value": value}
            for part, kind in ADDRESS_KINDS
            if (value := getattr(address, part))
        ]
        about = _about(address, ADDRESS_CONTEXTS)
        label = about.pop("label", None)
        if label:
            about.setdefault("vCardParams", {})["group"] = rest.label(label)
        return _sections({}, components=components, full=address.formatted) | about

    return _numbered(addresses, made)


def _anniversaries(contact: Contact, rest: _Rest) -> dict[str, _Card]:
    made: dict[str, _Card] = {}
    for key, kind, date in (("1", "birth", contact.birthday), ("2", "wedding", contact.anniversary)):
        written = None if date is None else _date(date)
        if written:
            made[key] = {"kind": kind, "date": written}
        elif kind == "birth":
            rest.contact.birthday = date
        else:
            rest.contact.anniversary = date
    rest.contact.dates += contact.dates
    return made


def _date(date: PartialDate) -> _Card:
    """A PartialDate of JSContact (RFC 9553 section 2.8.1); empty for what it can't say."""
    if date.text or (date.year is None and (date.month is None or date.day is None)):
        return {}
    if date.day is not None and date.month is None:
        return {}
    numbers = (("year", date.year), ("month", date.month), ("day", date.day))
    return {name: number for name, number in numbers if number is not None}


def _relations(relations: Iterable[Labelled], rest: _Rest) -> dict[str, _Card]:
    """Relations by whom they are with; one that has a label, or is with the same as another, needs vCard's form."""
    made: dict[str, _Card] = {}
    for relation in relations:
        if relation.label or relation.primary or relation.value in made:
            rest.contact.relations.append(relation)
        else:
            made[relation.value] = {"relation": dict.fromkeys(relation.kinds, True)} if relation.kinds else {}
    return made


def _photo(photo: Photo) -> _Card:
    uri = photo.uri
    if photo.data:
        uri = f"data:{photo.media_type};base64,{base64.b64encode(photo.data).decode()}"
    return _sections({"kind": "photo", "uri": uri}, mediaType=photo.media_type)


def _updated(revision: str, rest: _Rest) -> str:
    extended = timestamp(revision, extended=True) or revision
    if _UTC.fullmatch(extended):
        return extended
    rest.contact.revision = revision
    return ""
