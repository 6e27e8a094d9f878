"""Fields of a table's columns in words: what a person can choose for a column, and what it is called."""

from __future__ import annotations

from typing import NamedTuple

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Name", ("full_name", "given_name", "middle_name", "family_name", "nickname", "prefix", "suffix")),
    ("E-mail", ("email", "email.home", "email.work")),
    ("Telephone", ("phone", "phone.mobile", "phone.home", "phone.work", "phone.fax")),
    (
        "Address",
        (
            *("address", "address.street", "address.postal_code", "address.city", "address.region"),
            *("address.country", "address.home", "address.work"),
        ),
    ),
    ("Work", ("organisation", "department", "title")),
    ("More", ("website", "messenger", "birthday", "anniversary", "relation", "categories", "notes")),
)
_BASES = {
    "full_name": "Full name",
    "given_name": "First name",
    "middle_name": "Middle name",
    "family_name": "Last name",
    "prefix": "Title before the name (Dr)",
    "suffix": "Suffix after the name (Jr)",
    "phonetic_given_name": "First name, phonetic",
    "phonetic_family_name": "Last name, phonetic",
    "email": "E-mail address",
    "phone": "Telephone",
    "organisation": "Company",
    "title": "Job title",
    "role": "Role",
    "website": "Web page",
    "messenger": "Messenger",
    "relation": "Related person",
    "categories": "Groups",
    "custom": "Other value",
    "date": "Other date",
    "uid": "Identifier",
    "file_as": "Sort name",
    "photo": "Picture (web address)",
}
_PARTS = {
    "po_box": "P.O. box",
    "extended": "flat or floor",
    "postal_code": "postal code",
    "region": "state or region",
    "formatted": "in one piece",
    "street2": "street, second line",
    "street3": "street, third line",
    "house_number": "house number",
}


class FieldChoice(NamedTuple):
    """`field` is written as the formats write it; empty for a column that is left out."""

    field: str
    label: str


NOT_IMPORTED = FieldChoice("", "Do not import")


def label(field: str) -> str:
    """What a field is called: `Telephone (work, fax)`; `Do not import` for none."""
    if not field:
        return NOT_IMPORTED.label
    base, *rest = field.split(".")
    name = _BASES.get(base, base.replace("_", " ").capitalize())
    words = [_PARTS.get(word, word.replace("_", " ")) for word in rest]
    return f"{name} ({', '.join(words)})" if words else name


def choices(understood: str) -> list[tuple[str, list[FieldChoice]]]:
    """What may be chosen for a column, in groups. What it is understood as is always among them."""
    groups = [(name, [FieldChoice(field, label(field)) for field in fields]) for name, fields in _GROUPS]
    if understood and not any(understood in fields for _, fields in _GROUPS):
        groups.insert(0, ("As it was understood", [FieldChoice(understood, label(understood))]))
    return groups
