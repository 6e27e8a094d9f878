"""/ready: whether requests can be served, at any rate of requests."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from contactport.store.open import Store
from tests.unit.http.asgi import ask
from tests.unit.http.conftest import Build


async def test_a_service_whose_database_answers_is_ready(wire: Build) -> None:
    answer = await ask(wire(), "GET", "/ready")
    assert (answer.status, answer.json()) == (200, {"status": "ready"})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_it_needs_no_key_pair_and_takes_head_and_nothing_that_changes(wire: Build) -> None:
    assert (await ask(wire(), "HEAD", "/ready/")).status == 200
    assert (await ask(wire(), "POST", "/ready")).status == 405


async def test_a_process_that_is_to_stop_is_not_ready_from_that_moment(wire: Build) -> None:
    application = wire()
    assert (await ask(application, "GET", "/ready")).status == 200
    application.state.stopping.set()
    answer = await ask(application, "GET", "/ready")
    assert (answer.status, answer.json()) == (503, {"status": "not_ready", "because": ["stopping"]})
    assert (await ask(application, "GET", "/health")).status == 200


async def test_a_service_whose_database_is_away_is_not_ready_but_alive(
    wire: Build, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any) -> None:
        raise OperationalError("", {}, Exception("the server is gone"))

    monkeypatch.setattr(store.database, "read_now", away)
    application = wire()
    answer = await ask(application, "GET", "/ready")
    assert (answer.status, answer.json()) == (503, {"status": "not_ready", "because": ["database"]})
    assert (await ask(application, "GET", "/health")).status == 200


async def test_many_who_ask_at_once_are_one_question_to_the_database(
    wire: Build, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    go_on = threading.Event()
    real: Callable[..., Any] = store.database.read_now

    def counted(*arguments: Any) -> Any:
        asked.append(1)
        go_on.wait(30)
        return real(*arguments)

    monkeypatch.setattr(store.database, "read_now", counted)
    application = wire()
    asking = [asyncio.create_task(ask(application, "GET", "/ready")) for _ in range(50)]
    await asyncio.sleep(0)
    go_on.set()
    assert {answer.status for answer in await asyncio.gather(*asking)} == {200}
    assert len(asked) == 1


async def test_a_service_whose_key_ring_is_gone_is_not_ready(wire: Build, store: Store) -> None:
    (store.folder / "ring.json").unlink()
    answer = await ask(wire(), "GET", "/ready")
    assert (answer.status, answer.json()) == (503, {"status": "not_ready", "because": ["ring"]})


async def test_a_service_whose_disk_is_full_is_not_ready(wire: Build, store: Store) -> None:
    store.database.reserve.give_up()
    answer = await ask(wire(), "GET", "/ready")
    assert (answer.status, answer.json()) == (503, {"status": "not_ready", "because": ["disk"]})
