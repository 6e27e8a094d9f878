"""The address book of the demo: 200 files, as in a CardDAV server's folder.

195 people, ten of them with pictures; one of them filed twice; two groups, as Apple and as vCard 4.0 write
them; a company; and one card that was torn out of a mail, with the mail's boundary in its midst.
"""

from __future__ import annotations

import base64

from samples.book import card, fold, text
from samples.pictures import jpeg, png

SEED = 2026
PEOPLE = 195
CHOIR = range(0, 40, 3)
COMMITTEE = range(5, 25, 4)
TWICE = 17
"""The person whose card is filed a second time, byte for byte, as clients do that lose track of a name."""


def _lines(*lines: str) -> bytes:
    return "".join(fold(line) + "\r\n" for line in lines).encode()


def _uid(i: int) -> str:
    return f"sample-{SEED}-{i}"


def _pictured() -> dict[str, bytes]:
    """Ten people's cards with a picture that a viewer can show.

    All are 3.0: Radicale's own reader cuts the `data:` URI of a 4.0 card at its comma.
    """
    plain = {i: card(i, seed=SEED) for i in range(0, PEOPLE, 15)}
    chosen = [i for i, body in plain.items() if "VERSION:3.0" in body][:10]
    cards: dict[str, bytes] = {}
    for i in chosen:
        if i % 2:
            kind, data = "JPEG", jpeg([[40 + 12 * ((x * y + i) % 16) for x in range(4)] for y in range(4)])
        else:
            kind, data = "PNG", png((250, 240, 200), (30 + 20 * (i % 10), 90, 160))
        photo = fold(f"PHOTO;ENCODING=b;TYPE={kind}:{base64.b64encode(data).decode('ascii')}")
        cards[f"{_uid(i)}.vcf"] = plain[i].replace("\r\nREV:", f"\r\n{photo}\r\nREV:").encode()
    return cards


def _apple_group() -> bytes:
    return _lines(
        "BEGIN:VCARD",
        "VERSION:3.0",
        "PRODID:-//Apple Inc.//macOS 14.4//EN",
        "UID:group-choir",
        "N:Choir",
        "FN:Choir",
        "X-ADDRESSBOOKSERVER-KIND:group",
        *(f"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:{_uid(i)}" for i in CHOIR),
        "REV:2026-02-03T18:30:00Z",
        "END:VCARD",
    )


def _group() -> bytes:
    return _lines(
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:group",
        "UID:group-committee",
        f"FN:{text('Book club, committee')}",
        *(f"MEMBER:urn:uuid:{_uid(i)}" for i in COMMITTEE),
        "END:VCARD",
    )


def _company() -> bytes:
    return _lines(
        "BEGIN:VCARD",
        "VERSION:4.0",
        "KIND:org",
        "UID:company-harbour",
        "FN:Harbour & Sons",
        "ORG:Harbour & Sons;Freight",
        "TEL;VALUE=uri;TYPE=work:tel:+1-202-555-0142",
        "END:VCARD",
    )


def _broken() -> bytes:
    """Servers store and serve it (Radicale does), for the boundary looks like a property; but it is none."""
    return _lines(
        "BEGIN:VCARD",
        "VERSION:3.0",
        "UID:broken-torn",
        "N:Torn;Tilda;;;",
        "FN:Tilda Torn",
        "------_NextPart_000_0042:",
        "TEL;type=CELL:+1-202-555-0199",
        "END:VCARD",
    )


def files() -> dict[str, bytes]:
    """File name to vCard, 200 of them, always the same."""
    book = {f"{_uid(i)}.vcf": card(i, seed=SEED).encode() for i in range(PEOPLE)}
    book |= _pictured()
    book[f"{_uid(TWICE)}-copy.vcf"] = book[f"{_uid(TWICE)}.vcf"]
    book["group-choir.vcf"] = _apple_group()
    book["group-committee.vcf"] = _group()
    book["company-harbour.vcf"] = _company()
    book["broken-torn.vcf"] = _broken()
    return book
