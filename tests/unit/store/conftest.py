from collections.abc import Iterator
from pathlib import Path

import pytest

from contactport.store import domains
from contactport.store.domains import Domain
from contactport.store.open import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "data")
    yield opened
    opened.database.engine.dispose()


@pytest.fixture
def domain(store: Store) -> Domain:
    store.database.write_now(domains.add, "shop")
    return store.database.write_now(domains.all_domains)[0]
