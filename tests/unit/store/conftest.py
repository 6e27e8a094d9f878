"""The store on both databases. Every test must pass on both."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from contactport.store.open import Store, open_store


@pytest.fixture
async def store(tmp_path: Path, engine_url: str) -> AsyncGenerator[Store]:
    """A data folder of its own, open, on each engine."""
    opened = open_store(tmp_path / "data", engine_url)
    yield opened
    await opened.database.close()


@pytest.fixture
async def twin(store: Store, engine_url: str) -> AsyncGenerator[Store]:
    """The same data folder and database once more, as another process opens them."""
    opened = open_store(store.folder, engine_url)
    yield opened
    await opened.database.close()
