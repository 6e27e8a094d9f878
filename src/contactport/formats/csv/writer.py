"""CSV with the header that Google Contacts writes today, so that Google and others can import it.

COLUMNS has the number of columns of each kind. If a contact has more values, the last columns of that
kind have several, joined by ` ::: ` as Google joins them, with their labels. Nothing is left out.

Spreadsheets run a cell as a formula if it begins with `=`, `+`, `-` or `@`, also in full-width forms. Some remove
blanks, line ends and invisible characters first. Such a cell gets an apostrophe in front, and so does
one that begins with a tab or a line end, or with apostrophes and then any of these; `restored` takes exactly that
one apostrophe away. A telephone number (`+49 30 123`: digits, spaces, dots, hyphens, slashes and brackets after one
plus) and a date without its year (`--10-27`) can't run anything and stay as they are, so that other readers get
them whole.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from contactport.contact import Address, Contact, Email, Item, Labelled, PartialDate, Phone
from contactport.formats import dates
from contactport.formats.cloudsponge import kind_of
from contactport.formats.columns import composed
from contactport.formats.columns.steps import JOIN, NOTE, ROLE
from contactport.formats.photos import is_safe
from contactport.formats.registry import NO_GROUPS, Groups

COLUMNS = {
    "E-mail": 4,
    "Phone": 5,
    "Address": 3,
    "Relation": 2,
    "Website": 2,
    "Event": 2,
    "Custom Field": 3,
}
"""The number of columns (or sets of columns) of each kind."""
_NAMES = (
    *("First Name", "Middle Name", "Last Name", "Phonetic First Name", "Phonetic Middle Name"),
    *("Phonetic Last Name", "Name Prefix", "Name Suffix", "Nickname", "File As", "Organization Name"),
    *("Organization Title", "Organization Department", "Birthday", "Notes", "Photo", "Labels"),
)
_VALUE = ("Label", "Value")
_PLACE = (
    *("Label", "Formatted", "Street", "City", "PO Box", "Region", "Postal Code", "Country"),
    "Extended Address",
)
_TRIMMED = r"\s\x00-\x20\x7f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
"""What a spreadsheet may remove before it reads a cell: white space, control and invisible characters."""
_RISKY = re.compile(rf"'*(?:[\t\r\n]|[{_TRIMMED}]*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_HARMLESS = re.compile(r" *(?:\+[0-9][0-9 ()./\-]*|--[0-9]{2}-[0-9]{2})")

HEADER = (
    *_NAMES,
    *(
        f"{sort} {number} - {part}"
        for sort, count in COLUMNS.items()
        for number in range(1, count + 1)
        for part in (_PLACE if sort == "Address" else _VALUE)
    ),
)


def neutral(cell: str) -> str:
    """The cell in a form that no spreadsheet runs."""
    if _RISKY.match(cell) and not _HARMLESS.fullmatch(cell):
        return f"'{cell}"
    return cell


def restored(cell: str) -> str:
    """The cell as it was before `neutral`."""
    return cell[1:] if cell[:1] == "'" and _RISKY.match(cell) else cell


def _spread(rows: Sequence[Sequence[str]], columns: int, width: int) -> list[str]:
    """Rows of `width` cells, side by side in `columns` places. The last place has all remaining rows."""
    if len(rows) > columns:
        rest = [JOIN.join(cells) for cells in zip(*rows[columns - 1 :], strict=True)]
        rows = [*rows[: columns - 1], rest]
    cells = [cell for row in rows for cell in row]
    return cells + [""] * (columns * width - len(cells))


def _value(entry: Email | Phone | Labelled) -> tuple[str, str]:
    text = (
        entry.address
        if isinstance(entry, Email)
        else entry.number
        if isinstance(entry, Phone)
        else entry.value
    )
    return _label_of(entry), text


def _label_of(entry: Email | Phone | Labelled | Address) -> str:
    """The user's own label, or the kind. A star marks the preferred entry, as Google's does."""
    label = entry.label.strip() if entry.label else kind_of(entry) or ""
    return f"* {label}".rstrip() if entry.primary else label


def _address(address: Address) -> tuple[str, ...]:
    return (
        *(_label_of(address), address.formatted, address.street, address.city, address.po_box),
        *(address.region, address.postal_code, address.country, address.extended),
    )


def _event(date: PartialDate, label: str) -> tuple[str, str]:
    return label, _date(date)


def _date(date: PartialDate) -> str:
    """YYYY-MM-DD, --MM-DD without its year, as Google writes it; other dates as vCard does."""
    if date.month is None or date.day is None:
        return dates.compose(date)
    year = "-" if date.year is None else f"{date.year:04}"
    return f"{year}-{date.month:02}-{date.day:02}"


def _label(category: str) -> str:
    """The label of a group. Google's own groups have a star."""
    return f"* {category}" if category in ("myContacts", "starred") else category


def row_of(contact: Contact, groups: Sequence[str]) -> list[str]:
    name, organisations = contact.name, contact.organisations
    titles = contact.titles
    labels = dict.fromkeys((*groups, *contact.categories))
    events = [_event(contact.anniversary, "Anniversary")] if contact.anniversary else []
    events += [_event(dated.date, dated.label or "") for dated in contact.dates]
    custom = [_value(messenger) for messenger in contact.messengers]
    custom += [(ROLE, role) for role in contact.roles]
    custom += [(NOTE, note) for note in contact.notes[1:]]
    return [
        name.given,
        name.additional,
        name.family,
        contact.phonetic_given,
        "",
        contact.phonetic_family,
        name.prefixes,
        name.suffixes,
        JOIN.join(contact.nicknames),
        # Only where the parts of the name don't say it.
        contact.formatted_name if contact.formatted_name != composed(name) else "",
        JOIN.join(organisation.name for organisation in organisations),
        JOIN.join(titles),
        JOIN.join(", ".join(organisation.units) for organisation in organisations),
        _date(contact.birthday) if contact.birthday else "",
        contact.notes[0] if contact.notes else "",
        JOIN.join(photo.uri for photo in contact.photos if is_safe(photo.uri)),
        JOIN.join(map(_label, labels)),
        *_spread([_value(email) for email in contact.emails], COLUMNS["E-mail"], 2),
        *_spread([_value(phone) for phone in contact.phones], COLUMNS["Phone"], 2),
        *_spread([_address(address) for address in contact.addresses], COLUMNS["Address"], len(_PLACE)),
        *_spread([_value(relation) for relation in contact.relations], COLUMNS["Relation"], 2),
        *_spread([_value(url) for url in contact.urls], COLUMNS["Website"], 2),
        *_spread(events, COLUMNS["Event"], 2),
        *_spread(custom, COLUMNS["Custom Field"], 2),
    ]


class _LastRow:
    """A file for csv.writer that keeps the last row."""

    def __init__(self) -> None:
        self.row = ""

    def write(self, row: str) -> int:
        self.row = row
        return len(row)


def write(items: Iterable[Item], groups: Groups = NO_GROUPS) -> Iterator[bytes]:
    """The header, then a row for each contact, in UTF-8, rows ended by CR LF (RFC 4180).

    `groups` are the names of the group cards that a UID belongs to. What is no contact is left out, and so are
    the bytes of pictures: a cell holds a picture's URI or nothing.
    """
    last = _LastRow()
    writer = csv.writer(last)
    writer.writerow(HEADER)
    yield last.row.encode()
    for item in items:
        if isinstance(item, Contact):
            row = row_of(item, groups.get(item.uid, ()))
            writer.writerow([neutral(cell) if cell else "" for cell in row])
            yield last.row.encode(errors="replace")
        else:
            yield b""
