import sys
import threading
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from contactport.store import domains
from contactport.store.domains import Domain
from contactport.store.open import Store, open_store
from contactport.testing.clock import SettableClock, settable_clock


@pytest.fixture(autouse=True)
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is run in the tests' own process takes Python's hooks for its log: they are given back."""
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_url(request: pytest.FixtureRequest) -> str:
    """The setting `database_url`: empty for SQLite, else the URI of a database with this version's tables."""
    return "" if request.param == "sqlite" else request.getfixturevalue("database_url")


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


@pytest.fixture
def clock() -> Generator[SettableClock]:
    """The process's clock, which stands still until the test moves it."""
    with settable_clock(10**12) as one:
        yield one
