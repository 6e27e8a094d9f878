"""How long an import waits after its worker died: `python -m benchmarks.recovery`.

Three workers on PostgreSQL, and a book that comes in pages. In the middle of an import its pages are held back, the
worker that carries it is killed (kill -9), and the pages go on. Timed are the kill to the line of another worker's
log that tells of the death, to the job in another's hands, and to the first new page that is stored. The killed
worker is started again before the next import.
"""

from __future__ import annotations

import argparse
import signal
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median

import msgspec
import psycopg

from benchmarks.figures import ratios, table
from benchmarks.fleet import Bases, bases
from contactport.imports.failover import EVERY_SECONDS
from tests.faults.book_server import BookServer, HeldPage
from tests.faults.cluster import Application, Cluster, Member, until

BEFORE = 2
"""Pages that are stored before the kill."""
TICK = 0.002
STILL_SECONDS = 0.2
PATIENCE = 60.0
_STATE = (
    "SELECT (SELECT count(*) FROM contact_chunk WHERE import_id = i.id), i.delivered, coalesce("
    "(SELECT executor_id FROM dbos.workflow_status WHERE workflow_uuid = i.id || '.' || i.job "
    "AND status = 'PENDING'), '') FROM \"import\" i WHERE id = %s"
)


class Recovery(msgspec.Struct, frozen=True):
    """Seconds since the kill."""

    noticed: float
    taken: float
    stored: float


class Look:
    """The state of an import, asked often over one connection."""

    def __init__(self, url: str) -> None:
        self._server = psycopg.connect(url, autocommit=True)

    def __call__(self, import_id: int) -> tuple[int, int, str]:
        """Its pages, its contacts, and who has taken its job ("" for nobody)."""
        row = self._server.execute(_STATE, (import_id,)).fetchone()
        assert row is not None
        return int(row[0]), int(row[1]), str(row[2])

    def close(self) -> None:
        self._server.close()


def until_still(look: Look, import_id: int, pages: list[HeldPage]) -> tuple[int, int, str]:
    """Let pages through until some are stored, then none; the state once nothing moves any more."""
    end = time.perf_counter() + PATIENCE
    state, since = look(import_id), time.perf_counter()
    while state[0] < BEFORE or time.perf_counter() - since < STILL_SECONDS:
        assert time.perf_counter() < end, "the import does not come to where it is to be struck"
        if state[0] < BEFORE:
            for page in list(pages):
                page.release()
        time.sleep(TICK)
        now = look(import_id)
        if now != state:
            state, since = now, time.perf_counter()
    return state


def deaths(members: list[Member]) -> int:
    """How many lines of their logs tell of a death."""
    return sum(one.log.read_bytes().count(b'"executor_died"') for one in members)


def recover(
    look: Look, import_id: int, others: list[Member], before: tuple[int, int, str], told: int
) -> Recovery:
    """Watch until a new page is stored; the kill was a moment ago."""
    killed = time.perf_counter()
    noticed = taken = stored = 0.0
    while not stored:
        passed = time.perf_counter() - killed
        assert passed < PATIENCE, "nobody goes on with it"
        pages, _, name = look(import_id)
        if not noticed and deaths(others) > told:
            noticed = passed
        if not taken and name not in ("", before[2]):
            taken = passed
        if pages > before[0]:
            stored = passed
        time.sleep(TICK)
    # A line of the log may be later than what it tells of.
    return Recovery(noticed or stored, taken or stored, stored)


def strike(
    cluster: Cluster, application: Application, look: Look, books: BookServer, account: str, pause: float
) -> Recovery:
    """One import, one kill, `pause` seconds after the import stands still."""
    with books.holding(account) as pages:
        import_id = application.begin(books, account)
        before = until_still(look, import_id, pages)
        # Anywhere in the period of the others' watch.
        time.sleep(pause)
        member = next(one for one in cluster.workers if f"-{one.pid}-" in before[2])
        others = [one for one in cluster.workers if one is not member]
        told = deaths(others)
        member.signal(signal.SIGKILL)
    found = recover(look, import_id, others, before, told)
    end = application.end(import_id)
    assert end["status"] == "COMPLETED", end
    assert len(set(application.addresses(import_id))) == books.count
    # It may take the keeper a moment to have buried it.
    until(lambda: not member.alive or None)
    member.start()
    member.wait_ready()
    return found


def measure(made: Bases, given: argparse.Namespace) -> list[Recovery]:
    """Kill after kill."""
    random = Random(given.seed)
    with (
        made.fresh() as where,
        tempfile.TemporaryDirectory(prefix="contactport-") as folder,
        BookServer(given.contacts, page=500) as books,
        Cluster(Path(folder), database_url=where.url, apis=1, workers=given.workers) as cluster,
    ):
        application = cluster.application("bench")
        look = Look(where.url)
        # The first import of a process loads what is loaded once.
        for number in range(2 * given.workers):
            application.end(application.begin(books, f"warm{number}"))
        found = [
            strike(cluster, application, look, books, f"user{number}", random.uniform(0, EVERY_SECONDS))
            for number in range(given.kills)
        ]
        look.close()
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--contacts", type=int, default=5000, help="in the book, 500 a page (5000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", default="postgresql", help="postgresql, or a server's URI")
    given = parser.parse_args()
    with bases(given.database) as made:
        found = measure(made, given)
    rows: list[tuple[str, ...]] = []
    for name, field in (
        ("the death is noticed", "noticed"),
        ("another has the job", "taken"),
        ("**the first new page is stored**", "stored"),
    ):
        seconds = [float(getattr(one, field)) for one in found]
        periods = ratios(seconds, [EVERY_SECONDS] * len(seconds))
        rows.append(
            (
                name,
                f"{median(seconds):.2f} s",
                f"{min(seconds):.2f} s",
                f"{max(seconds):.2f} s",
                f"{median(periods):.1f}x",
                f"{max(periods):.1f}x",
            )
        )
    title = f"after kill -9, {len(found)} of {given.kills} kills, {given.workers} workers"
    columns = ("median", "least", "worst", f"of the watch's period ({EVERY_SECONDS} s)", "worst")
    print(table(title, rows, columns))


if __name__ == "__main__":
    main()
