"""Lines of a text that comes in pieces: any ends, a bounded length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

ROW = 2 * 1024 * 1024
"""Characters of the largest row that is read."""
Lines = list[str]


def lines(texts: Iterable[str]) -> Iterator[Lines | None]:
    """The lines without their ends, some at a time. None is one line that is too large."""
    rest = ""
    is_too_large = False
    for piece in texts:
        text = rest + piece if rest else piece
        held = ""
        if "\r" in text:
            if text[-1] == "\r":
                # It may be half of a line end.
                text, held = text[:-1], "\r"
            split = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        else:
            split = text.split("\n")
        rest = split.pop() + held
        if split and is_too_large:
            del split[0]
            is_too_large = False
        if len(text) > ROW:
            yield from _measured(split)
        elif split:
            yield split
        if len(rest) > ROW:
            if not is_too_large:
                yield None
            rest, is_too_large = held, True
    if rest and not is_too_large:
        yield [rest.removesuffix("\r")]


def _measured(split: Lines) -> Iterator[Lines | None]:
    for line in split:
        yield None if len(line) > ROW else [line]
