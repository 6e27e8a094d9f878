"""Bytes that come again: what was read of them once is not read a second time.

A contact that is alone in its bytes has a fingerprint for them. This is for all others: groups, rejects,
several cards in one, contacts that were merged.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contactport.contact import Contact, Group, Note, Reject, Skipped

_KEPT = 256


class SeenOutcome(msgspec.Struct):
    """What stood in some bytes: how many persons, or why the only card could not be read.

    `place` is where they were met first.
    """

    place: str
    contacts: int
    reject: Reject | None
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
        """Remember what stood in the bytes, unless some of several cards are rejects: these are read again."""
        rejects = [item for item in cards if isinstance(item, Reject)]
        if rejects and len(cards) > 1:
            return
        if len(self._outcomes) >= _KEPT:
            del self._outcomes[next(iter(self._outcomes))]
        contacts = sum(isinstance(item, Contact) for item in cards)
        self._outcomes[fingerprint] = SeenOutcome(
            place, contacts, Reject(rejects[0].place, rejects[0].reason) if rejects else None, not cards
        )
