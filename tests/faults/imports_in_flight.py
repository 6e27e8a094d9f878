"""Several running imports for a test of faults, and the check of their results."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

import psycopg

from tests.faults.book_server import BookServer, book
from tests.faults.cluster import Cluster, Member, until
from tests.faults.database_rows import DatabaseRows, ImportRow

NUMBER = 6
COUNT = 3000
PAUSE = 0.5
"""A page takes so long at most: the imports are under way for some seconds."""


class ImportsInFlight:
    """Begins at once. The application repeats what gets no answer, as a real one does."""

    def __init__(self, cluster: Cluster, books: BookServer) -> None:
        self.cluster = cluster
        self.books = books
        self.application = cluster.application("shop")
        self.rows = DatabaseRows(cluster.database_url, cluster.data)
        self.accounts: dict[int, str] = {}
        for number in range(NUMBER):
            self.begin(f"user{number}")

    def begin(self, account: str) -> int:
        """One import more."""
        import_id = self.application.begin(self.books, account)
        self.accounts[import_id] = account
        return import_id

    def read(self) -> list[ImportRow] | None:
        """How far the imports are; None while the database is away."""
        try:
            rows = self.rows.read()
        except (psycopg.Error, sqlite3.OperationalError):
            return None
        return [rows[import_id] for import_id in self.accounts]

    def stored(self) -> int | None:
        """How many contacts are stored, in all; None while the database is away."""
        rows = self.read()
        return None if rows is None else sum(row.delivered for row in rows)

    def wait_under_way(self, more_than: int = 0) -> int:
        """Wait until more contacts than that are stored, or all have ended; how many are."""

        def look() -> int | None:
            rows = self.read() or []
            stored = sum(row.delivered for row in rows)
            return stored if rows and (stored > more_than or all(row.ended for row in rows)) else None

        return until(look)

    def logged(self, event: str) -> int:
        """How often the processes have logged an event."""
        texts = [one.log.read_text("utf-8", "replace") for one in self.cluster.members]
        return sum(text.count(f'"event": "{event}"') for text in texts)

    def check(self, killed: Collection[Member] = ()) -> None:
        """Every import has ended well: every contact once, and a ledger that adds up; and every process lives that
        was not killed and started again.
        """
        for import_id, account in self.accounts.items():
            complete = self.application.end(import_id)
            assert (complete["status"], complete["value"]) == ("COMPLETED", 0), complete
            assert sorted(self.application.addresses(import_id)) == sorted(book(account, self.books.count))
            ledger = self.application.ledger(import_id)
            count = self.books.count
            assert ledger == {"found": count, "delivered": count, "merged": 0, "rejected": 0}
        assert all(member.alive for member in self.cluster.members)
        assert all(member.starts == 1 for member in self.cluster.members if member not in killed)
