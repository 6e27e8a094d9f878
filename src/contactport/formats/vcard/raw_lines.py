"""Lines as they came, for the rejects of the careful way: of a card, or of a stretch outside of any card."""

from __future__ import annotations

from collections.abc import Iterator

from contactport.contact import Reject, RejectedRecord


class RawLines:
    """The lines of the open card, or since the last one. `limit` is the number of bytes that a record may have."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: list[bytes] = []
        self._size = 0
        self._first = 1
        """The number of the first line that is held."""
        self._lines: list[bytes] | None = None
        """The same, split when they are asked for."""
        self._outside: Reject | None = None
        self._outside_start = 0

    @property
    def is_outside(self) -> bool:
        """Whether a stretch outside of any card has begun."""
        return self._outside is not None

    def feed(self, data: bytes, line: int, start: int | None) -> None:
        """Hold whole lines. `line` is the number of their first, `start` that of the open card; None for no card."""
        if start is None and self._outside is not None:
            start = self._outside_start
        if start is None:
            self._held, self._size = [], 0
        elif self._size > self._limit:
            # Cards before the open one may have been fed with it.
            lines = self._split()[max(0, start - self._first) :]
            self._first = max(self._first, start)
            self._held, self._size = lines, sum(map(len, lines))
            if self._size > self._limit:
                self.lose()
        if not self._held:
            self._first = line
        self._held.append(data)
        self._size += len(data)
        self._lines = None

    def lose(self) -> None:
        """Hold nothing of the lines so far."""
        self._held, self._size, self._lines = [], 0, None

    def record(self, start: int, end: int | None = None) -> RejectedRecord | None:
        """The lines from one to another, or to the last, without line ends after them; None if they are too many."""
        if start < self._first:
            return None
        stop = None if end is None else max(start, end) + 1 - self._first
        data = b"".join(self._split()[start - self._first : stop]).rstrip(b"\r\n")
        return RejectedRecord(data, "vcf") if 0 < len(data) <= self._limit else None

    def tell_outside(self, number: int, reason: str) -> None:
        """A line is outside of any card. What tells of it comes when the stretch is over."""
        if self._outside is None:
            self._outside, self._outside_start = Reject(f"line {number}", reason), number

    def told_outside(self, end: int | None = None) -> Iterator[Reject]:
        """The reject of the stretch, if there is one. It reaches to this line, or to the last."""
        outside, self._outside = self._outside, None
        if outside is not None:
            outside.record = self.record(self._outside_start, end)
            yield outside

    def _split(self) -> list[bytes]:
        if self._lines is None:
            self._lines = b"".join(self._held).splitlines(keepends=True)
        return self._lines
