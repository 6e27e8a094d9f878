"""Reader of one JSContact card (RFC 9553 section 2). A value of another type than it should have is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Labelled,
    Organisation,
    PartialDate,
    Phone,
    Skipped,
)
from contactport.formats import dates
from contactport.formats.budgets import CATEGORIES, ENTRIES, GROUP_NAME, KINDS
from contactport.formats.jcard import add_properties
from contactport.formats.jscontact.words import (
    ADDRESS_CONTEXTS,
    ADDRESS_PARTS,
    CONTEXTS,
    FEATURES,
    NAME_PARTS,
)
from contactport.formats.vcard import extensions
from contactport.formats.vcard.builder import Entry
from contactport.formats.vcard.typed import LINE_END, TypedCard, TypedProperty, kinds_and_rank
from contactport.formats.vcard.values import without

_Object = Mapping[str, Any]
LOCALIZED = "the localizations of this card are left out"
_MOST = 2 * CATEGORIES
"""Entries of one object that are looked at."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return LINE_END.sub("\n", value) if "\r" in value else value


def _object(value: Any) -> _Object:
    return cast("_Object", value) if isinstance(value, dict) else {}


def _entries(value: Any) -> Iterator[_Object]:
    """The values of an object of objects, in order. One more than is kept of any list, so that it is told."""
    for at, each in enumerate(_object(value).values()):
        if at > _MOST:
            return
        if isinstance(each, dict):
            yield cast("_Object", each)


def _keys(value: Any) -> list[str]:
    """The keys of an object that stands for a set. The value must be true."""
    return [_text(key) for key, counts in _object(value).items() if counts is True]


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10_000 else None


class CardReader:
    """One card being read into a contact."""

    def __init__(self, card: _Object) -> None:
        self._card = card
        self._typed = TypedCard()
        self._contact, self._builder = self._typed.contact, self._typed.builder

    def read(self, size: int) -> tuple[Contact | Group | Skipped | None, list[str]]:
        """What the card is, as `builder.finish` says, and what was left out of it."""
        card, contact = self._card, self._contact
        self._builder.kind = _text(card.get("kind")).lower().replace("individual", "")
        contact.uid = without("urn:uuid:", _text(card.get("uid")))
        if self._builder.kind == "group":
            members = [without("urn:uuid:", member) for member in _keys(card.get("members"))]
            self._builder.members = [member for member in members if member]
        self._name()
        contact.nicknames += [
            name for each in _entries(card.get("nicknames")) if (name := _text(each.get("name")))
        ]
        self._reached_by()
        self._addresses()
        self._employment()
        self._anniversaries()
        contact.notes += [note for each in _entries(card.get("notes")) if (note := _text(each.get("note")))]
        self._online()
        self._relations()
        self._media()
        contact.categories += _keys(card.get("keywords"))[: CATEGORIES + 1]
        if any(len(word) > GROUP_NAME for word in contact.categories):
            self._builder.is_large = True
        contact.revision = _text(card.get("updated"))
        properties = card.get("vCardProps")
        if isinstance(properties, list):
            add_properties(self._typed, cast("list[Any]", properties), {})
        if card.get("localizations"):
            self._typed.told[LOCALIZED] = None
        return self._typed.finish(size)

    def _add(self, field: str, entries: list[Any], entry: Entry, each: _Object) -> None:
        """Add an entry with its kinds, its rank and its label."""
        contexts = ADDRESS_CONTEXTS if field == "address" else CONTEXTS
        kinds = [contexts[word] for word in _keys(each.get("contexts")) if word in contexts]
        kinds += [FEATURES[word] for word in _keys(each.get("features")) if word in FEATURES]
        parameters = _object(each.get("vCardParams"))
        if parameters:
            types: Any = parameters.get("type")
            words: list[Any] = cast("list[Any]", types) if isinstance(types, list) else [types]
            more, _ = kinds_and_rank(word for word in words if isinstance(word, str))
            known = {kind.upper() for kind in kinds}
            kinds += [kind for kind in more if kind.upper() not in known]
            group = _text(parameters.get("group")).upper()
            if group:
                self._builder.grouped.append((group, entry))
        if len(kinds) > KINDS:
            self._typed.told[f"only {KINDS} kinds of one of the values of this card are kept"] = None
        entry.kinds = tuple(kinds[:KINDS])
        label = _text(each.get("label"))
        if label:
            entry.label = label
        # One more than is kept, so that it is told.
        if len(entries) > ENTRIES:
            return
        entries.append(entry)
        rank = _number(each.get("pref"))
        if rank is not None:
            self._builder.prefer(field, entry, min(rank, 100))

    def _name(self) -> None:
        name, contact = _object(self._card.get("name")), self._contact
        contact.formatted_name = _text(name.get("full")) or _text(self._card.get("fullName"))
        parts: dict[str, list[str]] = {}
        components = name.get("components")
        for component in cast("Sequence[Any]", components)[:ENTRIES] if isinstance(components, list) else ():
            each = _object(component)
            kind = _text(each.get("kind"))
            part = NAME_PARTS.get(kind)
            if part is not None and (value := _text(each.get("value"))):
                parts.setdefault(part, []).append(value)
            phonetic = _text(each.get("phonetic"))
            if kind == "given":
                contact.phonetic_given = contact.phonetic_given or phonetic
            elif kind == "surname":
                contact.phonetic_family = contact.phonetic_family or phonetic
        for part, values in parts.items():
            setattr(contact.name, part, " ".join(values))

    def _reached_by(self) -> None:
        for each in _entries(self._card.get("emails")):
            address = without("mailto:", _text(each.get("address")))
            if address:
                self._add("email", self._contact.emails, Email(address), each)
        for each in _entries(self._card.get("phones")):
            number = without("tel:", _text(each.get("number")))
            if number:
                self._add("phone", self._contact.phones, Phone(number), each)

    def _addresses(self) -> None:
        for each in _entries(self._card.get("addresses")):
            address = Address(formatted=_text(each.get("full")))
            components = each.get("components")
            between = _text(each.get("defaultSeparator")) or " "
            mark: str | None = None
            for component in (
                cast("Sequence[Any]", components)[:ENTRIES] if isinstance(components, list) else ()
            ):
                kind, value = _text(_object(component).get("kind")), _text(_object(component).get("value"))
                if kind == "separator":
                    mark = value
                    continue
                part = ADDRESS_PARTS.get(kind)
                if part is not None and value:
                    before: str = getattr(address, part)
                    setattr(
                        address,
                        part,
                        f"{before}{between if mark is None else mark}{value}" if before else value,
                    )
                mark = None
            address.country = address.country or _text(each.get("countryCode"))
            if address != Address():
                self._add("address", self._contact.addresses, address, each)

    def _employment(self) -> None:
        contact = self._contact
        for each in _entries(self._card.get("organizations")):
            units = each.get("units")
            listed = cast("list[Any]", units)[: ENTRIES + 1] if isinstance(units, list) else []
            organisation = Organisation(
                _text(each.get("name")),
                [name for unit in listed if (name := _text(_object(unit).get("name")))],
            )
            if organisation.name or organisation.units:
                contact.organisations.append(organisation)
        for each in _entries(self._card.get("titles")):
            name = _text(each.get("name"))
            if name:
                (contact.roles if each.get("kind") == "role" else contact.titles).append(name)

    def _anniversaries(self) -> None:
        for each in _entries(self._card.get("anniversaries")):
            kind, date = each.get("kind"), _date(each.get("date"))
            if kind == "birth":
                self._contact.birthday = self._contact.birthday or date
            elif kind == "wedding":
                self._contact.anniversary = self._contact.anniversary or date

    def _online(self) -> None:
        for each in _entries(self._card.get("links")):
            uri = _text(each.get("uri"))
            if uri and each.get("kind") != "contact":
                self._add("url", self._contact.urls, Labelled(uri), each)
        accounts: set[str] = set()
        for each in _entries(self._card.get("onlineServices")):
            uri, service = _text(each.get("uri")), _text(each.get("service"))
            is_page = uri[:5].lower() in ("http:", "https") and each.get("vCardName") != "impp"
            if is_page:
                self._add("url", self._contact.urls, Labelled(uri), each)
                continue
            scheme = extensions.service({"SERVICE-TYPE": service})
            account = extensions.account(uri or _text(each.get("user")), scheme)
            if account and account not in accounts:
                accounts.add(account)
                self._add("messenger", self._contact.messengers, Labelled(account), each)

    def _relations(self) -> None:
        for at, (who, each) in enumerate(_object(self._card.get("relatedTo")).items()):
            if at > _MOST:
                return
            if who:
                kinds = tuple(_keys(_object(each).get("relation")))[:KINDS]
                self._contact.relations.append(Labelled(_text(who), kinds))

    def _media(self) -> None:
        for each in _entries(self._card.get("media")):
            if each.get("kind") == "photo":
                media = _text(each.get("mediaType"))
                parameters = {"MEDIATYPE": media} if media else {}
                self._typed.add(
                    TypedProperty("PHOTO", "uri", [_text(each.get("uri"))], parameters=parameters)
                )


def _date(value: Any) -> PartialDate | None:
    """A PartialDate or a Timestamp (RFC 9553 section 2.8.1)."""
    each = _object(value)
    if isinstance(value, str):
        return dates.parse(value) if value else None
    if "utc" in each:
        found = dates.parse(_text(each.get("utc")))
        return None if found.text else found
    date = PartialDate(_number(each.get("year")), _number(each.get("month")), _number(each.get("day")))
    found = dates.parse(dates.compose(date))
    return None if found.text or found == PartialDate() else found
