"""Duplicates: whether a card is one that was delivered before, or another one that only has its UID.

Two cards of one UID in one book are the same only when their formatted names agree and the later one has no e-mail
address and no telephone number that the earlier one lacks. The earlier one is a single card that was delivered: what
several cards have together does not count.
"""

from __future__ import annotations

import re
import unicodedata
from array import array

from contactport.batch import Essence, Origin
from contactport.contact import Contact
from contactport.imports.fingerprints import BINS, Fingerprints, FingerprintSet

MOST = 16
"""Cards of one UID and one name that a later one is compared with; more of them are delivered without."""
SAME_BYTES = "it is the same card, byte for byte"
SAME_UID = "it has the same UID and name, and no e-mail address or telephone number that the other lacks"

_FINGERPRINT = 8
_WIDTH = _FINGERPRINT + 4
_PUNCTUATION = re.compile(r"[\s\-().\\/\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2069\ufeff]+")
_DIALLED = re.compile(r"\+?[0-9]+")


def same_name(name: str) -> str:
    """A name without what two programs write differently: case, blanks, the way characters are composed."""
    return " ".join(unicodedata.normalize("NFC", name).lower().split())


def same_email(address: str) -> str:
    """An e-mail address without its case. (Case folding would make one of two: `straße` and `strasse`.)"""
    return address.strip().lower()


def same_phone(number: str) -> str:
    """The digits of a telephone number, with its plus; one with other signs than punctuation stays as it is."""
    bare = _PUNCTUATION.sub("", number)
    return bare if _DIALLED.fullmatch(bare) else number.strip().lower()


class Duplicates:
    """The contacts delivered so far, by their bytes and by UID: some 130 bytes each, most of it for their places.

    A book without duplicates needs none of it, so it is made when the first card comes whose UID or bytes are known.
    """

    def __init__(self, fingerprints: Fingerprints) -> None:
        self._fingerprints = fingerprints
        self._places = _Places()
        self._bytes = _Numbers()
        self._cards = _Numbers()
        self._details = FingerprintSet()

    def add(self, origin: Origin, contact: Contact | Essence) -> None:
        """Account for a contact that is delivered."""
        number = self._places.add(origin.key)
        if origin.fingerprint:
            self._bytes.add(origin.fingerprint, number)
        if not contact.uid:
            return
        alike = self._alike(self._fingerprints.of_uid(origin.book, contact.uid), contact)
        for n in range(MOST):
            card = self._fingerprints.of_number(alike, n)
            if self._cards.get(card) is None:
                self._cards.add(card, number)
                for detail in self._details_of(contact):
                    self._details.add(card ^ detail)
                return

    def of_bytes(self, fingerprint: int) -> str | None:
        """The place of the card that has these very bytes."""
        number = self._bytes.get(fingerprint)
        return None if number is None else self._places[number]

    def of_uid(self, uid_fingerprint: int, contact: Contact) -> str | None:
        """The place of the card that this one, of the same UID in the same book, adds nothing to."""
        alike = self._alike(uid_fingerprint, contact)
        details = self._details_of(contact)
        for n in range(MOST):
            card = self._fingerprints.of_number(alike, n)
            number = self._cards.get(card)
            if number is None:
                return None
            if all(card ^ detail in self._details for detail in details):
                return self._places[number]
        return None

    def _alike(self, uid_fingerprint: int, contact: Contact | Essence) -> int:
        """Stands for all cards of this UID in its book that have this name."""
        return self._fingerprints.of_text(uid_fingerprint, same_name(contact.formatted_name))

    def _details_of(self, contact: Contact | Essence) -> set[int]:
        emails = {self._fingerprints.of_text(0, same_email(email.address)) for email in contact.emails}
        return emails | {self._fingerprints.of_text(1, same_phone(phone.number)) for phone in contact.phones}


class _Numbers:
    """From a fingerprint to a number below 2^32, in bins as a FingerprintSet's."""

    def __init__(self) -> None:
        self._bins = [b""] * BINS

    def get(self, fingerprint: int) -> int | None:
        packed = fingerprint.to_bytes(_FINGERPRINT, "little")
        records = self._bins[fingerprint % BINS]
        at = records.find(packed)
        while at > 0 and at % _WIDTH:
            # Found across the border of two, or in a number.
            at = records.find(packed, at + 1)
        return None if at < 0 else int.from_bytes(records[at + _FINGERPRINT : at + _WIDTH], "little")

    def add(self, fingerprint: int, number: int) -> None:
        """Add a fingerprint that is not there."""
        self._bins[fingerprint % BINS] += fingerprint.to_bytes(_FINGERPRINT, "little") + number.to_bytes(
            4, "little"
        )


class _Places:
    """Texts by their number, in one piece: a list of them would take twice the memory."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("Q", [0])

    def add(self, place: str) -> int:
        self._text += place.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._text))
        return len(self._ends) - 2

    def __getitem__(self, number: int) -> str:
        found = self._text[self._ends[number] : self._ends[number + 1]]
        return found.decode("utf-8", "surrogatepass")
