"""The cost of `/contacts`, by the size of the book and by content coding: `python -m benchmarks.contacts`.

The books are put into the database beside the service, so that nothing but the answer is measured. Each row has a
process of its own, which has answered for a small book before; the peak of its memory is the kernel's (VmHWM), and
what is shown is how far it rises above what the process held before.
"""

from __future__ import annotations

import argparse
import base64
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from sqlalchemy import Connection

from benchmarks.benchmark_service import RunningBenchService, service
from benchmarks.figures import table
from contactport.batch import CHUNK, Batch
from contactport.contact import Contact, Email, Group, Name, Phone
from contactport.grant import Password
from contactport.store import contacts, domains, endings, imports
from contactport.store.domains import KeyPair
from contactport.store.open import open_store
from contactport.testing.imports import add_import

CODINGS = ("identity", "gzip", "zstd")
LONG_NAME = 1_900_000
"""Of a group that everybody of the amplified book is in; there are two."""
AMPLIFIED = 100


class MeasuredAnswer(msgspec.Struct):
    """One answer: bytes on the line, seconds to the first byte and to the last, how far memory's peak rose."""

    size: int
    first: float
    whole: float
    grown: int


def people(count: int) -> list[Contact]:
    """As many contacts as real ones are big."""
    return [
        Contact(
            uid=f"uid-{n}",
            name=Name(given=f"Given{n * 7919 % 10_007}", family=f"Family{n * 104_729 % 10_009}"),
            emails=[Email(f"someone.{n}@host{n % 97}.example", ("HOME",))],
            phones=[Phone(f"+49 30 {n * 7919 % 10_000_000}", ("CELL",))],
        )
        for n in range(count)
    ]


def put(data: Path, books: dict[str, tuple[list[Contact], list[Group]]]) -> tuple[KeyPair, dict[str, int]]:
    """A database with these books as complete imports of one domain."""
    store = open_store(data)
    pair = store.database.write_now(domains.add, "books")
    domain = next(one for one in store.database.write_now(domains.all_domains) if one.key == pair.domain_key)

    def book(connection: Connection, some: list[Contact], groups: list[Group]) -> int:
        import_id = add_import(
            connection,
            store.ring,
            domain.id,
            grant=Password("ada", "a password"),
            seconds=60.0,
            retention=86_400,
        )
        claimed = imports.claim(connection, store.ring, import_id)
        assert claimed is not None
        for at in range(0, len(some), CHUNK):
            chunk = some[at : at + CHUNK]
            contacts.append(connection, claimed[0], Batch(contacts=chunk, found=len(chunk)))
        contacts.append(connection, claimed[0], Batch(groups=groups))
        endings.complete(connection, claimed[0])
        return import_id

    return pair, {name: store.database.write_now(book, *held) for name, held in books.items()}


def fetch(
    served: RunningBenchService, headers: dict[str, str], import_id: int, coding: str
) -> tuple[int, float, float]:
    """The answer's bytes, and the seconds to its first and to its last."""
    connection = served.connection()
    started = time.perf_counter()
    connection.request("GET", f"/contacts/{import_id}", headers={**headers, "Accept-Encoding": coding})
    response = connection.getresponse()
    assert response.status == 200, response.status
    size = len(response.read(1))
    first = time.perf_counter() - started
    while data := response.read(256 * 1024):
        size += len(data)
    whole = time.perf_counter() - started
    connection.close()
    return size, first, whole


def measure(data: Path, pair: KeyPair, warm: int, import_id: int, coding: str) -> MeasuredAnswer:
    """One answer of a fresh service."""
    word = base64.b64encode(f"{pair.domain_key}:{pair.domain_password}".encode()).decode()
    headers = {"Authorization": f"Basic {word}"}
    with service(data) as served:
        fetch(served, headers, warm, coding)
        before = served.memory("VmRSS")
        size, first, whole = fetch(served, headers, import_id, coding)
        return MeasuredAnswer(size, first, whole, max(0, served.memory() - before))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    arguments = parser.parse_args()
    few = people(AMPLIFIED)
    books = {f"{size:,} contacts": (people(size), list[Group]()) for size in arguments.sizes}
    long = [Group(letter * LONG_NAME, letter, [one.uid for one in few]) for letter in "ab"]
    books[f"{AMPLIFIED} contacts × 2 groups of 1.9 MB"] = (few, long)
    rows: list[tuple[str, ...]] = []
    with TemporaryDirectory(prefix="contactport-") as folder:
        data = Path(folder) / "data"
        pair, ids = put(data, {"warm": (people(100), []), **books})
        for name in books:
            for coding in CODINGS:
                one = measure(data, pair, ids["warm"], ids[name], coding)
                rows.append(
                    (
                        f"{name}, {coding}",
                        f"{one.size / 2**20:.2f} MiB",
                        f"{one.first * 1000:.0f} ms",
                        f"{one.whole:.2f} s",
                        f"{one.grown / 2**20:.0f} MiB",
                    )
                )
    print(table("`/contacts`, one answer", rows, ("bytes", "to the first byte", "to the last", "memory")))


if __name__ == "__main__":
    main()
