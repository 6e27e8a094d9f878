"""jCard, read and written by ical.js, which others wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

from contactport.contact import Contact
from contactport.formats import registry
from tests.servers import npm
from tests.unit.formats.peer_contacts import ADA, BEN

PROGRAM = Path(__file__).parent / "programs" / "icaljs.mjs"


def converted(from_: str, data: bytes) -> bytes:
    """The same cards in the other form, by ical.js."""
    done = subprocess.run(
        [npm.node(), str(PROGRAM), str(npm.modules()), from_], input=data, capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_ical_js_makes_the_same_vcards_of_our_jcards() -> None:
    written = b"".join(registry.get("jcard").write([ADA, BEN]))
    assert list(registry.get("vcf").read([converted("jcard", written)])) == [ADA, BEN]


def test_what_ical_js_makes_of_our_vcards_is_read_as_the_same() -> None:
    written = b"".join(registry.get("vcf4").write([ADA, BEN]))
    ada, ben = registry.get("jcard").read([converted("vcf", written)])
    assert isinstance(ada, Contact)
    # It leaves the escape of a semicolon in the text of a vCard.
    ada.notes = [note.replace("\\;", ";") for note in ada.notes]
    assert [ada, ben] == [ADA, BEN]
