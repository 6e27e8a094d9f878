"""Budgets of one contact or group: real cards lose nothing, and no card can make an answer very large."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from contactport.contact import Contact, Group, Item, Note, Photo

TEXT = 1_000
LONG = 100_000
GROUP_NAME = 200
"""A group's name or a category. They are repeated at each contact."""
ENTRIES = 200
CATEGORIES = 500
KINDS = 50
MEMBERS = 100_000
CONTACT = 1_000_000
SMALL = TEXT
"""A card with so few bytes can't exceed any budget by much."""

LINES = 100_000
PROPERTIES = 5_000
PARAMETERS = 8 * 1024
VALUE = 64 * 1024
LONG_VALUE = 256 * 1024

TABLE = (
    ("a note, or a web page's address", LONG, "characters"),
    ("a group's name, or a category", GROUP_NAME, "characters"),
    ("any other text, each part of a name and of an address among them", TEXT, "characters"),
    ("the categories of a contact", CATEGORIES, "entries"),
    ("any other list of a contact or a group", ENTRIES, "entries"),
    ("the kinds (TYPE) of an entry", KINDS, "words"),
    ("the members of a group", MEMBERS, "entries"),
    ("all texts of a contact or a group together", CONTACT, "characters"),
    ("the lines of a vCard", LINES, "lines"),
    ("the properties of a vCard, its members not counted", PROPERTIES, "properties"),
    ("the parameters of a vCard's property", PARAMETERS, "bytes"),
    ("the value of NOTE, URL and the like in a vCard", LONG_VALUE, "bytes"),
    ("any other value of a vCard but its pictures", VALUE, "bytes"),
)
"""Every budget, as `docs/formats.md` shows it."""

_LONG_FIELDS = frozenset({"notes", "urls"})
_OF_A_GROUP = ("name", "uid", "members", "emails", "phones", "notes", "categories")
_MOST = {"members": MEMBERS, "categories": CATEGORIES}
_UNCUT = frozenset({"data"})


def kept(item: Item, place: str) -> Iterator[Item]:
    """The item, cut to the budgets, and a note with this place for each part that was left out."""
    told = bounded(item) if isinstance(item, Contact | Group) else ()
    yield item
    for reason in told:
        yield Note(place, reason)


def bounded(item: Contact | Group) -> list[str]:
    """Cut the item to the budgets, in place. Returns what was left out, as text without any text of the user."""
    told: dict[str, None] = {}
    is_group = isinstance(item, Group)
    owner = "group" if is_group else "contact"
    left = CONTACT
    for field in _OF_A_GROUP if is_group else item.__struct_fields__:
        value = getattr(item, field)
        if not value:
            continue
        spoken = field.replace("_", " ")
        if isinstance(value, list):
            _cut_list(value, field, owner, told)  # pyright: ignore[reportUnknownArgumentType]
        most = LONG if field in _LONG_FIELDS else TEXT
        if field == "categories" or (is_group and field == "name"):
            most = GROUP_NAME
        shorter = _cut(value, most)
        if shorter is not value:
            setattr(item, field, shorter)
            told[f"a text among the {spoken} of this {owner} is cut to {most} characters"] = None
        if field == "members":
            continue
        size = _size(shorter)
        if size > left and isinstance(shorter, list):
            while size > left:
                size -= _size(shorter.pop())
            told[f"this {owner} holds more than {CONTACT} characters: some {spoken} are left out"] = None
        left -= size
    return list(told)


def _cut_list(entries: list[Any], field: str, owner: str, told: dict[str, None]) -> None:
    """Cut a list, and the kinds of its entries, in place. Pictures with too long addresses are left out."""
    spoken = field.replace("_", " ")
    most = _MOST.get(field, ENTRIES)
    if len(entries) > most:
        del entries[most:]
        told[f"only {most} {spoken} of this {owner} are kept"] = None
    if isinstance(entries[0], Photo):
        short = [photo for photo in entries if len(photo.uri) <= TEXT]
        if len(short) < len(entries):
            entries[:] = short
            told[f"a picture is left out whose address is longer than {TEXT} characters"] = None
        return
    for part, few in (("kinds", KINDS), ("units", ENTRIES)):
        if hasattr(entries[0], part) and any(len(getattr(entry, part)) > few for entry in entries):
            for at, entry in enumerate(entries):
                entries[at] = msgspec.structs.replace(entry, **{part: getattr(entry, part)[:few]})
            told[f"only {few} {part} of one of the {spoken} of this {owner} are kept"] = None


def _cut(value: Any, most: int) -> Any:
    """The same object if no text is too long, otherwise a copy with shorter texts."""
    if isinstance(value, str):
        return value if len(value) <= most else value[:most]
    if isinstance(value, list | tuple):
        values: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        cut = [_cut(one, most) for one in values]
        if all(a is b for a, b in zip(cut, values, strict=True)):
            return value  # pyright: ignore[reportUnknownVariableType]
        return tuple(cut) if isinstance(value, tuple) else cut
    if isinstance(value, msgspec.Struct):
        changed = {
            field: cut
            for field in value.__struct_fields__
            if field not in _UNCUT and (cut := _cut(getattr(value, field), most)) is not getattr(value, field)
        }
        return msgspec.structs.replace(value, **changed) if changed else value
    return value


def _size(value: Any) -> int:
    """The characters of all texts in it, and one for each entry of a list."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        values: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType]
        return len(values) + sum(map(_size, values))
    if isinstance(value, msgspec.Struct):
        return sum(_size(getattr(value, field)) for field in value.__struct_fields__ if field not in _UNCUT)
    return 0
