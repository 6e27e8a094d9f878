"""Records of a table: lines joined where a quoted cell has line ends; a broken quote never takes other rows along."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from contactport.formats.csv.dialect import Dialect
from contactport.formats.csv.lines import ROW, Lines

TOO_LARGE = f"this row is larger than {ROW} characters"
BROKEN_QUOTE = "a quotation mark that is not closed is left out"
_TOGETHER = 32
"""Rows that are split together. More of them leave the processor's cache before they are read."""
_LINES = 5_000
"""Lines that one cell may have."""


class Rows(msgspec.Struct, gc=False):
    """Some rows: the numbers of their first lines, their cells, and their texts.

    A row about which something is told stands alone; that one of TOO_LARGE has no cells.
    """

    lines: Sequence[int]
    cells: list[list[str]]
    texts: list[str]
    told: str = ""


class Records:
    """The records of a file in a known dialect."""

    def __init__(self, dialect: Dialect, skipped: int = 0) -> None:
        # `skipped` lines at the beginning are no rows.
        self._dialect = dialect
        self._line = skipped
        """Lines that are read."""
        delimiter = re.escape(dialect.delimiter)
        blanks = " *+" if dialect.skips_blanks else ""
        quoted = f'{blanks}"(?:[^"]++|"")*+"(?!")'
        plain = f'(?:[^"{delimiter}][^{delimiter}]*+)?+'
        lenient = f"(?:{quoted}[^{delimiter}]*+|{plain})"
        strict = f"(?:{quoted}(?={delimiter}|$)|{plain})"
        self._complete = re.compile(f"{lenient}(?:{delimiter}{lenient})*+", re.DOTALL)
        self._sound = re.compile(f"{strict}(?:{delimiter}{strict})*+", re.DOTALL)
        self._cell = re.compile(f"({lenient})(?:{delimiter}|$)", re.DOTALL)
        self._open: list[str] = []
        """The lines of a record that goes on."""
        self._size = 0
        self._width = 0
        """Cells of the first row of several."""

    def read(self, blocks: Iterable[Lines | None]) -> Iterator[Rows]:
        """Every record, in order. It holds the records of one block, or the lines of one record."""
        waiting: deque[str] = deque()
        skipped = self._line
        for block in blocks:
            if skipped and block:
                block, skipped = block[skipped:], 0
            if block is not None:
                if self._open or 1 in [line.count('"') & 1 for line in block]:
                    waiting.extend(block)
                    yield from self._take(waiting)
                else:
                    yield from self._rows(range(self._line + 1, self._line + len(block) + 1), block)
                    self._line += len(block)
                continue
            yield from self._end(waiting)
            self._line += 1
            yield Rows([self._line], [[]], [""], TOO_LARGE)
        yield from self._end(waiting)

    def _end(self, waiting: deque[str]) -> Iterator[Rows]:
        """What is open can't go on."""
        while self._open:
            yield self._broken(waiting)
            yield from self._take(waiting)

    def _take(self, waiting: deque[str]) -> Iterator[Rows]:
        """The records of the waiting lines; what is not complete stays open."""
        whole: list[str] = []
        numbers: list[int] = []
        while waiting:
            line = waiting.popleft()
            self._line += 1
            if not line.count('"') & 1:
                if not self._open:
                    whole.append(line)
                    numbers.append(self._line)
                    continue
                self._open.append(line)
                self._size += len(line) + 1
                is_endless = self._size > ROW or len(self._open) > _LINES
                ended = self._broken(waiting) if is_endless else None
            elif not self._open:
                # The width of the rows before it is asked for.
                yield from self._rows(numbers, whole)
                whole, numbers = [], []
                if self._complete.fullmatch(line) is None:
                    self._open, self._size = [line], len(line)
                elif not self._is_broken(line):
                    whole.append(line)
                    numbers.append(self._line)
                    continue
                ended = None if self._open else self._literal(line)
            else:
                self._open.append(line)
                ended = self._joined() or self._broken(waiting)
            if ended is not None:
                yield ended
        yield from self._rows(numbers, whole)

    def _joined(self) -> Rows | None:
        """The open lines as one record; None if the quote was broken.

        It was if no delimiter follows where it ends, or if the record has another width than the others while its
        first line alone has theirs.
        """
        text = "\n".join(self._open)
        if self._sound.fullmatch(text) is None:
            return None
        cells = self._cells(text)
        alone = self._open[0].count(self._dialect.delimiter) + 1
        if self._width and len(cells) != self._width == alone:
            return None
        first = self._line - len(self._open) + 1
        self._open = []
        return Rows([first], [cells], [text])

    def _broken(self, waiting: deque[str]) -> Rows:
        """The first of the open lines as it is. The others are read again, each on its own."""
        first, *others = self._open
        self._open = []
        self._line -= len(others)
        waiting.extendleft(reversed(others))
        return self._literal(first)

    def _is_broken(self, line: str) -> bool:
        """Whether a line has the width of the others only if its quotation marks mean nothing."""
        if not self._width or line.count(self._dialect.delimiter) + 1 != self._width:
            return False
        return self._sound.fullmatch(line) is None and len(self._cells(line)) != self._width

    def _literal(self, line: str) -> Rows:
        """The line as a record in which quotation marks mean nothing."""
        cells = [cell.strip(' "') for cell in line.split(self._dialect.delimiter)]
        return Rows([self._line], [cells], [line], BROKEN_QUOTE)

    def _rows(self, numbers: Sequence[int], lines: list[str]) -> Iterator[Rows]:
        for at in range(0, len(lines), _TOGETHER):
            some = lines[at : at + _TOGETHER]
            rows = self._parsed(some)
            if rows is None or len(rows) != len(some):
                rows = [self._cells(line) for line in some]
            if not self._width:
                self._width = next((len(cells) for cells in rows if len(cells) > 1), 0)
            yield Rows(numbers[at : at + _TOGETHER], rows, some)

    def _parsed(self, lines: list[str]) -> list[list[str]] | None:
        """The rows as Python's own module reads them; None if a cell is larger than it reads."""
        dialect = self._dialect
        try:
            return list(csv.reader(lines, delimiter=dialect.delimiter, skipinitialspace=dialect.skips_blanks))
        except csv.Error:
            return None

    def _cells(self, text: str) -> list[str]:
        """The cells of one record."""
        rows = self._parsed([text])
        if rows is not None and len(rows) == 1:
            return rows[0]
        cells: list[str] = []
        at = 0
        while at <= len(text):
            found = self._cell.match(text, at)
            if found is None:
                # An open quote.
                cells.append(text[at:].replace('"', ""))
                break
            cells.append(_unquoted(found[1]))
            if found.end() == len(text) and not found[0].endswith(self._dialect.delimiter):
                break
            at = found.end()
        return cells


def _unquoted(cell: str) -> str:
    bare = cell.lstrip(" ")
    if bare[:1] != '"':
        return cell
    inner, _, rest = bare[1:].replace('""', "\0").rpartition('"')
    return inner.replace("\0", '"') + rest
