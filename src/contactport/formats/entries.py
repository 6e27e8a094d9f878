"""The lists of a card whose entries have kinds, labels and a preferred one among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from contactport.contact import Address, Contact, Email, Labelled, Phone
from contactport.formats import extensions
from contactport.formats.draft import Draft, unwrap
from contactport.formats.heads import Head
from contactport.formats.text import parts, unescape
from contactport.formats.values import Add, Maker, text_of, without

_MAILBOX = re.compile(r"(?:[^<>@,;]*<([^\s<>@,;\"]+@[^\s<>@,;\"]+)>|([^\s<>@,;\"]+@[^\s<>@,;\"]+))")
_BETWEEN = re.compile(r"\s*[,;]\s*")
_KDE_MARK = "\ue000"
"""What KDE wrote between several accounts of one service."""


def _addresses(text: str) -> list[str]:
    """The addresses of a list, or of one with the name before it (RFC 5322); the text itself where it is neither."""
    found = [_MAILBOX.fullmatch(part.strip()) for part in _BETWEEN.split(text) if part.strip()]
    mailboxes = [match[1] or match[2] for match in found if match is not None]
    return mailboxes if mailboxes and len(mailboxes) == len(found) else [text]


def email_entry(head: Head) -> Add:
    """EMAIL (RFC 6350 section 6.4.2), without `mailto:`."""
    kinds, group, rank = head.kinds, head.group, head.rank

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
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
                contact.emails.extend(Email(other, kinds) for other in others)
            if group:
                draft.grouped.append((group, email))
            if rank:
                draft.prefer("email", email, rank)

    return add


def phone_entry(head: Head) -> Add:
    """TEL (RFC 6350 section 6.4.1), without `tel:`."""
    kinds, group, rank = head.kinds, head.group, head.rank

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        number = value.decode()
        if "\\" in number:
            number = unescape(number)
        if ":" in number:
            number = without("tel:", number)
        if number:
            phone = Phone(number, kinds)
            contact.phones.append(phone)
            if group:
                draft.grouped.append((group, phone))
            if rank:
                draft.prefer("phone", phone, rank)

    return add


def address_entry(head: Head) -> Add:
    """ADR (RFC 6350 section 6.3.1): seven parts; the further ones of RFC 9554 repeat what is in these."""
    kinds, group, rank = head.kinds, head.group, head.rank
    label = head.others.get("LABEL", "")
    if "\\" in label:
        label = unescape(label)

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = value.decode()
        found = parts(text) if "\\" in text else text.split(";")
        if len(found) != 7:
            found = [*found[:7], *("",) * (7 - len(found))]
        if not label and not any(found):
            if not group:
                return
            # The LABEL of its group may follow.
            draft.hollow = True
        box, extended, street, city, region, code, country = found
        address = Address(box, extended, street, city, region, code, country, label, kinds)
        contact.addresses.append(address)
        if group:
            draft.grouped.append((group, address))
        if rank:
            draft.prefer("address", address, rank)

    return add


def spare_address(head: Head) -> Add:
    """X-SAMSUNGADR: the address that an ADR beside it repeats, with its kinds; it counts where there is no ADR."""
    kinds = head.kinds

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        found = parts(value.decode())[:7]
        if any(map(str.strip, found)):
            if draft.spare_addresses is None:
                draft.spare_addresses = []
            draft.spare_addresses.append(Address(*found, kinds=kinds))

    return add


def address_label(head: Head) -> Add:
    """LABEL of vCard 2.1 and 3.0 (RFC 2426 section 3.2.2), which finds its address at the card's end."""
    kinds, group = head.kinds, head.group

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        text = text_of(value)
        if text:
            if draft.address_labels is None:
                draft.address_labels = []
            draft.address_labels.append((group, kinds, text))

    return add


def labelled(field: Callable[[Contact], list[Labelled]], name: str, kind: str = "") -> Maker:
    """A list of values with kinds; `kind` is the one that the property's own name says."""

    def maker(head: Head) -> Add:
        kinds = (kind, *head.kinds) if kind else head.kinds
        group, rank = head.group, head.rank

        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            text = text_of(value)
            if text:
                entry = Labelled(text, kinds)
                field(contact).append(entry)
                if group:
                    draft.grouped.append((group, entry))
                if rank:
                    draft.prefer(name, entry, rank)

        return add

    return maker


def messenger_entry(service: str = "") -> Maker:
    """Apple writes one account twice, as IMPP and under a name of its service: the second is left out."""

    def maker(head: Head) -> Add:
        kinds, group, rank = head.kinds, head.group, head.rank
        named = service or extensions.service(head.others)

        def add(contact: Contact, draft: Draft, value: bytes) -> None:
            if draft.accounts is None:
                draft.accounts = set()
            for written in text_of(value).split(_KDE_MARK):
                text = extensions.account(written, named)
                if not text or text in draft.accounts:
                    continue
                draft.accounts.add(text)
                entry = Labelled(text, kinds)
                contact.messengers.append(entry)
                if group:
                    draft.grouped.append((group, entry))
                if rank:
                    draft.prefer("messenger", entry, rank)

        return add

    return maker


def label_entry(head: Head) -> Add:
    """X-ABLabel: the user's own word for the entries of its group."""
    group = head.group

    def add(contact: Contact, draft: Draft, value: bytes) -> None:
        label = unwrap(text_of(value))
        if group and label:
            draft.labels[group] = label

    return add
