"""A batch: what an attempt adds to its import at once, with the limits of what an import keeps.

The attempt fills batches, and a sink keeps them, in the database or on a terminal.
"""

from __future__ import annotations

import msgspec

from contactport.contact import BookOutcome, Contact, Email, Group, Merge, Note, Phone, Reject

CHUNK = 500
"""Contacts in one batch, and so in one row, at most."""
KEPT = 1000
"""Rejects, notes, merges and address books of one import that are kept, of each kind."""
KEPT_BYTES = 16 * 1024 * 1024
"""Bytes of the rejected records of one import that are kept, as they came."""
LONGEST = 300
"""Characters of a place or a reason: both may be a server's own words."""
_CUT = "…[cut]…"
_HEAD = 200


class Origin(msgspec.Struct, array_like=True, gc=False):
    """Where a contact came from: its card's key, its book, the fingerprint of its bytes (0: it has none)."""

    key: str
    book: str
    fingerprint: int


class Essence(msgspec.Struct, gc=False):
    """What tells two contacts of one UID apart."""

    uid: str = ""
    formatted_name: str = ""
    emails: list[Email] = []
    phones: list[Phone] = []


Delivered = list[tuple[Origin, Essence]]


class Batch(msgspec.Struct, gc=False):
    """What one transaction adds. `found` is counted apart, so that the database can check the sum.

    `origins` are those of the contacts, in the same order. `fingerprints` are those of every card accounted for here,
    delivered or not, 64 bits each; those of bytes are in the origins. `repeats` is the part of `merged` that the
    attempt counted by itself; of the rest, `merges` says what was merged with what. `unkept_notes` is how many notes
    there are beside these, since a card may give rise to any number.
    """

    contacts: list[Contact] = []
    origins: list[Origin] = []
    groups: list[Group] = []
    rejects: list[Reject] = []
    notes: list[Note] = []
    unkept_notes: int = 0
    merges: list[Merge] = []
    books: list[BookOutcome] = []
    fingerprints: list[int] = []
    found: int = 0
    merged: int = 0
    repeats: int = 0
    owner: Contact | None = None

    def delivered(self) -> Delivered:
        """The origin of each contact, with what tells it apart."""
        essences = [Essence(one.uid, one.formatted_name, one.emails, one.phones) for one in self.contacts]
        return list(zip(self.origins, essences, strict=True))


def shortened(text: str) -> str:
    """A text as it is kept: of LONGEST characters at most, without control and format characters.

    One that is too long is cut in its middle, and shows it: its end often says the line.
    """
    if len(text) > LONGEST:
        text = text[:_HEAD] + _CUT + text[_HEAD + len(_CUT) - LONGEST :]
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
