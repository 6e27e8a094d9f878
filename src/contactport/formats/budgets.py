"""What one contact or group may hold: no real card loses anything, and none can swell an answer."""

from __future__ import annotations

from typing import Any

import msgspec

from contactport.contact import Contact, Group

TEXT = 1_000
"""Characters of a text: a name, an address of any kind, a telephone, a label."""
LONG = 100_000
"""Characters of a note, or of a web page's address."""
ENTRIES = 200
"""Entries of a list: e-mail addresses, telephones, notes …"""
CATEGORIES = 500
GROUP_NAME = 200
"""Characters of a group's name, or of a category, both of which are repeated at each contact."""
MEMBERS = 100_000
_LONG_FIELDS = frozenset({"notes", "urls"})
_OF_A_GROUP = ("emails", "phones", "notes", "categories")
"""What a group has as a contact has it."""
_UNCUT = frozenset({"data"})
SMALL = TEXT
"""A card of so few bytes can't go beyond any of these."""


def bounded(item: Contact | Group) -> list[str]:
    """Cut the item to the budgets, in place. What was left out, in words without one of the user's."""
    told: dict[str, None] = {}
    fields = item.__struct_fields__
    if isinstance(item, Group):
        if len(item.name) > GROUP_NAME:
            item.name = item.name[:GROUP_NAME]
            told[f"the group's name is cut to {GROUP_NAME} characters"] = None
        if len(item.members) > MEMBERS:
            del item.members[MEMBERS:]
            told[f"only {MEMBERS} members of the group are kept"] = None
        fields = _OF_A_GROUP
    owner = "group" if isinstance(item, Group) else "contact"
    for field in fields:
        value = getattr(item, field)
        most = LONG if field in _LONG_FIELDS else GROUP_NAME if field == "categories" else TEXT
        spoken = field.replace("_", " ")
        entries = CATEGORIES if field == "categories" else ENTRIES
        if isinstance(value, list) and len(value) > entries:  # pyright: ignore[reportUnknownArgumentType]
            del value[entries:]
            told[f"only {entries} {spoken} of this {owner} are kept"] = None
        kept = _cut(value, most)
        if kept is not value:
            setattr(item, field, kept)
            told[f"a text among the {spoken} of this {owner} is cut to {most} characters"] = None
    return list(told)


def _cut(value: Any, most: int) -> Any:
    """The same object where nothing is too long; structs are cut in place, and then a copy tells of it."""
    if isinstance(value, str):
        return value if len(value) <= most else value[:most]
    if isinstance(value, list | tuple):
        values: list[Any] = list(value)[:ENTRIES] if isinstance(value, tuple) else value  # pyright: ignore
        kept = [_cut(one, most) for one in values]
        if len(kept) == len(value) and all(a is b for a, b in zip(kept, value, strict=True)):  # pyright: ignore
            return value  # pyright: ignore
        return tuple(kept) if isinstance(value, tuple) else kept
    if isinstance(value, msgspec.Struct):
        changed = {
            field: kept
            for field in value.__struct_fields__
            if field not in _UNCUT
            and (kept := _cut(getattr(value, field), most)) is not getattr(value, field)
        }
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
