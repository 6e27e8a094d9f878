"""The worst that bytes can do to the reader of vCard: `python -m benchmarks.vcard_worst`.

Each row is a pattern repeated to 2 MB, the largest card that is read. Its seconds, and those of the longest call
between two pauses, are multiples of a floor measured beside it: a sound book of the same size. A quarter of the size
times four shows what takes more than linear time. Memory is the peak of a reader that keeps nothing.
"""

from __future__ import annotations

import argparse
import itertools
import time
import tracemalloc
from typing import NamedTuple

from benchmarks.figures import spread, table
from contactport.formats import vcard
from samples.book import cards

MEGABYTE = 1_000_000

CARD = (b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n", b"END:VCARD\r\n")
BARE = (b"", b"")
PATTERNS: dict[str, tuple[tuple[bytes, bytes], bytes]] = {
    "empty cards": (BARE, b"BEGIN:VCARD\nEND:VCARD\n"),
    "beginnings": (BARE, b"BEGIN:VCARD\n"),
    "ends": (BARE, b"END:VCARD\n"),
    "ends within lines": (BARE, b"xEND:VCARD"),
    "ends with more behind": (BARE, b"\nEND:VCARDx"),
    "line ends": (BARE, b"\n"),
    "carriage returns": (BARE, b"\r"),
    "one line": (BARE, b"x"),
    "small cards, small letters": (BARE, b"begin:vcard\nfn:a\nend:vcard\n"),
    "agents": (CARD, b"AGENT:\nBEGIN:VCARD\n"),
    "agents and ends": (CARD, b"AGENT:\nBEGIN:VCARD\nEND:VCARD\n"),
    "blank lines": (CARD, b"\r\n"),
    "folds": (CARD, b"\r\n "),
    "folds by tabs": (CARD, b"\r\n\t"),
    "short names": (CARD, b"N:\r\n"),
    "addresses": (CARD, b"EMAIL:a\r\n"),
    "distinct prefixes": (CARD, b"EMAIL;%d:a\r\n"),
    "distinct unknown prefixes": (CARD, b"X-%d:a\r\n"),
    "unknown names": (CARD, b"%d:a\r\n"),
    "labels and addresses": (CARD, b"ADR:a\r\nLABEL:b\r\n"),
    "labels of other kinds": (CARD, b"ADR:a\r\nLABEL;x%d:b\r\n"),
    "groups": (CARD, b"i%d.TEL:1\r\ni%d.X-ABLabel:x\r\n"),
    "preferences": (CARD, b"TEL;PREF=1:1\r\n"),
    "messengers": (CARD, b"X-AIM:%d\r\n"),
    "anniversaries": (CARD, b"i.X-ABDATE:2001-01-01\r\n"),
    "members": (CARD, b"MEMBER:%d\r\n"),
    "raw lines of a note": ((CARD[0] + b"NOTE:\n", CARD[1]), b"x\n"),
    "raw lines that may be properties": ((CARD[0] + b"NOTE:\n", CARD[1]), b"1:x\n"),
    "soft breaks": ((CARD[0] + b"NOTE;QUOTED-PRINTABLE:", b"\r\n" + CARD[1]), b"=\r\n"),
    "quoted characters": ((CARD[0] + b"NOTE;QUOTED-PRINTABLE:", b"\r\n" + CARD[1]), b"=5C"),
    "quoted prefixes": (CARD, b"N;QUOTED-PRINTABLE:\r\n"),
    "base64 by the line": ((CARD[0] + b"PHOTO;BASE64:\n", b"\n" + CARD[1]), b"A\n"),
    "base64 by the line, and colons": ((CARD[0] + b"PHOTO;BASE64:\n", b"\n" + CARD[1]), b"A\n:\n"),
    "backslashes": ((CARD[0] + b"NOTE:", b"\r\n" + CARD[1]), b"\\"),
    "escapes": ((CARD[0] + b"NOTE:", b"\r\n" + CARD[1]), b"\\n\\\\"),
    "escaped separators": ((CARD[0] + b"ADR:", b"\r\n" + CARD[1]), b"\\;\\\\;"),
    "separators": ((CARD[0] + b"ORG:", b"\r\n" + CARD[1]), b";"),
    "commas of a name": ((CARD[0] + b"N:", b"\r\n" + CARD[1]), b",a"),
    "categories": ((CARD[0] + b"CATEGORIES:", b"\r\n" + CARD[1]), b"a,\\,"),
    "quotes": ((CARD[0] + b"TEL;X=", b":1\r\n" + CARD[1]), b'"'),
    "open quotes": ((CARD[0] + b'TEL;X="', b"\r\n" + CARD[1]), b'":"'),
    "lines of open quotes": (CARD, b'TEL;X=":1\r\n'),
    "parameters": ((CARD[0] + b"TEL", b":1\r\n" + CARD[1]), b";X%d=1"),
    "kinds": ((CARD[0] + b"TEL", b":1\r\n" + CARD[1]), b";TYPE=a"),
    "preferred kinds": ((CARD[0] + b"TEL", b":1\r\n" + CARD[1]), b";PREF"),
    "carets": ((CARD[0] + b"TEL;X=", b":1\r\n" + CARD[1]), b"^n"),
    "bytes that are no UTF-8": ((CARD[0] + b"NOTE:", b"\r\n" + CARD[1]), b"\xff"),
    "lines that are no UTF-8": (CARD, b"NOTE:\xff\r\n"),
    "some UTF-8": ((CARD[0] + b"NOTE:", b"\r\n" + CARD[1]), b"\xc3\xa9\xff"),
    "character sets": (CARD, b"NOTE;CHARSET=windows-1251:\xff\r\n"),
    "ISO-2022-JP": ((CARD[0] + b"NOTE;CHARSET=ISO-2022-JP:", b"\r\n" + CARD[1]), b"\x1b$B"),
    "digits of a preference": ((CARD[0] + b"TEL;PREF=", b":1\r\n" + CARD[1]), b"1"),
    "digits of a date": ((CARD[0] + b"BDAY:", b"\r\n" + CARD[1]), b"1"),
    "spaces of a prefix": ((CARD[0] + b"TEL", b":1\r\n" + CARD[1]), b" ;"),
    "schemes": ((CARD[0] + b"TEL:", b"1\r\n" + CARD[1]), b"tel:"),
    "percent signs": ((CARD[0] + b"PHOTO:data:,", b"\r\n" + CARD[1]), b"%41"),
    "damaged base64": ((CARD[0] + b"PHOTO;ENCODING=b:", b"\r\n" + CARD[1]), b"A=!"),
    "escaped units": ((CARD[0] + b"ORG:", b"\r\n" + CARD[1]), b"\\;\\\\;a"),
    "escapes and zeros": ((CARD[0] + b"NOTE:", b"\r\n" + CARD[1]), b"\0\\n\\\\"),
    "several addresses in one": ((CARD[0] + b"EMAIL:", b"\r\n" + CARD[1]), b"a@b,"),
    "addresses with many kinds": (CARD, b"EMAIL" + b";a" * 90 + b":" + b"a@b," * 50 + b"\r\n"),
    "properties with many parameters": (CARD, b"TEL" + b";X%d=1" * 90 + b":1\r\n"),
    "long prefixes": (CARD, b"TEL;TYPE=" + b"a," * 4000 + b":1\r\n"),
    "notes": (CARD, b"NOTE:" + b"n\\n" * 30_000 + b"\r\n"),
    "names of 64 kB": (CARD, b"FN:" + b"n\\," * 21_000 + b"\r\n"),
    "pictures": (CARD, b"PHOTO;ENCODING=b:/9j/" + b"A" * 59_999 + b"\r\n"),
    "one picture that is no UTF-8": ((CARD[0] + b"PHOTO:", b"\r\n" + CARD[1]), b"\xe9\xff "),
    "one address of a picture": ((CARD[0] + b"PHOTO;VALUE=uri:https://a/", b"\r\n" + CARD[1]), b"\\\\"),
    "undecided words": ((CARD[0] + b"NOTE:", b"\r\n" + CARD[1]), b"M\xfcller%d "),
    "undecided words of many texts": (CARD, b"TITLE:M\xfcller%d\r\n"),
    "damaged texts": ((CARD[0] + b"TITLE:M\xfcller\r\n", CARD[1]), b"TITLE:\xc3\xa9\xc3\xa9%d\xff\r\n"),
    "doubted texts": (
        (CARD[0] + b"TITLE:\xb0\xa1\xb0\xa2\xb0\xa3\r\n" * 8, CARD[1]),
        b"TITLE:\xc3\xa9\xc3\xa9%d\r\n",
    ),
    "quoted and undecided": ((CARD[0] + b"NOTE;QUOTED-PRINTABLE:", b"\r\n" + CARD[1]), b"=FC=C3=A9"),
    "messengers in one": ((CARD[0] + b"X-AIM:", b"\r\n" + CARD[1]), b"%d\xee\x80\x80"),
    "UTF-16": ((b"\xff\xfe", b""), b"\n\0"),
    "byte order marks": (BARE, b"\xef\xbb\xbf\n"),
    "zeros": (BARE, b"\0"),
}


def made(name: str, size: int) -> bytes:
    """The pattern, `%d` in it counted, as often as fits."""
    (before, after), pattern = PATTERNS[name]
    if b"%d" not in pattern:
        return before + pattern * (size // len(pattern)) + after
    parts: list[bytes] = []
    length = at = 0
    while length < size:
        parts.append(pattern.replace(b"%d", str(at).encode()))
        length += len(parts[-1])
        at += 1
    return before + b"".join(parts) + after


class Cost(NamedTuple):
    """What reading took: seconds of this process, as a whole and the longest between two pauses; pauses and items."""

    whole: float
    longest: float
    pauses: int
    items: int


def cost(data: bytes, quick: bool = True) -> Cost:
    """Read it as an import does, and keep nothing."""
    longest, pauses, items = 0.0, 0, 0
    begun = last = time.process_time()
    for step in vcard.steps([data], quick=quick):
        now = time.process_time()
        longest, last = max(longest, now - last), now
        pauses += step is None
        items += step is not None
    now = time.process_time()
    return Cost(now - begun, max(longest, now - last), pauses, items)


def peak(data: bytes) -> int:
    tracemalloc.start()
    for _ in vcard.read(iter([data])):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="patterns whose names hold this")
    parser.add_argument("--memory", action="store_true", help="the peak of memory too, which takes long")
    parser.add_argument("--pieces", action="store_true", help="read by chunks of 64 bytes too")
    chosen = parser.parse_args()
    size = 2 * MEGABYTE - 1000
    book = "".join(itertools.islice(itertools.cycle(cards(1000)), size // 480)).encode()
    rows: list[tuple[str, ...]] = []
    floors: list[float] = []
    for name in PATTERNS:
        if chosen.only not in name:
            continue
        data, half = made(name, size), made(name, size // 4)
        # The floor is measured beside each pattern, so that both share what else the machine does.
        floors.append(cost(book).whole * len(data) / len(book))
        whole, quarter, careful = cost(data), cost(half), cost(data, quick=False)
        row = [
            name,
            f"{whole.whole / floors[-1]:.1f}x",
            f"{max(whole.longest, careful.longest) / floors[-1]:.2f}x",
            f"{careful.whole / floors[-1]:.1f}x",
            f"{4 * quarter.whole / floors[-1]:.1f}x",
            f"{whole.pauses}",
            f"{whole.items}",
        ]
        if chosen.memory:
            row.append(f"{peak(data) / len(data):.0f}")
        if chosen.pieces:
            begun = time.process_time()
            for _ in vcard.read(data[at : at + 64] for at in range(0, len(data), 64)):
                pass
            row.append(f"{(time.process_time() - begun) / floors[-1]:.1f}x")
        rows.append(tuple(row))
    heads = ["whole", "longest call", "careful way", "a quarter, times 4", "pauses", "items"]
    heads += ["memory a byte"] if chosen.memory else []
    heads += ["64 B chunks"] if chosen.pieces else []
    print(table("2 MB", rows, heads))
    print(f"\nThe floor, a sound book of 2 MB: {spread(floors, ' s', digits=3)}")


if __name__ == "__main__":
    main()
