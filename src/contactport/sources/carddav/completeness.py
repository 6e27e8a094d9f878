"""Whether the answers of one book hold all of it.

A server that does not want to give everything says so by a response of status 507 for the collection itself
(RFC 6578 section 3.6), by the precondition `DAV:number-of-matches-within-limits` (RFC 6352 section 8.6.2), or by a
header `Link: …; rel="next"`. What it held back may be had by another request: an answer without such a sign, and with
more members than the one that was cut, is believed. One with no more members is not: the same limit may have cut it.
"""

from __future__ import annotations


class Completeness:
    """Of one book. `begin()` an answer, count its members, say whether it was `cut`, and `end()` it."""

    def __init__(self) -> None:
        self.cut = False
        """Whether the answer at hand was cut."""
        self._cut_at: int | None = None
        self._most_whole = 0
        self._members: set[int] | None = None

    def begin(self, *, counted: bool = True) -> None:
        """An answer begins; `counted` where its members are told one by one, which costs memory."""
        self.cut = False
        self._members = set() if counted else None

    def member(self, href_hash: int) -> None:
        """A member in the answer at hand, by its href_hash."""
        if self._members is not None:
            self._members.add(href_hash)

    def end(self, count: int = 0) -> None:
        """The answer has ended; `count` members were in it, where they were not told one by one."""
        if self._members is not None:
            count = len(self._members)
            self._members = None
        if self.cut:
            self._cut_at = max(self._cut_at or 0, count)
        else:
            self._most_whole = max(self._most_whole, count)

    @property
    def held_back(self) -> bool:
        """Whether an answer was cut, and no other is known to have the rest."""
        return self._cut_at is not None and self._most_whole <= self._cut_at
