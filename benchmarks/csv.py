"""Reading CSV, as a share of the speed of Python's own `csv.reader` alone: `python -m benchmarks.csv`.

The table is 100,000 rows of Google's new layout: 32 columns, of which 18 are filled. `csv.reader` makes lists of
texts of it; ours decodes, splits, understands the columns and makes contacts. Both are measured in this process, in
turns, by its own clock. Then `contactport convert` runs as a command, for its memory with few rows and with many.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from benchmarks.figures import ratios, spread, table
from contactport.contact import Contact
from contactport.formats import csv as ours

HEADER = (
    *("First Name", "Middle Name", "Last Name", "Phonetic First Name", "Phonetic Middle Name"),
    *("Phonetic Last Name", "Name Prefix", "Name Suffix", "Nickname", "File As", "Organization Name"),
    *("Organization Title", "Organization Department", "Birthday", "Notes", "Photo", "Labels"),
    *("E-mail 1 - Label", "E-mail 1 - Value", "E-mail 2 - Label", "E-mail 2 - Value"),
    *("Phone 1 - Label", "Phone 1 - Value", "Address 1 - Label", "Address 1 - Street", "Address 1 - City"),
    *("Address 1 - Region", "Address 1 - Postal Code", "Address 1 - Country", "Address 1 - Extended Address"),
    *("Website 1 - Label", "Website 1 - Value"),
)
assert len(HEADER) == 32
BLOCK = 256 * 1024
GIVEN = ["Ada", "Jörg", "Søren", "Zoë", "Łukasz", "Anna", "Peter", "Maria", "Ivan", "Grace"]
FAMILY = [
    "Lovelace",
    "Müller",
    "Kierkegaard",
    "Ångström",
    "Nowak",
    "Smith",
    "García",
    "Rossi",
    "Petrov",
    "Hopper",
]


def rows(count: int) -> list[list[str]]:
    """Rows with 18 filled cells each, from a fixed seed."""
    chance = random.Random(13)
    made: list[list[str]] = []
    for number in range(count):
        given, family = chance.choice(GIVEN), chance.choice(FAMILY)
        filled = {
            "First Name": given,
            "Last Name": family,
            "Organization Name": f"{chance.choice(FAMILY)} Ltd",
            "Organization Title": "Editor",
            "Birthday": f"{chance.randrange(1930, 2010)}-{chance.randrange(1, 13):02}-11",
            "Notes": f"met at the fair of {chance.randrange(1990, 2026)}",
            "Labels": "* myContacts ::: Friends",
            "E-mail 1 - Label": "* Home",
            "E-mail 1 - Value": f"person{number}@example.org",
            "E-mail 2 - Label": "Work",
            "E-mail 2 - Value": f"p.{number}@work.example",
            "Phone 1 - Label": "Mobile",
            "Phone 1 - Value": f"+49 30 {chance.randrange(10**6, 10**7)}",
            "Address 1 - Label": "Home",
            "Address 1 - Street": f"{chance.randrange(1, 200)} Long Road",
            "Address 1 - City": "Townsville",
            "Address 1 - Postal Code": f"{chance.randrange(10000, 99999)}",
            "Address 1 - Country": "Germany",
        }
        assert len(filled) == 18
        made.append([filled.get(name, "") for name in HEADER])
    return made


def written(count: int) -> bytes:
    """The table as bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows(rows(count))
    return text.getvalue().encode()


def by_csv_reader(data: bytes) -> int:
    return sum(1 for _ in csv.reader(io.StringIO(data.decode(), newline=""))) - 1


def by_us(data: bytes) -> int:
    chunks = (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))
    return sum(isinstance(item, Contact) for item in ours.read(chunks))


def seconds(read: Callable[[bytes], int], data: bytes, expected: int) -> float:
    begun = time.process_time()
    count = read(data)
    taken = time.process_time() - begun
    assert count == expected, f"{read.__name__} found {count} of {expected} rows"
    return taken


def read_table(count: int, rounds: int) -> None:
    """Both readers, in turns."""
    data = written(count)
    floor: list[float] = []
    took: list[float] = []
    for _ in range(rounds):
        floor.append(seconds(by_csv_reader, data, count))
        took.append(seconds(by_us, data, count))
    lines = [
        [
            name,
            spread(each, " s"),
            spread([count / one / 1000 for one in each], "k", digits=1),
            spread([100 * one for one in ratios(floor, each)], " %", digits=1),
        ]
        for name, each in (("csv.reader alone", floor), ("formats.csv", took))
    ]
    title = f"{count} rows, 32 columns, 18 filled, {len(data) / 1e6:.1f} MB"
    print(table(title, lines, ["seconds", "rows a second", "of csv.reader's speed"]), end="\n\n")


def most_memory(file: Path) -> float:
    """The most memory of `contactport convert`, in bytes."""
    with subprocess.Popen(
        [sys.executable, "-m", "contactport", "convert", str(file), "--to", "ndjson"],
        stdout=subprocess.DEVNULL,
    ) as running:
        process = psutil.Process(running.pid)
        most = 0.0
        while running.poll() is None:
            try:
                most = max(most, process.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.02)
    assert running.returncode == 0
    return most


def memory(few: int, many: int) -> None:
    """A large table takes no more memory than a small one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "table.csv")
        found: list[float] = []
        block = written(few)
        head, _, body = block.partition(b"\r\n")
        for count in (few, many):
            with file.open("wb") as out:
                out.write(head + b"\r\n")
                for _ in range(count // few):
                    out.write(body)
            found.append(most_memory(file))
    lines = [[f"{few} rows", f"{found[0] / 1e6:.0f} MB", "1.00x"]]
    lines.append([f"{many} rows", f"{found[1] / 1e6:.0f} MB", f"{found[1] / found[0]:.2f}x"])
    print(table("`convert --to ndjson`", lines, ["most memory", "of the small table's"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--many", type=int, default=1_000_000, help="rows of the command's table; 0 leaves it out"
    )
    given = parser.parse_args()
    read_table(given.rows, given.rounds)
    if given.many:
        memory(10_000, given.many)


if __name__ == "__main__":
    main()
