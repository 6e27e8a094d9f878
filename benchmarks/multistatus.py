"""A multistatus of 50 MB to raw cards, against expat without handlers: `python -m benchmarks.multistatus`.

Both read the same file in the same chunks. Ours is what an import does between the socket and the format: the
cleaner, the limits, the slices that give others their turn, doubles, pages. Peak memory is the kernel's (VmHWM), of a
process of its own for each size, so that what grows with the book shows.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape

import msgspec
from yarl import URL

from benchmarks.figures import ratios, spread, table
from contactport.net.budgets import ByteBudget
from contactport.settings import Settings
from contactport.sources.carddav.dav_client import SLICE, TEXTS
from contactport.sources.carddav.members import BookMembers
from contactport.sources.carddav.model import AddressBook, MultistatusLimits, MultistatusResponse
from contactport.sources.carddav.multistatus import Multistatus
from contactport.sources.carddav.page_builder import PageBuilder
from samples.book import cards

CHUNK = 128 * 1024
SMALL = 5
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<multistatus xmlns="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav">'
CARD = (
    '<response><href>/alice/contacts/{number:06d}.vcf</href><propstat><prop><getetag>"{number:064x}"</getetag>'
    "<CR:address-data>{card}</CR:address-data></prop><status>HTTP/1.1 200 OK</status></propstat></response>"
)


def write(path: Path, megabytes: int) -> int:
    """A document in Radicale's style; returns its number of cards. The cards repeat after a thousand."""
    some = [escape(card) for card in cards(1000)]
    size = count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEAD)
        while size < megabytes * 1_000_000:
            text = CARD.format(number=count, card=some[count % len(some)])
            file.write(text)
            size += len(text.encode())
            count += 1
        file.write("</multistatus>")
    return count


def bare(path: Path) -> float:
    """Seconds of expat without a handler."""
    started = time.perf_counter()
    parser = expat.ParserCreate()
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            parser.Parse(data, False)
    parser.Parse(b"", True)
    return time.perf_counter() - started


async def whole(path: Path, count: int) -> float:
    """Seconds until every card has left in a page."""
    settings = Settings(import_members=1_000_000)
    limits = MultistatusLimits(card=settings.card_bytes, text=TEXTS, depth=settings.xml_depth)
    home = URL("https://dav.example.com/alice/")
    builder = PageBuilder(settings.import_members)
    members = BookMembers(AddressBook(home / "contacts/", home), (), builder, longest=settings.card_bytes)
    found = 0
    started = time.perf_counter()
    budget = ByteBudget(settings.import_bytes)
    parser = Multistatus(limits)
    with path.open("rb") as file:
        while data := file.read(CHUNK):
            budget.spend(len(data))
            for at in range(0, len(data), SLICE):
                parser.feed(data[at : at + SLICE])
                take(members, parser.take())
                while builder.full:
                    found += len(builder.page().records)
                await asyncio.sleep(0)
    parser.close()
    take(members, parser.take())
    while not builder.empty:
        found += len(builder.page().records)
    taken = time.perf_counter() - started
    assert found == count, f"{found} of {count}"
    return taken


def take(members: BookMembers, items: list[MultistatusResponse]) -> None:
    for item in items:
        assert item.data
        members.card(members.key(item.href), item.data)


class Peak(msgspec.Struct):
    seconds: float
    peak: int


def measured(path: Path, count: int) -> Peak:
    """Ours once, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.multistatus", "--once", str(path), "--cards", str(count)],
        check=True,
        capture_output=True,
    )
    return msgspec.json.decode(done.stdout, type=Peak)


def peak() -> int:
    """The most memory that this process has used, in bytes."""
    status = Path("/proc/self/status").read_text("utf-8")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def speed(megabytes: int, times: Sequence[float]) -> str:
    return spread([megabytes / seconds for seconds in times], digits=0)


def main() -> None:
    options = argparse.ArgumentParser(prog="benchmarks.multistatus")
    options.add_argument("--megabytes", type=int, default=50)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--cards", type=int, default=0, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.once is not None:
        taken = asyncio.run(whole(chosen.once, chosen.cards))
        print(msgspec.json.encode(Peak(taken, peak())).decode())
        return
    with tempfile.TemporaryDirectory(prefix="multistatus-") as folder:
        path, small = Path(folder, "large.xml"), Path(folder, "small.xml")
        count = write(path, chosen.megabytes)
        few = write(small, SMALL)
        floors: list[float] = []
        ours: list[float] = []
        for _ in range(chosen.rounds):
            floors.append(bare(path))
            ours.append(asyncio.run(whole(path, count)))
        large, little = measured(path, count).peak, measured(small, few).peak
    rows = [
        ("expat without handlers", spread(floors), speed(chosen.megabytes, floors), "100 %"),
        (
            f"ours, to {count} cards",
            spread(ours),
            speed(chosen.megabytes, ours),
            spread(ratios(floors, ours), " %", 100, 0),
        ),
    ]
    print(table(f"{chosen.megabytes} MB of multistatus", rows, ("seconds", "MB/s", "of expat's speed")))
    print(
        f"\npeak memory: {large / 1e6:.0f} MB for {chosen.megabytes} MB, {little / 1e6:.0f} MB for {SMALL} MB "
        f"({large / little:.2f}x)"
    )


if __name__ == "__main__":
    main()
