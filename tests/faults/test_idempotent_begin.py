"""A thousand begins at once with one Idempotency-Key are one import, and all are answered alike."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from tests.faults.book_server import PASSWORD, BookServer, book
from tests.faults.cluster import Application, Cluster
from tests.faults.database_rows import DatabaseRows
from tests.postgres import Postgres

REQUESTS = 1000
CONNECTIONS = 900
"""At once; one process takes a thousand, and some of them are others'."""


async def ask(application: Application, cluster: Cluster, books: BookServer) -> Counter[tuple[int, bytes]]:
    """All answers, by status and body. The APIs are asked in turn."""
    form = {"service": "carddav", "server": books.url, "username": "alice", "password": PASSWORD}
    headers = {**application.headers, "Idempotency-Key": "order 7"}
    urls = [f"{member.url}/begin_import/import" for member in cluster.apis]
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS), headers=headers, timeout=timeout
    ) as session:

        async def one(number: int) -> tuple[int, bytes]:
            async with session.post(urls[number % len(urls)], data=form) as answer:
                return answer.status, await answer.read()

        return Counter(await asyncio.gather(*(one(number) for number in range(REQUESTS))))


@pytest.mark.parametrize("mode", ["embedded", "distributed"])
def test_one_import(tmp_path: Path, mode: str) -> None:
    with Postgres() as postgres, BookServer(300) as books:
        url = postgres.create() if mode == "distributed" else ""
        with Cluster(tmp_path, database_url=url, apis=2, workers=1) as cluster:
            application = cluster.application("shop")
            answers = asyncio.run(ask(application, cluster, books))
            assert len(answers) == 1, answers
            (status, body), count = answers.popitem()
            assert (status, count) == (200, REQUESTS)
            import_id = json.loads(body)["import_id"]
            application.end(import_id)
            assert sorted(application.addresses(import_id)) == sorted(book("alice", 300))
            rows = DatabaseRows(url, cluster.data)
            assert list(rows.read()) == [import_id]
            assert books.asked["alice"] == 300
