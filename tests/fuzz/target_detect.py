"""`formats.detect` and `charsets.files`: any bytes are something, and it doesn't matter where a text is cut."""

from __future__ import annotations

from contactport.formats.charsets.files import texts
from contactport.formats.detect import detect

MOST = 96
"""To judge the letters of many words takes long."""


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever detection should not have raised."""
    data = data[:MOST]
    size = 1 + (data[0] if data else 0)
    found = detect(data, is_whole=size % 2 == 0)
    assert found.why.endswith(".")
    assert found.kind
    assert 0 <= found.confidence <= 1.000001
    if not found.encoding:
        return
    text = "".join(texts([data]))
    text.encode()
    assert "".join(texts(data[at : at + size] for at in range(0, len(data), size))) == text
