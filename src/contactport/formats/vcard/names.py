"""Names of a person: N, FN and phonetic names (RFC 6350 sections 6.2.1 and 6.2.2)."""

from __future__ import annotations

from contactport.contact import Contact, Name
from contactport.formats.vcard.builder import CardBuilder
from contactport.formats.vcard.params import Params
from contactport.formats.vcard.values import Add, ignore, parts, pieces, text_of, unescape


def name(params: Params) -> Add:
    """N: the first that is not empty counts. A comma separates several values of one part, but not in vCard 2.1."""
    if "PHONETIC" in params.others:
        return phonetic_name

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        text = value.decode()
        if builder.named:
            return
        # Almost every N has its five parts and nothing escaped.
        if "\\" in text or "," in text:
            found = pieces(text, ";")
            if "," in text and builder.version != "2.1":
                found = [_joined(part) if "," in part else part for part in found]
            found = list(map(unescape, found))
        else:
            found = text.split(";")
        if len(found) < 5:
            found += ("",) * (5 - len(found))
        contact.name = Name(found[0], found[1], found[2], found[3], found[4])
        builder.named = any(found)

    return add


def _joined(part: str) -> str:
    """Several values of one part, separated by commas, joined by a space."""
    several = pieces(part, ",")
    return " ".join(filter(None, map(str.strip, several))) if len(several) > 1 else part


def phonetic_name(contact: Contact, builder: CardBuilder, value: bytes) -> None:
    """RFC 9554's N with PHONETIC, and SOUND;X-IRMC-N of Japanese telephones."""
    family, *rest = map(str.strip, parts(value.decode()))
    contact.phonetic_family = contact.phonetic_family or family
    if rest:
        contact.phonetic_given = contact.phonetic_given or rest[0]


def sound(params: Params) -> Add:
    """SOUND, if it spells a name in kana. Any other SOUND is a noise."""
    return phonetic_name if any(kind.upper() == "X-IRMC-N" for kind in params.kinds) else ignore


def formatted_name(params: Params) -> Add:
    """FN: the first that is not empty counts. One that was made of the other names does not."""
    if "DERIVED" in params.others or "X-DERIVED" in params.others:
        return ignore

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        if not contact.formatted_name:
            contact.formatted_name = text_of(value)

    return add


def phonetic_given(params: Params) -> Add:
    """X-PHONETIC-FIRST-NAME."""

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        contact.phonetic_given = contact.phonetic_given or text_of(value)

    return add


def phonetic_family(params: Params) -> Add:
    """X-PHONETIC-LAST-NAME."""

    def add(contact: Contact, builder: CardBuilder, value: bytes) -> None:
        contact.phonetic_family = contact.phonetic_family or text_of(value)

    return add
