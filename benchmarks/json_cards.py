"""jCard, JSContact and xCard against the parsers of Python: `python -m benchmarks.json_cards`.

The book is `samples.book`'s, a fifth with pictures, written in each format. `json.loads` parses the whole text into
dictionaries and lists and makes no contact of them; for xCard, expat calls a handler for each element. Reading and
parsing take turns in this process. The memory is that of a new process, read from the same books and from books ten
times and a hundred times as large.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.parsers import expat

from benchmarks.figures import ratios, spread, table
from contactport.contact import Contact
from contactport.formats import registry, vcard
from samples.book import cards

FORMATS = ("jcard", "jscontact", "xcard")
BLOCK = 256 * 1024


def book(name: str, count: int, pictures: float = 0.2) -> bytes:
    contacts = vcard.read(card.encode() for card in cards(count, pictures=pictures))
    return b"".join(registry.get(name).write(contacts))


def read(name: str, data: bytes) -> int:
    chunks = (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))
    return sum(isinstance(item, Contact) for item in registry.get(name).read(chunks))


def parse(name: str, data: bytes) -> int:
    if name != "xcard":
        return len(json.loads(data))
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += tag == "vcard"

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: None
    parser.CharacterDataHandler = lambda text: None
    parser.Parse(data, True)
    return count


def timed(work: Callable[[str, bytes], int], name: str, data: bytes, expected: int) -> float:
    started = time.perf_counter()
    count = work(name, data)
    taken = time.perf_counter() - started
    assert count == expected, f"{count} of {expected} cards"
    return taken


def memory(name: str, count: int) -> float:
    """The largest memory, in MB, of a process that reads a book which is made while it is read."""
    command = [sys.executable, "-m", "benchmarks.json_cards", "--memory", name, "--cards", str(count)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _read_once(name: str, count: int) -> None:
    some = book(name, 100, pictures=0.0)
    head, body, end = b"[\n", some[2:-3] + b",\n", b"]\n"
    if name == "xcard":
        at, stop = some.index(b"<vcard>"), some.rindex(b"</vcards>")
        head, body, end = some[:at], some[at:stop], some[stop:]

    def chunks() -> Iterator[bytes]:
        yield head
        for _ in range(count // 100):
            yield body
        yield end

    found = sum(isinstance(item, Contact) for item in registry.get(name).read(chunks()))
    assert found == count // 100 * 100, found
    status = Path("/proc/self/status").read_text()
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--cards", type=int, default=10_000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument(
        "--large", type=int, default=1_000_000, help="cards of the book that memory is measured with"
    )
    options.add_argument("--memory", choices=FORMATS, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.memory:
        _read_once(given.memory, given.cards)
        return
    rows: list[tuple[str, ...]] = []
    for name in FORMATS:
        data = book(name, given.cards)
        reads: list[float] = []
        parses: list[float] = []
        for _ in range(given.runs):
            reads.append(timed(read, name, data, given.cards))
            parses.append(timed(parse, name, data, given.cards))
        few, many = memory(name, given.cards), memory(name, given.large)
        rows.append(
            (
                name,
                f"{len(data) / 1e6:.1f} MB",
                f"{given.cards / min(reads):,.0f}",
                f"{given.cards / min(parses):,.0f}",
                spread(ratios(reads, parses), "x"),
                f"{few:.1f} MB",
                f"{many:.1f} MB ({many / few:.2f}x)",
            )
        )
    heads = ("", "book", "contacts/s", "parsed alone/s", "of parsing's time")
    print(table((*heads, f"memory, {given.cards:,}", f"memory, {given.large:,}"), rows))


if __name__ == "__main__":
    main()
