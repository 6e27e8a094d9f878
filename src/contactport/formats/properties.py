"""The properties of a person's card: from a head to what its value adds to the contact (RFC 6350 section 6).

A head is turned into a function once; the function is then called for every value under an equal head.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from contactport.contact import Contact, LabelledDate, Organisation, PartialDate
from contactport.formats import dates, entries, extensions, names
from contactport.formats.draft import Draft
from contactport.formats.heads import Head, parse
from contactport.formats.pictures import photo
from contactport.formats.text import parts, unescape
from contactport.formats.values import Add, Maker, ignore, text_of, without, words_of
from contactport.formats.vocabulary import holds_only, known


def _ignored(head: Head) -> Add:
    return ignore


def _organisation(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = value.decode()
        found = parts(text) if "\\" in text else text.split(";")
        name, units = found[0], found[1:]
        if "" in units:
            units = [unit for unit in units if unit]
        if name or units:
            contact.organisations.append(Organisation(name, units))

    return add


def _texts(field: Callable[[Contact], list[str]]) -> Maker:
    def maker(head: Head) -> Add:
        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            text = text_of(value)
            if text:
                field(contact).append(text)

        return add

    return maker


def _lists(field: Callable[[Contact], list[str]]) -> Maker:
    def maker(head: Head) -> Add:
        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            field(contact).extend(words_of(value))

        return add

    return maker


def _date(head: Head) -> Callable[[bytes], PartialDate | None]:
    is_text = head.value == "text"
    omitted = head.others.get("X-APPLE-OMIT-YEAR")

    def date(value: bytes) -> PartialDate | None:
        text = value.decode()
        if "\\" in text:
            text = unescape(text)
        if not text:
            return None
        if is_text:
            return PartialDate(text=text)
        date = dates.parse(text)
        if omitted is not None and date.year is not None and omitted == f"{date.year:04}":
            date.year = None
        return date

    return date


def _birthday(head: Head) -> Add:
    date = _date(head)

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if contact.birthday is None:
            contact.birthday = date(value)

    return add


def _anniversary(head: Head) -> Add:
    date = _date(head)

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if contact.anniversary is None:
            contact.anniversary = date(value)

    return add


def _labelled_date(head: Head) -> Add:
    date, group = _date(head), head.group

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        found = date(value)
        if found is not None:
            dated = LabelledDate(found)
            contact.dates.append(dated)
            if group:
                draft.grouped.append((group, dated))

    return add


def _identity(text: str) -> str:
    """A UID without the scheme that vCard 4.0 puts before it, so that members and UIDs compare."""
    return without("urn:uuid:", text) if ":" in text else text


def _uid(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if not contact.uid:
            contact.uid = _identity(text_of(value))

    return add


def _member(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        member = _identity(text_of(value))
        if member:
            if draft.members is None:
                draft.members = []
            draft.members.append(member)

    return add


def _kind(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        draft.kind = draft.kind or value.decode().strip().lower()

    return add


def _version(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        draft.version = value.decode().strip()

    return add


def _revision(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        if not contact.revision:
            contact.revision = text_of(value)

    return add


def _photo(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        picture = photo(head, value)
        if picture is not None:
            contact.photos.append(picture)

    return add


def _android(head: Head) -> Add:
    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        extensions.android(contact, parts(value.decode()))

    return add


def _relation(kind: str = "") -> Maker:
    return entries.labelled(attrgetter("relations"), "relation", kind)


_url = entries.labelled(attrgetter("urls"), "url")
_nickname = _lists(attrgetter("nicknames"))

PROPERTIES: dict[str, Maker] = {
    "VERSION": _version,
    "KIND": _kind,
    "X-ADDRESSBOOKSERVER-KIND": _kind,
    "MEMBER": _member,
    "X-ADDRESSBOOKSERVER-MEMBER": _member,
    "UID": _uid,
    "REV": _revision,
    "N": names.name,
    "FN": names.formatted_name,
    "NICKNAME": _nickname,
    "X-NICKNAME": _nickname,
    "X-EPOCSECONDNAME": _nickname,
    "X-PHONETIC-FIRST-NAME": names.phonetic_given,
    "X-PHONETIC-LAST-NAME": names.phonetic_family,
    "SOUND": names.sound,
    "EMAIL": entries.email_entry,
    "TEL": entries.phone_entry,
    "X-MS-TEL": entries.phone_entry,
    "ADR": entries.address_entry,
    "X-SAMSUNGADR": entries.spare_address,
    "LABEL": entries.address_label,
    "ORG": _organisation,
    "TITLE": _texts(attrgetter("titles")),
    "ROLE": _texts(attrgetter("roles")),
    "NOTE": _texts(attrgetter("notes")),
    "CATEGORIES": _lists(attrgetter("categories")),
    "BDAY": _birthday,
    "X-CONTACTPORT-BDAY": _birthday,
    "ANNIVERSARY": _anniversary,
    "X-ABDATE": _labelled_date,
    "X-ABLABEL": entries.label_entry,
    "URL": _url,
    "SOCIALPROFILE": _url,
    "X-SOCIALPROFILE": _url,
    "IMPP": entries.messenger_entry(),
    "RELATED": _relation(),
    "X-ABRELATEDNAMES": _relation(),
    "PHOTO": _photo,
    "AGENT": _ignored,
    "X-ANDROID-CUSTOM": _android,
    **dict.fromkeys(extensions.ANNIVERSARIES, _anniversary),
    **{name: entries.messenger_entry(service) for name, service in extensions.MESSENGERS.items()},
    **{name: entries.labelled(attrgetter("urls"), "url", kind) for name, kind in extensions.PAGES.items()},
    **{name: _relation(kind) for name, kind in extensions.RELATIONS.items()},
    **dict.fromkeys(extensions.OF_NO_PERSON, _ignored),
}
"""Every name that is known. An unknown X- name is ignored; any other unknown name may be a broken line."""

FREE_TEXT = frozenset({"NOTE", "LABEL"})
"""Where naive writers leave raw line ends in a value."""


def _adder(head: Head) -> Add | None:
    maker = PROPERTIES.get(head.name)
    if maker is not None:
        return maker(head)
    return ignore if head.name.startswith("X-") else None


_HEADS = 4096
_WORDS = known(PROPERTIES)
_resolved: dict[bytes, tuple[Head, Add | None]] = {}


def lasts(head: bytes) -> bool:
    """Whether the process may keep a head: none that has a word of its owner's."""
    return holds_only(_WORDS, head)


def resolve(head: bytes) -> tuple[Head, Add | None] | None:
    """The head, and what a value under it does: None for a name that nobody registered.

    None instead of both where this can't stand before a property's colon.
    """
    resolved = _resolved.get(head)
    if resolved is not None:
        return resolved
    read = parse(head)
    if read is None:
        return None
    resolved = (read, _adder(read))
    if lasts(head):
        if len(_resolved) >= _HEADS:
            _resolved.clear()
        _resolved[head] = resolved
    return resolved
