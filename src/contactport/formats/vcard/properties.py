"""Properties of a person's card: from a prefix to what its value adds to the contact (RFC 6350 section 6).

A prefix is turned into a function once; the function is then called for every value under an equal prefix.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import attrgetter

from contactport.contact import Contact, LabelledDate, Organisation, PartialDate, Photo
from contactport.formats import dates
from contactport.formats.budgets import CATEGORIES, ENTRIES, GROUP_NAME, TEXT
from contactport.formats.photos import from_data_uri, image, is_safe, media_type, unbase64
from contactport.formats.vcard import entries, extensions, names
from contactport.formats.vcard.builder import CardBuilder
from contactport.formats.vcard.params import Params, holds_only, known, parse
from contactport.formats.vcard.values import Add, Maker, ignore, parts, text_of, unescape, without, words_of

_BASE64_STARTS = (b"/9j/", b"iVBORw0KGgo", b"R0lGOD", b"UklGR")
"""How base64 of JPEG, PNG, GIF and WebP begins: some writers leave ENCODING out."""
_SCHEME = re.compile(rb"\s*[A-Za-z][A-Za-z0-9+.-]*:")


def _ignored(params: Params) -> Add:
    return ignore


def _organisation(params: Params) -> Add:
    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        text = value.decode()
        found = parts(text) if "\\" in text else text.split(";")
        name, units = found[0], found[1:]
        if "" in units:
            units = [unit for unit in units if unit]
        if len(units) > ENTRIES:
            # One more than is kept, so that it is told.
            del units[ENTRIES + 1 :]
        if name or units:
            contact.organisations.append(Organisation(name, units))

    return add


def _texts(field: Callable[[Contact], list[str]]) -> Maker:
    def maker(params: Params) -> Add:
        def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
            text = text_of(value)
            if text:
                field(contact).append(text)

        return add

    return maker


def _lists(field: Callable[[Contact], list[str]]) -> Maker:
    def maker(params: Params) -> Add:
        def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
            # One more than is kept, so that it is told.
            if len(words := field(contact)) <= CATEGORIES:
                words.extend(words_of(value)[: CATEGORIES + 1])
            if len(value) > GROUP_NAME:
                builder.is_large = True

        return add

    return maker


def _date(params: Params) -> Callable[[bytes], PartialDate | None]:
    is_text = params.value == "text"
    omitted = params.others.get("X-APPLE-OMIT-YEAR")

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


def _birthday(params: Params) -> Add:
    date = _date(params)

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        if contact.birthday is None:
            contact.birthday = date(value)

    return add


def _anniversary(params: Params) -> Add:
    date = _date(params)

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        if contact.anniversary is None:
            contact.anniversary = date(value)

    return add


def _labelled_date(params: Params) -> Add:
    date, group = _date(params), params.group

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        found = date(value)
        if found is not None:
            dated = LabelledDate(found)
            contact.dates.append(dated)
            if group:
                builder.grouped.append((group, dated))

    return add


def _identity(text: str) -> str:
    """A UID without the scheme that vCard 4.0 puts before it, so that members and UIDs compare."""
    return without("urn:uuid:", text) if ":" in text else text


def _uid(params: Params) -> Add:
    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        if not contact.uid:
            contact.uid = _identity(text_of(value))

    return add


def _member(params: Params) -> Add:
    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        member = _identity(text_of(value))
        if member:
            if builder.members is None:
                builder.members = []
            builder.members.append(member)

    return add


def _kind(params: Params) -> Add:
    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        builder.kind = builder.kind or value.decode().strip().lower()

    return add


def _version(params: Params) -> Add:
    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        builder.version = value.decode().strip()

    return add


def _revision(params: Params) -> Add:
    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        if not contact.revision:
            contact.revision = text_of(value)

    return add


def _photo(params: Params) -> Add:
    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        photo = _photo_of(params, value)
        # One more than is kept, so that it is told.
        if photo is not None and len(contact.photos) <= ENTRIES:
            contact.photos.append(photo)
            if len(photo.uri) > TEXT:
                builder.is_large = True

    return add


def _photo_of(params: Params, value: bytes) -> Photo | None:
    """PHOTO (RFC 6350 section 6.2.4): base64, a data URI, or its URI.

    None if the photo is not usable: the person is still delivered.
    """
    if value[:5].lower() == b"data:":
        return from_data_uri(value)
    is_uri = params.value == "uri" or (value.find(b":", 0, 40) >= 0 and _SCHEME.match(value) is not None)
    media = media_type(params.others.get("MEDIATYPE") or (params.kinds[0] if params.kinds else ""))
    if not is_uri and (params.encoding == "B" or value.startswith(_BASE64_STARTS)):
        return image(media, unbase64(value))
    # As much as shows that it is too long to be kept, so that it is told.
    uri = unescape(value[: 8 * TEXT].decode(errors="replace")).strip()
    return Photo(media, uri=uri) if is_safe(uri) else None


def _android(params: Params) -> Add:
    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
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

LONG_TEXT = frozenset({"NOTE", "URL", "SOCIALPROFILE", "X-SOCIALPROFILE", *extensions.PAGES})
"""Properties whose values may be long."""
_MEMBERS = ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER")
FREE_TEXT = frozenset({"NOTE", "LABEL"})
"""Properties in whose values some writers leave raw line ends."""


def _adder(params: Params) -> Add | None:
    maker = PROPERTIES.get(params.name)
    if maker is not None:
        return maker(params)
    return ignore if params.name.startswith("X-") else None


_PREFIXES = 4096
_WORDS = known(PROPERTIES)
_resolved: dict[bytes, tuple[Params, Add | None]] = {}


def lasts(prefix: bytes) -> bool:
    """Whether the process may cache a prefix: not if it has a text of its owner."""
    return holds_only(_WORDS, prefix)


def resolve(prefix: bytes) -> tuple[Params, Add | None] | None:
    """The prefix, and what a value under it does: None for a name that nobody registered.

    None instead of both where this can't stand before a property's colon.
    """
    resolved = _resolved.get(prefix)
    if resolved is not None:
        return resolved
    read = parse(prefix)
    if read is None:
        return None
    read.counts = read.name not in _MEMBERS
    resolved = (read, _adder(read))
    if lasts(prefix):
        if len(_resolved) >= _PREFIXES:
            _resolved.clear()
        _resolved[prefix] = resolved
    return resolved
