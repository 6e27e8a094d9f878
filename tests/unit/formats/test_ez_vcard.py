"""vCard 4.0, jCard and xCard, read and written by ez-vcard, which others wrote."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from contactport.contact import Contact
from contactport.formats import registry
from tests.needs import needs
from tests.unit.formats.peer_contacts import ADA, BEN

JARS = [
    Path("/usr/share/java") / f"{name}.jar"
    for name in ("ez-vcard", "vinnie", "jackson-core", "jackson-databind", "jackson-annotations")
]
PACKAGES = "apt-get install default-jdk-headless libez-vcard-java libjackson2-databind-java libvinnie-java"
NAMES = {"vcf": "vcf4", "jcard": "jcard", "xcard": "xcard"}


def rewritten(from_: str, to: str, data: bytes) -> bytes:
    """The same cards, read and written by ez-vcard."""
    java = shutil.which("java")
    if java is None or shutil.which("javac") is None or not all(jar.exists() for jar in JARS):
        needs("ez-vcard", PACKAGES)
    program = Path(__file__).parent / "programs" / "Rewrite.java"
    done = subprocess.run(
        [java, "-cp", ":".join(map(str, JARS)), str(program), from_, to],
        input=data,
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


WAYS = [("jcard", "xcard"), ("xcard", "jcard"), ("vcf", "jcard"), ("jcard", "vcf")]


@pytest.mark.parametrize(("from_", "to"), WAYS)
def test_what_we_write_and_ez_vcard_writes_again_is_the_same(from_: str, to: str) -> None:
    written = b"".join(registry.get(NAMES[from_]).write([ADA, BEN]))
    ada, ben = registry.get(to).read([rewritten(from_, to, written)])
    assert isinstance(ada, Contact)
    # In xCard, it writes what has a label last.
    ada.emails.sort(key=lambda email: email.address)
    assert [ada, ben] == [ADA, BEN]
