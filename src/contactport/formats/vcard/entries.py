"""Entries of a card's lists that have kinds, labels and a preferred one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from contactport.contact import Address, Contact, Email, Labelled, Phone
from contactport.formats.budgets import ENTRIES
from contactport.formats.vcard import extensions
from contactport.formats.vcard.builder import CardBuilder, unwrap
from contactport.formats.vcard.params import Params
from contactport.formats.vcard.values import Add, Maker, parts, text_of, unescape, without

_MAILBOX = re.compile(r"(?:[^<>@,;]*<([^\s<>@,;\"]+@[^\s<>@,;\"]+)>|([^\s<>@,;\"]+@[^\s<>@,;\"]+))")
_BETWEEN = re.compile(r"\s*[,;]\s*")
_KDE_MARK = "\ue000"
"""What KDE wrote between several accounts of one service."""


def _addresses(text: str) -> list[str]:
    """The addresses of a list, or of one with the name before it (RFC 5322); the text itself where it is neither."""
    found = [_MAILBOX.fullmatch(part.strip()) for part in _BETWEEN.split(text) if part.strip()]
    mailboxes = [match[1] or match[2] for match in found if match is not None]
    return mailboxes if mailboxes and len(mailboxes) == len(found) else [text]


def email_entry(params: Params) -> Add:
    """EMAIL (RFC 6350 section 6.4.2), without `mailto:`."""
    kinds, group, rank = params.kinds, params.group, params.rank

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        address = value.decode()
        if "\\" in address:
            address = unescape(address)
        if ":" in address:
            address = without("mailto:", address)
        others: Sequence[str] = ()
        if "," in address or "<" in address or ";" in address:
            address, *others = _addresses(address)
        if address:
            email = Email(address, kinds)
            contact.emails.append(email)
            if others:
                contact.emails.extend(Email(other, kinds) for other in others[: ENTRIES + 1])
            if group:
                builder.grouped.append((group, email))
            if rank:
                builder.prefer("email", email, rank)

    return add


def phone_entry(params: Params) -> Add:
    """TEL (RFC 6350 section 6.4.1), without `tel:`."""
    kinds, group, rank = params.kinds, params.group, params.rank

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        number = value.decode()
        if "\\" in number:
            number = unescape(number)
        if ":" in number:
            number = without("tel:", number)
        if number:
            phone = Phone(number, kinds)
            contact.phones.append(phone)
            if group:
                builder.grouped.append((group, phone))
            if rank:
                builder.prefer("phone", phone, rank)

    return add


def address_entry(params: Params) -> Add:
    """ADR (RFC 6350 section 6.3.1): seven parts. The further parts of RFC 9554 repeat these."""
    kinds, group, rank = params.kinds, params.group, params.rank
    label = params.others.get("LABEL", "")
    if "\\" in label:
        label = unescape(label)

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        text = value.decode()
        found = parts(text) if "\\" in text else text.split(";")
        if len(found) != 7:
            found = [*found[:7], *("",) * (7 - len(found))]
        if not label and not any(found):
            if not group:
                return
            # The LABEL of its group may follow.
            builder.hollow = True
        box, extended, street, city, region, code, country = found
        address = Address(box, extended, street, city, region, code, country, label, kinds)
        contact.addresses.append(address)
        if group:
            builder.grouped.append((group, address))
        if rank:
            builder.prefer("address", address, rank)

    return add


def spare_address(params: Params) -> Add:
    """X-SAMSUNGADR: usually an ADR repeats it with its kinds. It counts only if there is no ADR."""
    kinds = params.kinds

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        found = parts(value.decode())[:7]
        if any(map(str.strip, found)):
            if builder.spare_addresses is None:
                builder.spare_addresses = []
            builder.spare_addresses.append(Address(*found, kinds=kinds))

    return add


def address_label(params: Params) -> Add:
    """LABEL of vCard 2.1 and 3.0 (RFC 2426 section 3.2.2). It is given to its address at the card's end."""
    kinds, group = params.kinds, params.group

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        text = text_of(value)
        if text:
            if builder.address_labels is None:
                builder.address_labels = []
            builder.address_labels.append((group, kinds, text))

    return add


def labelled(field: Callable[[Contact], list[Labelled]], name: str, kind: str = "") -> Maker:
    """A list of values with kinds; `kind` is the one that the property's own name says."""

    def maker(params: Params) -> Add:
        kinds = (kind, *params.kinds) if kind else params.kinds
        group, rank = params.group, params.rank

        def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
            text = text_of(value)
            if text:
                entry = Labelled(text, kinds)
                field(contact).append(entry)
                if group:
                    builder.grouped.append((group, entry))
                if rank:
                    builder.prefer(name, entry, rank)

        return add

    return maker


def messenger_entry(service: str = "") -> Maker:
    """A messenger. Apple writes one account twice, as IMPP and by its service's name: the second is left out."""

    def maker(params: Params) -> Add:
        kinds, group, rank = params.kinds, params.group, params.rank
        named = service or extensions.service(params.others)

        def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
            if builder.accounts is None:
                builder.accounts = set()
            for written in text_of(value).split(_KDE_MARK):
                text = extensions.account(written, named)
                if not text or text in builder.accounts:
                    continue
                builder.accounts.add(text)
                entry = Labelled(text, kinds)
                contact.messengers.append(entry)
                if group:
                    builder.grouped.append((group, entry))
                if rank:
                    builder.prefer("messenger", entry, rank)

        return add

    return maker


def label_entry(params: Params) -> Add:
    """X-ABLabel: the user's own word for the entries of its group."""
    group = params.group

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        label = unwrap(text_of(value))
        if group and label:
            builder.labels[group] = label

    return add
