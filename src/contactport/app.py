"""The composition root: settings to store, net, sources, imports and http. Nothing else builds anything."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from starlette.applications import Starlette

from contactport.http.application import build as build_http
from contactport.http.dependencies import Service
from contactport.imports.attempt import Attempts
from contactport.imports.begin import Request, begin
from contactport.imports.consent import Consents
from contactport.imports.erase import erase
from contactport.imports.jobs import Jobs
from contactport.imports.memory import StoredMemory
from contactport.imports.revocation import Revocations
from contactport.imports.sign_in import SignIns
from contactport.imports.start import Start
from contactport.imports.upload import Uploads
from contactport.imports.upload_page import UploadPages
from contactport.imports.worker import Worker
from contactport.net.client import open_client
from contactport.process import take_short_turns
from contactport.settings import Settings
from contactport.sources.base import SourceContext
from contactport.sources.providers import Providers
from contactport.sources.registry import Sources
from contactport.sources.rows import RowFile, load_providers
from contactport.store.open import Store, open_store
from contactport.store.writable import FolderError, check_writable

Role = Literal["all", "api"]


def build(
    settings: Settings, store: Store | None = None, role: Role = "all", *, rows: Iterable[RowFile] = ()
) -> Starlette:
    """The service on one store: with the role `all` API and worker on the server's own loop, with `api` that alone.

    `rows` are providers of this process alone. Raises what `open_store` and `load_providers` raise.
    """
    providers = load_providers(settings.providers, more=rows)
    store = store or open_store(Path(settings.data), settings.database_url)
    sources = _sources(store, providers)
    jobs = Jobs(store.database)
    revocations = Revocations(store, settings, lambda: open_client(settings), providers.find)
    worker = _build_worker(settings, store, jobs, providers, sources, revocations) if role == "all" else None

    start = Start(store, settings, providers, jobs.enqueue)
    consents = Consents(store, settings, lambda: open_client(settings), start, providers.find)
    sign_ins = SignIns(store, settings, providers, start)
    uploads = Uploads(store, settings, start)

    async def begin_import(request: Request) -> int:
        return await begin(store, settings, providers, start, request)

    async def erase_import(import_id: int) -> None:
        await erase(store, worker.cancel if worker else lambda _: None, revocations, import_id)

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncGenerator[None]:
        take_short_turns()
        if worker is not None:
            await worker.start()
        await store.signals.open()
        try:
            yield
        finally:
            await store.signals.close()
            if worker is not None:
                await worker.stop()
            await consents.close()
            await revocations.close()
            await jobs.close()
            await store.database.close()

    return build_http(
        Service(
            settings=settings,
            store=store,
            providers=providers,
            begin=begin_import,
            erase=erase_import,
            consents=consents,
            sign_ins=sign_ins,
            uploads=uploads,
            upload_pages=UploadPages(store, settings, start),
        ),
        lifespan,
    )


def _sources(store: Store, providers: Providers) -> Sources:
    """Every source of this process, with what it needs. Raises RowError, PluginError."""
    sources = Sources(SourceContext(memory=StoredMemory(store), providers=providers))
    sources.check_rows()
    return sources


def _build_worker(
    settings: Settings,
    store: Store,
    jobs: Jobs,
    providers: Providers,
    sources: Sources,
    revocations: Revocations,
) -> Worker:
    """What carries imports in this process."""
    attempts = Attempts(
        store, settings, providers, sources.get, lambda: open_client(settings), jobs.enqueue, revocations
    )
    return Worker(store, settings, jobs, attempts)


async def work(settings: Settings, store: Store, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Carry imports, and nothing else, until `stop` is set; `ready` is called once jobs are taken.

    Raises what `Worker.start` and `load_providers` raise.
    """
    take_short_turns()
    providers = load_providers(settings.providers)
    jobs = Jobs(store.database)
    revocations = Revocations(store, settings, lambda: open_client(settings), providers.find)
    worker = _build_worker(settings, store, jobs, providers, _sources(store, providers), revocations)
    try:
        await worker.start()
        ready()
        await stop.wait()
    finally:
        await worker.stop()
        await revocations.close()
        await jobs.close()
        await store.database.close()


def hold_folder(folder: Path) -> int:
    """Make this process the folder's only server, for its life; the lock's file number. Raises FolderError."""
    check_writable(folder)
    try:
        handle = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise FolderError(f"the data folder {folder} can't be used: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise FolderError(
            f"another `contactport serve` is running on the data folder {folder}: stop it first, or choose "
            "another folder with --data"
        ) from None
    return handle
