from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from contactport.store import domains
from contactport.store.domains import Domain
from contactport.store.open import Store, open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[Store]:
    """A data folder of its own, open."""
    opened = open_store(tmp_path / "data")
    yield opened
    await opened.database.close()


@pytest.fixture
def domain(store: Store) -> Domain:
    """An application with no limits of its own."""
    store.database.write_now(domains.add, "shop")
    return store.database.write_now(domains.all_domains)[0]
