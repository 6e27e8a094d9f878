"""/services.json says which providers are not asked now."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette

from contactport.http.wire import services
from contactport.store import breakers
from contactport.store.breakers import Patience
from contactport.store.database import Database
from contactport.store.open import Store
from tests.servers.source_run import PROVIDERS
from tests.unit.http.asgi import ask
from tests.unit.http.conftest import Build


def fail(store: Store, mark: bytes, service: str | None) -> None:
    """Open the breaker of a host."""
    assert store.database.write_now(breakers.fail, mark, service, 0, Patience(1, 30.0))


async def missing(application: Starlette) -> set[str]:
    """The services that are served by password and not available."""
    body = (await ask(application, "GET", "/services.json")).json()
    return {
        row.get("alias_of", code)
        for code, row in body.items()
        if "password" in row["methods"] and not row["available"]
    }


@pytest.fixture(autouse=True)
def always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is kept, but where a test says so."""
    monkeypatch.setattr(services, "FRESH_SECONDS", 0.0)


async def test_all_that_is_served_is_available_while_nothing_fails(wire: Build) -> None:
    body = (await ask(wire(), "GET", "/services.json")).json()
    assert {code for code, row in body.items() if row["available"]} == {
        name for provider in PROVIDERS if provider.methods for name in (provider.code, *provider.aliases)
    }


async def test_a_provider_that_is_left_alone_is_not_available_until_it_answers(
    wire: Build, store: Store
) -> None:
    application = wire()
    fail(store, b"g" * 16, "gmx")
    assert await missing(application) == {"gmx"}
    store.database.write_now(breakers.succeed, b"g" * 16)
    assert await missing(application) == set()


async def test_hosts_of_users_own_make_no_service_unavailable(wire: Build, store: Store) -> None:
    fail(store, b"h" * 16, None)
    assert await missing(wire()) == set()


async def test_the_database_is_not_asked_by_everybody(
    wire: Build, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "FRESH_SECONDS", 3600.0)
    application = wire()
    assert await missing(application) == set()
    fail(store, b"g" * 16, "gmx")
    assert await missing(application) == set()


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT", {}, Exception("away")), TimeoutError()], ids=["away", "hangs"]
)
async def test_all_is_available_as_far_as_is_known_while_the_database_is_away(
    wire: Build, store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    application = wire()
    fail(store, b"g" * 16, "gmx")

    async def away(_self: Database, *_arguments: object) -> None:
        raise error

    monkeypatch.setattr(Database, "read", away)
    assert await missing(application) == set()
