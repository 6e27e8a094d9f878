from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest
from starlette.applications import Starlette

from contactport.http.application import build
from contactport.http.dependencies import Service
from contactport.imports.begin import Request
from contactport.imports.consent import Consents
from contactport.imports.sign_in import SignIns
from contactport.imports.start import Start
from contactport.imports.upload import Uploads
from contactport.imports.upload_page import UploadPages
from contactport.net.client import open_client
from contactport.settings import load
from contactport.sources.rows import load_providers
from contactport.store import domains, endings
from contactport.store.domains import KeyPair
from contactport.store.open import Store, open_store
from tests.unit.http.stored_imports import StoredImports


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = open_store(tmp_path / "data")
    yield opened
    await opened.database.close()


@pytest.fixture
def pair(store: Store) -> KeyPair:
    return store.database.write_now(domains.add, "shop")


@pytest.fixture
def other(store: Store) -> KeyPair:
    return store.database.write_now(domains.add, "another shop")


@pytest.fixture
def stored(store: Store, pair: KeyPair) -> StoredImports:
    """The imports of the domain of `pair`."""
    return StoredImports(store, pair)


class Build(Protocol):
    def __call__(self, begin: Callable[[Request], Awaitable[int]] = ..., **limits: int) -> Starlette: ...


@pytest.fixture
def wire(store: Store) -> Build:
    """`wire(begin=…, setting=…)`: the application; `begin` gives the id 1 unless it is given. It erases for real."""

    async def always_one(_request: Request) -> int:
        return 1

    async def erase(import_id: int) -> None:
        await store.database.write(endings.erase, import_id, "It was erased.")

    def made(begin: Callable[[Request], Awaitable[int]] = always_one, **limits: int) -> Starlette:
        settings = load(environment={}, overrides=limits)
        providers = load_providers()
        start = Start(store, settings, providers, lambda _connection, _job: None)
        consents = Consents(store, settings, lambda: open_client(settings), start, providers.find)
        return build(
            Service(
                settings=settings,
                store=store,
                begin=begin,
                erase=erase,
                consents=consents,
                sign_ins=SignIns(store, settings, providers, start),
                uploads=Uploads(store, settings, start),
                upload_pages=UploadPages(store, settings, start),
            )
        )

    return made
