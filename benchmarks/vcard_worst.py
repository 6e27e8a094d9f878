"""The worst that bytes can do to the reader of vCard: `python -m benchmarks.vcard_worst`.

Each row is a pattern repeated to two sizes. The seconds a megabyte must stay below one and the same: what grows
with the size takes more than linear time. Memory is the peak of a reader that keeps nothing.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc

from benchmarks.figures import table
from contactport.formats import vcard

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


def seconds(data: bytes, quick: bool) -> float:
    """Of this process alone, to read it and keep nothing."""
    begun = time.process_time()
    for _ in vcard.read(iter([data]), quick=quick):
        pass
    return time.process_time() - begun


def peak(data: bytes) -> int:
    tracemalloc.start()
    for _ in vcard.read(iter([data])):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pieces", action="store_true", help="read by chunks of 64 bytes too")
    pieces = parser.parse_args().pieces
    rows: list[tuple[str, ...]] = []
    for name in PATTERNS:
        small, large = made(name, MEGABYTE // 2), made(name, 2 * MEGABYTE - 1000)
        figures = [
            seconds(data, quick) / (len(data) / MEGABYTE)
            for quick in (True, False)
            for data in (small, large)
        ]
        row = [name, *(f"{figure:.2f}" for figure in figures), f"{peak(large) / len(large):.0f}"]
        if pieces:
            begun = time.process_time()
            for _ in vcard.read(large[at : at + 64] for at in range(0, len(large), 64)):
                pass
            row.append(f"{(time.process_time() - begun) / (len(large) / MEGABYTE):.2f}")
        rows.append(tuple(row))
    heads = ["0.5 MB", "2 MB", "careful 0.5 MB", "careful 2 MB", "memory a byte"]
    print(table("seconds a megabyte", rows, [*heads, "64 B chunks"] if pieces else heads))


if __name__ == "__main__":
    main()
