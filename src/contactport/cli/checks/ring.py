"""Check of the key ring: whether it exists, is private, and belongs to the database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from contactport.cli.checks.database import Inside
from contactport.cli.checks.finding import Finding, good, note, wrong

if TYPE_CHECKING:
    from contactport.store.vault import Ring

RING = "ring.json"


def ring(folder: Path, inside: Inside | None) -> Iterator[Finding]:
    """`inside` is None where there is no database yet."""
    from contactport.store.vault import Ring, RingError

    path = folder / RING
    lost = (
        f"put the {RING} that belongs to this database back; without any copy, `contactport keys replace` goes on "
        "with a new one"
    )
    if not path.exists():
        if inside is not None and inside.fingerprint is not None:
            yield wrong("ring", f"the key ring {path} is missing, and the database needs it", lost)
        return
    try:
        found, _ = Ring.open(path, make=False)
    except RingError as error:
        yield wrong("ring", str(error), f"chmod 600 {path}" if path.stat().st_mode & 0o077 else lost)
        return
    if inside is None:
        yield wrong(
            "ring",
            f"there is a key ring {path} without its database",
            "put the database back into its folder",
        )
    elif inside.fingerprint not in (None, found.fingerprint):
        yield wrong("ring", f"the key ring {path} is not this database's", lost)
    else:
        yield good("ring", f"{path} is this database's, and nobody else can read it")
        yield from _keys(found, inside)


def _keys(ring: Ring, inside: Inside) -> Iterator[Finding]:
    gone = {number: count for number, count in inside.sealed.items() if number not in ring.days()}
    if ring.next_number <= inside.newest_key:
        yield wrong(
            "keys",
            f"the key ring is an older copy: it lacks key {inside.newest_key}, which this database has used",
            "put a newer copy back if there is one; else start the service: what is lost by that ends by itself",
        )
    elif gone:
        numbers = ", ".join(map(str, sorted(gone)))
        yield note(
            "keys",
            f"{sum(gone.values())} of the imports that are kept can't be opened: the keys that seal them are gone "
            f"({numbers})",
            "nothing, unless there is a newer copy of the ring: they end, and are purged, by themselves",
        )
