"""Imports from Google's and Microsoft's emulated APIs against a bare paging loop: `python -m benchmarks.hosted`.

The emulators run in processes of their own. The loop for Google is the official client's (`list`, `list_next`), and
for Microsoft one of aiohttp and json through all folders; both keep nothing. The import reads the same fields with
the same size of pages, and seals every contact in a database on SQLite. All read in turn, so that a machine that
slows down slows all; the first round is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import structlog

from benchmarks.figures import ratios, spread, table
from contactport.grant import OAuthToken
from contactport.imports.fingerprints import Fingerprints
from contactport.imports.run import run
from contactport.imports.store_sink import StoreSink
from contactport.net.client import open_client
from contactport.settings import Settings
from contactport.sources.base import Source
from contactport.sources.google import Google
from contactport.sources.google.source import FIELDS, LARGEST
from contactport.sources.microsoft import Microsoft
from contactport.sources.microsoft import source as microsoft
from contactport.store import domains, imports
from contactport.store.open import Store, open_store
from contactport.testing.imports import add_import
from tests.servers.hosted_account import TOKEN, token_account
from tests.servers.test_people import bearer_http, document

SIZES = (1, 470, 2_000, 25_000)
SETTINGS = Settings(allow_network=["127.0.0.0/8"], host_requests_per_second=10**6)


class Side(NamedTuple):
    """A provider: its emulator's module, its source, what follows the emulator's URL, and the bare loop."""

    name: str
    emulator: str
    source: Source
    path: str
    loop: Callable[[str], Awaitable[int]]


@contextmanager
def emulator(module: str, contacts: int) -> Generator[str]:
    """One with so many contacts, in a process of its own; its URL."""
    command = [sys.executable, "-m", module, "--contacts", str(contacts), "--token", TOKEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


async def official_client(url: str) -> int:
    """How many connections Google's own client reads."""
    discovery: Any = importlib.import_module("googleapiclient.discovery")
    service = discovery.build_from_document(
        document(), http=bearer_http(TOKEN), client_options={"api_endpoint": url}
    )
    collection = service.people().connections()
    fields = ",".join(FIELDS)
    request = collection.list(resourceName="people/me", personFields=fields, pageSize=LARGEST)
    count = 0
    while request is not None:
        answer = request.execute()
        count += len(answer.get("connections", []))
        request = collection.list_next(request, answer)
    return count


async def bare_loop(url: str) -> int:
    """How many contacts a loop through all folders of a mailbox reads."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    select = ",".join(microsoft.PROPERTIES)
    count = 0
    async with aiohttp.ClientSession(headers=headers) as session:

        async def pages(address: str) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = []
            while address:
                async with session.get(address) as response:
                    answer = json.loads(await response.read())
                found += answer["value"]
                address = answer.get("@odata.nextLink", "")
            return found

        async with session.get(f"{url}/me/contactFolders/contacts") as response:
            folders = [json.loads(await response.read())["id"]]
        folders += [folder["id"] for folder in await pages(f"{url}/me/contactFolders?$top=100")]
        for folder in folders:
            place = f"{url}/me/contactFolders/{folder}"
            count += len(await pages(f"{place}/contacts?$top={microsoft.LARGEST}&$select={select}"))
            folders += [child["id"] for child in await pages(f"{place}/childFolders?$top=100")]
    return count


SIDES = (
    Side("Google", "tests.servers.people", Google(), "", official_client),
    Side("Microsoft", "tests.servers.graph", Microsoft(), "/v1.0", bare_loop),
)


async def kept(store: Store, domain: int, side: Side, url: str) -> int:
    """How many contacts an import has stored."""
    import_id = store.database.write_now(
        add_import,
        store.ring,
        domain,
        service="gmail",
        way="consent",
        grant=OAuthToken(access_token=TOKEN),
        seconds=600,
    )
    claimed = store.database.write_now(imports.claim, store.ring, import_id)
    assert claimed is not None
    one = claimed[0]
    sink = StoreSink(store, one, Fingerprints(one.key, ()))
    async with open_client(SETTINGS) as client:
        await run(side.source, token_account(url), client, sink, SETTINGS.import_members, way="consent")
    ended = await store.database.read(imports.get, store.ring, import_id, domain)
    assert ended is not None
    return ended.delivered


async def timed(work: Awaitable[int]) -> tuple[int, float]:
    """What it counts, and its seconds."""
    started = time.perf_counter()
    return await work, time.perf_counter() - started


async def measure(store: Store, domain: int, side: Side, contacts: int, runs: int) -> tuple[str, ...]:
    """One row."""
    loops: list[float] = []
    stored: list[float] = []
    delivered = 0
    with emulator(side.emulator, contacts) as base:
        url = base + side.path
        for number in range(1 + runs):
            there, loop = await timed(side.loop(url))
            assert there == contacts, there
            delivered, whole = await timed(kept(store, domain, side, url))
            if number:
                loops.append(loop)
                stored.append(whole)
    return (
        f"{side.name}, {contacts:,}",
        f"{delivered:,} of {contacts:,}",
        spread(loops, " ms", 1000, 0),
        spread(stored, " ms", 1000, 0),
        f"**{spread(ratios(stored, loops))}**",
    )


async def all_rows(store: Store, sizes: list[int], runs: int) -> list[tuple[str, ...]]:
    domain = store.database.write_now(domains.all_domains)[0].id
    rows = [await measure(store, domain, side, size, runs) for side in SIDES for size in sizes]
    await store.database.close()
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder))
        store.database.write_now(domains.add, "bench")
        rows = asyncio.run(all_rows(store, given.contacts, given.runs))
    print(table(("contacts", "delivered", "bare paging loop", "import", "import / loop"), rows))


if __name__ == "__main__":
    main()
