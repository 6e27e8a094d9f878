"""Requests that stay open: the application with its limits, and a client that reads a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection
from starlette.applications import Starlette

from contactport.http.application import build
from contactport.http.dependencies import Service
from contactport.http.limits import ConnectionLimiter, RateLimiter
from contactport.imports.begin import Request
from contactport.imports.consent import Consents
from contactport.imports.sign_in import SignIns
from contactport.imports.start import Start
from contactport.imports.upload import Uploads
from contactport.imports.upload_page import UploadPages
from contactport.net.client import open_client
from contactport.settings import load
from contactport.sources.rows import load_providers
from contactport.store import endings
from contactport.store.open import Store
from tests.event_stream import Dispatched, Reader
from tests.unit.http.asgi import AsgiResponse, ask

PATIENCE = 30.0


async def until(question: Callable[[], bool]) -> None:
    """Raises TimeoutError when it does not become true."""
    async with asyncio.timeout(PATIENCE):
        while not question():  # noqa: ASYNC110 -- what is asked for is nobody's event
            await asyncio.sleep(0.01)


class OpenRequests:
    """The application on a store, and what it holds open."""

    def __init__(
        self,
        store: Store,
        connection_limiter: ConnectionLimiter | None = None,
        rate_limiter: RateLimiter | None = None,
        **limits: int,
    ) -> None:
        async def begin(_request: Request) -> int:
            return 1

        async def erase(import_id: int) -> None:
            def end(connection: Connection) -> None:
                endings.erase(connection, import_id, "It was erased.")
                store.signals.announce(connection, import_id)

            await store.database.write(end)

        settings = load(environment={}, overrides=limits)
        providers = load_providers()
        start = Start(store, settings, providers, lambda _connection, _job: None)
        self.service = Service(
            settings=settings,
            consents=Consents(store, settings, lambda: open_client(settings), start, providers.find),
            sign_ins=SignIns(store, settings, providers, start),
            uploads=Uploads(store, settings, start),
            upload_pages=UploadPages(store, settings, start),
            store=store,
            begin=begin,
            erase=erase,
            connection_limiter=connection_limiter or ConnectionLimiter(),
            rate_limiter=RateLimiter() if rate_limiter is None else rate_limiter,
        )
        self.application: Starlette = build(self.service)

    async def ask(
        self, path: str, query: str = "", headers: dict[str, str] | None = None, method: str = "GET"
    ) -> AsgiResponse:
        """One request, within patience."""
        async with asyncio.timeout(PATIENCE):
            return await ask(self.application, method, path, query=query, headers=headers)

    async def held(self, number: int = 1) -> None:
        """Until so many requests are held open."""
        await until(lambda: self.service.connection_limiter.open == number)

    def listen(self, path: str, query: str = "", headers: dict[str, str] | None = None) -> Listener:
        """A client of the stream at `path`, which is asked for at once."""
        return Listener(self.application, path, query, headers)


class Listener:
    """`left` is set when it goes away. `reader` has the heartbeats and the pause."""

    def __init__(self, application: Starlette, path: str, query: str, headers: dict[str, str] | None) -> None:
        self.left = asyncio.Event()
        self.reader = Reader()
        self._told: asyncio.Queue[Dispatched] = asyncio.Queue()
        self._asking = asyncio.create_task(
            ask(application, "GET", path, query=query, headers=headers, heard=self._hear, left=self.left)
        )

    def _hear(self, piece: bytes) -> None:
        for one in self.reader.feed(piece):
            self._told.put_nowait(one)

    async def next(self) -> Dispatched:
        """The next event. Raises TimeoutError when none comes."""
        async with asyncio.timeout(PATIENCE):
            return await self._told.get()

    async def end(self) -> AsgiResponse:
        """The whole answer, once it has ended."""
        async with asyncio.timeout(PATIENCE):
            return await self._asking

    def rest(self) -> list[Dispatched]:
        """The events that have come and were not asked for yet."""
        return [self._told.get_nowait() for _ in range(self._told.qsize())]
