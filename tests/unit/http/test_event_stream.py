"""Step 2 as a stream: what a client reads, and what ends it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from sqlalchemy import update
from starlette.types import Message, Scope
from structlog.testing import capture_logs

from contactport import telemetry
from contactport.contact import Contact
from contactport.errors import Code
from contactport.http.wire import sse
from contactport.imports import pending
from contactport.store import domains, pending_imports
from contactport.store.clock import now_ms
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from contactport.store.pending_imports import NewImport
from contactport.store.schema import import_
from tests.event_stream import Dispatched
from tests.unit.http.asgi import basic
from tests.unit.http.open_requests import PATIENCE, OpenRequests, until
from tests.unit.http.stored_imports import StoredImports


def values(one: Dispatched) -> list[tuple[str, int]]:
    """The events in a message."""
    return [(event["event_type"], event["value"]) for event in msgspec.json.decode(one.data)["events"]]


def streams() -> float | None:
    """How many are open, as the metrics tell it."""
    return telemetry.REGISTRY.get_sample_value("contactport_event_streams")


async def test_it_tells_the_present_state_then_each_change_then_the_end(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    first = await listener.next()
    assert (first.type, first.id, values(first)) == ("message", "3", [("INITIALIZING", 0), ("GATHERING", 0)])
    await stored.deliver(one, 3)
    second = await listener.next()
    assert (second.type, second.id, values(second)[1]) == ("message", "4", ("GATHERING", 3))
    await stored.finish(one)
    answer = await listener.end()
    last, end = listener.rest()
    assert (last.type, last.id, values(last)) == (
        "message",
        "6",
        [("INITIALIZING", 0), ("GATHERING", 3), ("COMPLETE", 0)],
    )
    assert end == Dispatched("end", last.data, "6.end")
    assert (answer.status, answer.whole) == (200, True)


async def test_its_headers_say_what_it_is_and_that_nothing_may_hold_it_back(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, import_id = OpenRequests(store), stored.complete([])
    for method in ("GET", "HEAD"):
        answer = await wire.ask(f"/events/{import_id}/stream/", "", basic(pair), method)
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-length" not in answer.headers
    assert answer.body == b""


async def test_the_data_is_the_body_of_the_poll(store: Store, pair: KeyPair, stored: StoredImports) -> None:
    wire, one = OpenRequests(store), stored.running(user_id="ü\n\u2028")
    poll = await wire.ask(f"/events/{one.id}", "echo=a%0Db", basic(pair))
    listener = wire.listen(f"/events/{one.id}/stream", "echo=a%0Db", basic(pair))
    first = await listener.next()
    assert first.data.encode() == poll.body
    assert first.id == poll.headers["contactport-version"]
    assert listener.reader.retry is not None
    assert 1000 <= listener.reader.retry <= 2000
    listener.left.set()
    await listener.end()


@pytest.mark.parametrize("how", ["complete", "failed", "erased"])
async def test_of_an_import_that_has_ended_it_tells_the_state_and_the_end(
    store: Store, pair: KeyPair, stored: StoredImports, how: str
) -> None:
    wire = OpenRequests(store)
    import_id = stored.failed(Code.WRONG_PASSWORD) if how == "failed" else stored.complete([Contact()])
    if how == "erased":
        await wire.ask(f"/imports/{import_id}", "", basic(pair), "DELETE")
    listener = wire.listen(f"/events/{import_id}/stream", "", basic(pair))
    assert (await listener.end()).whole
    last, end = listener.rest()
    assert [last.type, end.type] == ["message", "end"]
    assert last.data == end.data
    assert values(last)[-1] == ("COMPLETE", {"complete": 0, "failed": 263, "erased": 517}[how])


async def test_whoever_comes_back_and_has_missed_nothing_hears_the_next_change(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair) | {"Last-Event-ID": "3"})
    await wire.held()
    await stored.deliver(one, 3)
    assert (await listener.next()).id == "4"
    listener.left.set()
    await listener.end()


@pytest.mark.parametrize("seen", ["2", "0", "99", "3.end", "", "two", "3 ", "-3", "3" * 5000])
async def test_whoever_comes_back_otherwise_gets_the_present_state_first(
    store: Store, pair: KeyPair, stored: StoredImports, seen: str
) -> None:
    wire, one = OpenRequests(store), stored.running()
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair) | {"Last-Event-ID": seen})
    assert (await listener.next()).id == "3"
    listener.left.set()
    await listener.end()


async def test_the_header_wins_over_the_argument(store: Store, pair: KeyPair, stored: StoredImports) -> None:
    wire, import_id = OpenRequests(store), stored.complete([])
    seen = (await wire.ask(f"/events/{import_id}", "", basic(pair))).headers["contactport-version"]
    path, query = f"/events/{import_id}/stream", f"lastEventId={seen}.end"
    assert (await wire.ask(path, query, basic(pair))).status == 204
    assert (await wire.ask(path, query, basic(pair) | {"Last-Event-ID": "1"})).status == 200


async def test_whoever_has_seen_the_end_need_not_come_back(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, import_id = OpenRequests(store), stored.complete([])
    path = f"/events/{import_id}/stream"
    listener = wire.listen(path, "", basic(pair))
    await listener.end()
    last, end = listener.rest()
    # Cut off between the two: it has the state, and hears that it is the last.
    listener = wire.listen(path, "", basic(pair) | {"Last-Event-ID": last.id})
    await listener.end()
    assert listener.rest() == [end]
    answer = await wire.ask(path, "", basic(pair) | {"Last-Event-ID": end.id})
    assert (answer.status, answer.body) == (204, b"")
    # What was erased afterwards is news.
    await wire.ask(f"/imports/{import_id}", "", basic(pair), "DELETE")
    listener = wire.listen(path, "", basic(pair) | {"Last-Event-ID": end.id})
    await listener.end()
    assert [one.type for one in listener.rest()] == ["message", "end"]


async def test_quick_changes_become_one_message_and_the_end_does_not_wait(
    store: Store, pair: KeyPair, stored: StoredImports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "APART_SECONDS", 3600.0)
    wire, one = OpenRequests(store), stored.running()
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    assert (await listener.next()).id == "3"
    for _ in range(10):
        await stored.deliver(one)
    await stored.finish(one)
    await listener.end()
    last, end = listener.rest()
    assert values(last)[1] == ("GATHERING", 10)
    assert end.type == "end"


async def test_a_change_too_quick_for_a_message_is_told_a_little_later(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    assert (await listener.next()).id == "3"
    for _ in range(10):
        await stored.deliver(one)
    while (told := values(await listener.next())[1]) != ("GATHERING", 10):
        assert told[1] < 10
    listener.left.set()
    await listener.end()


async def test_while_nothing_happens_it_shows_that_it_lives(
    store: Store, pair: KeyPair, stored: StoredImports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.01)
    wire, one = OpenRequests(store), stored.running()
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    await until(lambda: listener.reader.comments >= 1)
    assert [one.id for one in listener.rest()] == ["3"]
    listener.left.set()
    await listener.end()


async def test_when_the_process_is_to_stop_it_ends_in_good_order_and_without_the_end(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    await listener.next()
    wire.service.stopping.set()
    answer = await listener.end()
    assert answer.whole
    assert listener.rest() == []
    # Whoever comes nevertheless has the present state.
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    assert (await listener.end()).whole
    assert [one.id for one in listener.rest()] == ["3"]


async def test_it_ends_with_its_client_and_is_counted_while_it_is_open(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    before = streams() or 0
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    await listener.next()
    assert streams() == before + 1
    listener.left.set()
    await listener.end()
    assert (streams(), wire.service.connection_limiter.open) == (before, 0)


async def test_it_ends_when_its_import_goes_with_its_domain(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    await listener.next()
    store.database.write_now(domains.remove, "shop")
    assert (await listener.end()).whole
    assert listener.rest() == []


async def test_it_lives_no_longer_than_its_import_could(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store, retention=1), stored.running()
    store.database.write_now(
        lambda connection: connection.execute(
            update(import_).where(import_.c.id == one.id).values(deadline=now_ms())
        )
    )
    listener = wire.listen(f"/events/{one.id}/stream", "", basic(pair))
    assert (await listener.end()).whole
    assert [one.id for one in listener.rest()] == ["3"]


async def test_it_ends_as_the_time_of_its_user_does(store: Store, pair: KeyPair) -> None:
    domain = store.database.read_now(domains.all_domains)[0]
    new = NewImport(domain_id=domain.id, service="gmail", way="consent", seconds=60, retention=900)
    import_id = store.database.write_now(pending_imports.create, store.ring, new)
    listener = OpenRequests(store).listen(f"/events/{import_id}/stream", "", basic(pair))
    assert values(await listener.next()) == [("INITIALIZING", 0)]
    with store.database.engine.begin() as connection:
        connection.execute(update(import_).where(import_.c.id == import_id).values(deadline=now_ms()))
    assert store.database.write_now(pending.end_overdue, store) == 1
    assert (await listener.end()).whole
    last, end = listener.rest()
    assert values(last) == [("INITIALIZING", 0), ("COMPLETE", 517)]
    assert end.type == "end"


async def test_a_key_pair_comes_by_basic_or_as_arguments(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, path = OpenRequests(store), f"/events/{stored.complete([])}/stream"
    query = f"domain_key={pair.domain_key}&domain_password={pair.domain_password}"
    crosses = {"Sec-Fetch-Site": "cross-site"}
    assert (await wire.ask(path, query, crosses)).status == 200
    assert (await wire.ask(path, "", basic(pair))).status == 200
    refused = await wire.ask(path, "", basic(pair) | crosses)
    assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Basic realm="contactport"')
    assert (await wire.ask(path)).status == 401
    assert (await wire.ask("/events/1/stream", query)).status == 401


async def test_other_paths_and_methods_are_none(store: Store, pair: KeyPair, stored: StoredImports) -> None:
    wire, import_id = OpenRequests(store), stored.complete([])
    assert (await wire.ask(f"/events/{import_id}.xml/stream", "", basic(pair))).status == 404
    assert (await wire.ask(f"/events/{import_id}/stream.json", "", basic(pair))).status == 404
    refused = await wire.ask(f"/events/{import_id}/stream", "", basic(pair), "POST")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    # JSONP is no stream: the callback is an argument that nobody knows.
    answer = await wire.ask(f"/events/{import_id}/stream", "callback=f", basic(pair))
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_the_log_has_one_line_when_it_ends(store: Store, pair: KeyPair, stored: StoredImports) -> None:
    wire, one = OpenRequests(store), stored.running()
    query = f"domain_key={pair.domain_key}&domain_password={pair.domain_password}&echo=canary"
    with capture_logs() as logs:
        listener = wire.listen(f"/events/{one.id}/stream", query)
        await listener.next()
        assert logs == []
        await stored.finish(one)
        await listener.end()
    lines: list[Any] = logs
    assert [(line["event"], line["route"], line["status"], line["import_id"]) for line in lines] == [
        ("request", "/events/{id}/stream", 200, one.id)
    ]
    for secret in ("canary", pair.domain_key, pair.domain_password):
        assert secret not in repr(lines)


@pytest.mark.parametrize("why", ["the process is to stop", "it has been patient enough"])
async def test_a_client_that_does_not_read_is_cut_off(
    store: Store, pair: KeyPair, stored: StoredImports, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    wire, one, left, stuck = OpenRequests(store), stored.running(), asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body"):
            stuck.set()
            await asyncio.Event().wait()

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": f"/events/{one.id}/stream",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in basic(pair).items()],
        "extensions": {sse.ABORT: {"connection": left.set}},
    }
    if why != "the process is to stop":
        monkeypatch.setattr(sse, "STUCK_SECONDS", 0.01)
    async with asyncio.timeout(PATIENCE):
        streaming = asyncio.create_task(wire.application(scope, receive, send))
        await stuck.wait()
        if why == "the process is to stop":
            wire.service.stopping.set()
        await streaming
    assert left.is_set()
    assert wire.service.connection_limiter.open == 0
