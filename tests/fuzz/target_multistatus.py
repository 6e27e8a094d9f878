"""`sources.carddav.multistatus`: any bytes are read or refused, however they are cut, and by shape as by expat."""

from __future__ import annotations

import os
import time
from zlib import crc32

from contactport.sources.carddav.element_parser import ElementParser
from contactport.sources.carddav.model import Malformed, MultistatusLimits, MultistatusResponse
from contactport.sources.carddav.multistatus import Multistatus
from contactport.sources.carddav.xml_repair import XmlRepairer

LIMITS = MultistatusLimits(card=4096, text=8192, depth=64)
SECONDS = float(os.environ.get("CONTACTPORT_FUZZ_SECONDS", "0"))
"""What a megabyte may take; 0 looks at no clock. Looking is slow, so one input in fifty is looked at."""
AMPLIFIED = 256 * 1024
CONTROLS = frozenset(map(chr, set(range(0x20)) - {0x09, 0x0A, 0x0D}))
HEAD = b'<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">'
CARD = (
    b"<d:response><d:href>/%d</d:href><d:propstat><d:prop><c:address-data>%d</c:address-data></d:prop>"
    b"<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
)


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever reading should not have raised."""
    whole = _read(data, len(data) or 1)
    _check_items(whole)
    assert whole == _read(data, 1 + (data[0] if data else 0))
    assert whole == _by_elements(data)
    # Behind responses that are all alike, so that the shape is known when the data comes.
    embedded = HEAD + b"".join(CARD % (number, number) for number in range(3)) + data + CARD % (3, 3)
    whole = _read(embedded, len(embedded))
    assert whole == _read(embedded, 64)
    assert whole == _by_elements(embedded)
    if SECONDS and crc32(data) % 50 == 0:
        _check_time(data)


def _read(data: bytes, step: int) -> list[MultistatusResponse] | None:
    parser = Multistatus(LIMITS)
    items: list[MultistatusResponse] = []
    try:
        for at in range(0, len(data), step):
            parser.feed(data[at : at + step])
            items += parser.take()
        parser.close()
    except Malformed:
        return None
    return items + parser.take()


def _by_elements(data: bytes) -> list[MultistatusResponse] | None:
    """By expat alone."""
    cleaner, elements = XmlRepairer(), ElementParser(LIMITS)
    try:
        elements.parse(cleaner.feed(data))
        elements.parse(cleaner.finish(), final=True)
    except Malformed:
        return None
    return elements.items


def _check_items(items: list[MultistatusResponse] | None) -> None:
    for item in items or ():
        assert item.data is None or len(item.data.decode("utf-8")) <= LIMITS.card
        assert not (item.too_long and item.data)
        assert not CONTROLS & set(item.href)


def _check_time(data: bytes) -> None:
    many = HEAD + data * (AMPLIFIED // (len(data) or 1))
    started = time.perf_counter()
    _read(many, 16 * 1024)
    taken = time.perf_counter() - started
    assert taken <= 0.2 + SECONDS * len(many) / 1e6, f"{taken:.2f} s for {len(many)} bytes"
