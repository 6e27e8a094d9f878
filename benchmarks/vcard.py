"""Reading vCard, as a multiple of vobject and as a share of the floor: `python -m benchmarks.vcard`.

The book is `samples.book`'s: realistic cards, a fifth of them with pictures. The floor is what no reader of text can
go below by much: decode the whole, unfold by one replacement, cut at line ends, cut each line at its colon, count.
Everything is measured in this process, in turns, by its own clock; the command alone is run as one, its start
included. `--peers FOLDER` adds what `scripts/bench` has put there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import vobject

from benchmarks.figures import ratios, spread, table
from benchmarks.vcard_peers import Peer, peers_in
from contactport.contact import Contact
from contactport.formats import vcard
from samples.book import cards

BLOCK = 256 * 1024
witness: Any = vobject


def floor(data: bytes) -> int:
    """The five lines."""
    count = 0
    for line in data.decode().replace("\r\n ", "").split("\n"):
        head, _, _ = line.partition(":")
        count += head == "END"
    return count


def whole(data: bytes) -> int:
    return sum(isinstance(item, Contact) for item in vcard.read(iter([data])))


def blocks(data: bytes) -> int:
    chunks = (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))
    return sum(isinstance(item, Contact) for item in vcard.read(chunks))


def careful(data: bytes) -> int:
    return sum(isinstance(item, Contact) for item in vcard.read(iter([data]), quick=False))


def one_by_one(data: bytes) -> int:
    """As an import does: a call for each card."""
    end = b"END:VCARD\r\n"
    return sum(
        isinstance(item, Contact) for card in data.split(end)[:-1] for item in vcard.read([card + end])
    )


def by_vobject(data: bytes) -> int:
    return sum(1 for _ in witness.readComponents(data.decode()))


def seconds(read: Callable[[bytes], int], data: bytes, expected: int) -> float:
    """Of this process, for one reading of the whole."""
    begun = time.process_time()
    count = read(data)
    taken = time.process_time() - begun
    assert count == expected, f"{read.__name__} found {count} of {expected} cards"
    return taken


Series = dict[str, list[float]]


def measured(data: bytes, expected: int, rounds: int, readers: dict[str, Callable[[bytes], int]]) -> Series:
    """Each reader's seconds, the readers taking turns."""
    series: Series = {name: [] for name in readers}
    whole(data)
    for _ in range(rounds):
        for name, read in readers.items():
            series[name].append(seconds(read, data, expected))
    return series


def row(name: str, series: Series, count: int) -> list[str]:
    took = series[name]
    return [
        name,
        spread(took, " s"),
        spread([count / each / 1000 for each in took], "k", digits=1),
        spread(ratios(took, series[OURS]), "x", digits=2),
        spread([100 * each for each in ratios(series[FLOOR], took)], " %", digits=0),
    ]


COLUMNS = ["seconds", "cards a second", "times formats.vcard's seconds", "of the floor's speed"]
OURS = "formats.vcard, whole"
FLOOR = "the floor"


def read_book(count: int, pictures: float, rounds: int, *, against_vobject: bool, peers: list[Peer]) -> None:
    """One book, one table."""
    data = "".join(cards(count, pictures=pictures)).encode()
    readers: dict[str, Callable[[bytes], int]] = {
        FLOOR: floor,
        OURS: whole,
        "formats.vcard, blocks of 256 kB": blocks,
        "formats.vcard, a call a card": one_by_one,
        "formats.vcard, the careful way": careful,
    }
    if against_vobject:
        readers["vobject"] = by_vobject
    series = measured(data, count, rounds, readers)
    for peer in peers:
        series[peer.name] = peer.seconds(data, count, rounds)
    title = f"{count} cards, {len(data) / 1e6:.1f} MB, {pictures:.0%} with pictures"
    print(table(title, [row(name, series, count) for name in series], COLUMNS), end="\n\n")


def converted(file: Path) -> tuple[float, int]:
    """Seconds of a whole `contactport convert`, and its most memory."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "contactport", "convert", str(file), "--to", "ndjson"],
        stdout=subprocess.DEVNULL,
    ) as running:
        process = psutil.Process(running.pid)
        most = 0
        while running.poll() is None:
            try:
                most = max(most, process.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.01)
    assert running.returncode == 0
    return time.perf_counter() - begun, most


def convert_book(count: int, pictures: float, rounds: int) -> None:
    """The command, its start included, against vobject reading alone; a tenth of the book shows flat memory."""
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for size in (count // 10, count):
            file = Path(folder, f"{size}.vcf")
            file.write_bytes("".join(cards(size, pictures=pictures)).encode())
            runs = [converted(file) for _ in range(rounds)]
            took = [run[0] for run in runs]
            slow = [seconds(by_vobject, file.read_bytes(), size) for _ in range(rounds)]
            rows.append(
                [
                    f"{size} cards, {file.stat().st_size / 1e6:.0f} MB",
                    spread(took, " s"),
                    spread(ratios(slow, took), "x", digits=1),
                    spread([run[1] / 1e6 for run in runs], " MB", digits=0),
                ]
            )
    columns = ["seconds", "as quick as vobject reading alone", "most memory"]
    print(table("`convert --to ndjson`", rows, columns), end="\n\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--converted", type=int, default=40_000, help="cards of the command's book; 0 leaves it out"
    )
    parser.add_argument("--peers", type=Path, help="where scripts/bench put other readers")
    given = parser.parse_args()
    peers = peers_in(given.peers) if given.peers else []
    read_book(given.cards, 0.2, given.rounds, against_vobject=True, peers=[])
    read_book(given.cards, 0.0, given.rounds, against_vobject=False, peers=peers)
    if given.converted:
        convert_book(given.converted, 0.2, max(1, given.rounds // 2))


if __name__ == "__main__":
    main()
