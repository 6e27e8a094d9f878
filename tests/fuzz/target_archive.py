"""`formats.archive`: any bytes in a ZIP, and any bytes as one."""

from __future__ import annotations

from contactport.contact import Contact, Group, Note, Reject, Skipped
from contactport.formats import archive
from tests.unit.formats.workbooks import packed

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n"


def check(data: bytes) -> None:
    """Raises AssertionError, or whatever reading should not have raised."""
    some = data[:64]
    whole = packed({"a.vcf": CARD, "b.vcf": some})
    assert isinstance(next(archive.read([whole])), Contact)
    at = (data[0] * 7 if data else 0) % len(whole)
    for damaged in (data, whole[:at] + some + whole[at + 4 :]):
        for item in archive.read([damaged]):
            assert isinstance(item, Contact | Group | Reject | Note | Skipped)
