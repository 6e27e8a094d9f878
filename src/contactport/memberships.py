"""Memberships: which contact belongs to which groups, by their UIDs, with twelve bytes for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GROUPS = 200
"""How many groups one contact may be in: its answer has the name of each."""
MEMBERSHIPS = 1_000_000
"""Of one import, in all groups together."""
_BINS = 4096
_MARK = 8
_WIDTH = _MARK + 4


class Memberships:
    """The groups of each UID, limited by GROUPS and MEMBERSHIPS.

    A UID is stored as a hash with a secret of this process, so that nobody can make two of them collide on purpose.
    """

    def __init__(self) -> None:
        self._bins = [b""] * _BINS
        self._names: list[str] = []
        self._count = 0

    def add(self, name: str, uids: Iterable[str]) -> list[str]:
        """Add members of a group, in one or more calls. Returns the number of members for which there was room."""
        kept: list[str] = []
        number = len(self._names).to_bytes(_WIDTH - _MARK, "little")
        for uid in uids:
            if self._count >= MEMBERSHIPS:
                break
            bin_, mark = _place(uid)
            if self._bins[bin_].count(mark) < GROUPS:
                self._bins[bin_] += mark + number
                self._count += 1
                kept.append(uid)
        if kept:
            self._names.append(name)
        return kept

    def get(self, uid: str, default: Sequence[str], /) -> Sequence[str]:
        """The names of the groups that this UID is in, in the order of the groups; `default` if it is in none."""
        bin_, mark = _place(uid)
        rows = self._bins[bin_]
        names: list[str] = []
        at = rows.find(mark)
        while at >= 0:
            if at % _WIDTH:
                # Found across the border of two.
                at = rows.find(mark, at + 1)
            else:
                names.append(self._names[int.from_bytes(rows[at + _MARK : at + _WIDTH], "little")])
                at = rows.find(mark, at + _WIDTH)
        return names or default


def _place(uid: str) -> tuple[int, bytes]:
    number = hash(uid) & 0xFFFF_FFFF_FFFF_FFFF
    return number % _BINS, number.to_bytes(_MARK, "little")
