"""Rows of the database, read from outside the service: how far each import is, and which process runs it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

_IMPORTS = (
    "SELECT id, state, epoch, delivered, code, "
    '(SELECT count(*) FROM contact_chunk WHERE import_id = "import".id) '
    'FROM "import"'
)
_EXECUTORS = "SELECT workflow_uuid, executor_id FROM {}workflow_status WHERE status = 'PENDING'"


class ImportRow(NamedTuple):
    """An import.

    `code` is that of its failure; `executor` is the name of the process that has taken its job, "" where none has.
    """

    id: int
    state: str
    epoch: int
    delivered: int
    code: int | None
    chunks: int
    executor: str

    @property
    def ended(self) -> bool:
        return self.state not in ("waiting", "running")


class DatabaseRows:
    """Reads one database: PostgreSQL by its URI, else the SQLite file of a data folder."""

    def __init__(self, database_url: str, data: Path) -> None:
        self._url = database_url
        self._file = data / "contactport.db"

    def read(self) -> dict[int, ImportRow]:
        """Every import by its number. Raises psycopg.Error or sqlite3.Error while the database is away."""
        executors = self._ask(_EXECUTORS.format("dbos." if self._url else ""))
        names = {int(str(job).partition(".")[0]): str(executor) for job, executor in executors}
        return {
            number: ImportRow(number, state, epoch, delivered, code, chunks, names.get(number, ""))
            for number, state, epoch, delivered, code, chunks in self._ask(_IMPORTS)
        }

    def one(self, import_id: int) -> ImportRow:
        return self.read()[import_id]

    def chunk_numbers(self, import_id: int) -> list[int]:
        """The numbers of an import's stored pages, in order."""
        question = f"SELECT n FROM contact_chunk WHERE import_id = {import_id:d} ORDER BY n"
        return [n for (n,) in self._ask(question)]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self._ask(f'SELECT count(*) FROM "{table}"')[0][0])

    def _ask(self, question: str) -> Sequence[tuple[Any, ...]]:
        if self._url:
            with psycopg.connect(self._url, autocommit=True) as server:
                return server.execute(question.encode()).fetchall()
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as file:
            return file.execute(question).fetchall()
