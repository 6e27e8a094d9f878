"""Step 2 at the wire."""

from __future__ import annotations

import asyncio
import re
from typing import get_args

from sqlalchemy import Connection, update

from contactport.contact import Contact
from contactport.errors import Code
from contactport.http.limits import RateLimiter
from contactport.store import events
from contactport.store.domains import KeyPair
from contactport.store.events import EventStatus
from contactport.store.open import Store
from contactport.store.schema import event
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.open_requests import OpenRequests, until
from tests.unit.http.stored_imports import StoredImports


async def told(wire: Build, pair: KeyPair, import_id: int) -> list[tuple[str, str, int, str | None]]:
    answer = await ask(wire(), "GET", f"/events/{import_id}", headers=basic(pair))
    return [(e["event_type"], e["status"], e["value"], e["description"]) for e in answer.json()["events"]]


async def test_a_new_import_is_gathering_nothing_yet(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    assert await told(wire, pair, stored.waiting()) == [
        ("INITIALIZING", "COMPLETED", 0, None),
        ("GATHERING", "INPROGRESS", 0, None),
    ]


async def test_a_good_end_says_how_many_and_then_0(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    assert await told(wire, pair, stored.complete([Contact(), Contact()])) == [
        ("INITIALIZING", "COMPLETED", 0, None),
        ("GATHERING", "COMPLETED", 2, None),
        ("COMPLETE", "COMPLETED", 0, None),
    ]


async def test_a_bad_end_says_its_code_and_its_words(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    assert await told(wire, pair, stored.failed(Code.WRONG_PASSWORD, "It wants an app password.")) == [
        ("INITIALIZING", "COMPLETED", 0, None),
        ("COMPLETE", "ERROR", 263, "It wants an app password."),
    ]


async def test_the_body_is_the_contract_s(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    one = stored.waiting(user_id="u")
    answer = await ask(wire(), "GET", f"/events/{one}", query="echo=e&user_id=v", headers=basic(pair))
    body = answer.json()
    assert list(body) == ["events", "import_id", "user_id", "id", "echo"]
    assert (body["import_id"], body["user_id"], body["id"], body["echo"]) == (one, "u", one, "e")
    event = body["events"][0]
    assert list(event) == [
        "import_action_id",
        "import_id",
        "event_type",
        "value",
        "description",
        "status",
        "created_at",
    ]
    assert event["import_action_id"] == event["import_id"] == one
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", event["created_at"])


async def test_events_outlive_the_contacts_without_the_user_s_words(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.complete([Contact()], user_id="u", retention=0)
    stored.purge()
    assert (await told(wire, pair, one))[-1] == ("COMPLETE", "COMPLETED", 0, None)
    answer = await ask(wire(), "GET", f"/events/{one}", headers=basic(pair))
    assert answer.json()["user_id"] is None


async def test_a_poll_above_the_rate_is_held_and_not_refused(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    turns: list[float] = []

    async def sleep(seconds: float) -> None:
        turns.append(seconds)

    wire = OpenRequests(store, rate_limiter=RateLimiter(sleep, lambda: 0.0), polls_per_second=3)
    path = f"/events/{stored.waiting()}"
    answers = [await wire.ask(path, headers=basic(pair)) for _ in range(8)]
    assert [answer.status for answer in answers] == [200] * 6 + [429] * 2
    assert [round(seconds, 3) for seconds in turns] == [0.333, 0.667, 1.0]
    assert answers[-1].headers["retry-after"] == "2"
    assert answers[-1].json()["error"]["code"] == 2


async def test_a_held_poll_reads_nothing_and_tells_what_is_true_when_it_is_answered(
    store: Store, pair: KeyPair, other: KeyPair, stored: StoredImports
) -> None:
    """Another domain is answered meanwhile."""
    turn = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await turn.wait()

    wire = OpenRequests(store, rate_limiter=RateLimiter(sleep, lambda: 0.0), polls_per_second=1)
    one = stored.running()
    path = f"/events/{one.id}"
    assert (await wire.ask(path, headers=basic(pair))).status == 200
    held = asyncio.ensure_future(wire.ask(path, headers=basic(pair)))
    await until(lambda: wire.service.rate_limiter.held == 1)
    theirs = StoredImports(store, other).waiting()
    assert (await wire.ask(f"/events/{theirs}", headers=basic(other))).status == 200
    assert not held.done()
    await stored.deliver(one, 5)
    await stored.finish(one)
    turn.set()
    assert (await held).json()["events"][-1]["event_type"] == "COMPLETE"


async def test_gathering_s_time_stays_when_it_completes(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    """Each end is put on an event that began long ago."""

    def put(connection: Connection, status: EventStatus) -> None:
        began = update(event).where(event.c.type == "GATHERING").values(created_at=1_460_499_740_000)
        connection.execute(began)
        events.put(connection, one.id, "GATHERING", status, 5)

    one = stored.running()
    for status in get_args(EventStatus):
        await store.database.write(put, status)
        answer = await OpenRequests(store).ask(f"/events/{one.id}", headers=basic(pair))
        assert answer.json()["events"][1]["created_at"] == "2016-04-12T22:22:20.000+00:00"
        assert answer.json()["events"][1]["status"] == status
