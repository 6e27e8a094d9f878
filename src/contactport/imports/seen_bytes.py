"""Bytes that come again: what was read of them once is not read a second time.

A contact that is alone in its bytes has a fingerprint for them. This is for all others: groups, rejects,
several cards in one, contacts that were merged.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contactport.contact import Contact, Group, Note, Reject, Skipped

_KEPT = 256
_REJECTS = 16


class SeenOutcome(msgspec.Struct):
    """What stood in some bytes: how many persons, and what could not be read, with its places in the bytes.

    `place` is where they were met first.
    """

    place: str
    contacts: int
    rejects: list[Reject]
    empty: bool
    """Whether there was no card at all."""


class SeenBytes:
    """The outcomes of one attempt, by the fingerprint of the bytes: the latest, for memory has an end."""

    def __init__(self) -> None:
        self._outcomes: dict[int, SeenOutcome] = {}

    def of(self, fingerprint: int) -> SeenOutcome | None:
        """What became of these bytes, if that is remembered."""
        return self._outcomes.get(fingerprint)

    def keep(
        self, fingerprint: int, place: str, cards: Sequence[Contact | Group | Skipped | Reject | Note]
    ) -> None:
        """Remember what stood in the bytes, unless their rejects are many."""
        rejects = [item for item in cards if isinstance(item, Reject)]
        if len(rejects) > _REJECTS:
            return
        if len(self._outcomes) >= _KEPT:
            del self._outcomes[next(iter(self._outcomes))]
        contacts = sum(isinstance(item, Contact) for item in cards)
        self._outcomes[fingerprint] = SeenOutcome(place, contacts, rejects, not cards)
