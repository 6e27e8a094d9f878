"""Step 2 with `wait`: an answer as soon as there is something new."""

from __future__ import annotations

import asyncio
from xml.etree import ElementTree

import msgspec
import pytest
from structlog.testing import capture_logs

from contactport.contact import Contact
from contactport.http.limits import ConnectionLimiter
from contactport.store import domains
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from tests.unit.http.asgi import AsgiResponse, ask, basic
from tests.unit.http.open_requests import OpenRequests
from tests.unit.http.stored_imports import StoredImports


def gathered(answer: AsgiResponse) -> int:
    """GATHERING's value."""
    assert answer.status == 200, answer.body
    return next(one["value"] for one in answer.json()["events"] if one["event_type"] == "GATHERING")


def version(answer: AsgiResponse) -> int:
    return int(answer.headers["contactport-version"])


async def test_it_waits_for_the_next_change(store: Store, pair: KeyPair, stored: StoredImports) -> None:
    wire, one = OpenRequests(store), stored.running()
    asking = asyncio.create_task(wire.ask(f"/events/{one.id}", "wait=30", basic(pair)))
    await wire.held()
    await stored.deliver(one, 3)
    assert gathered(await asking) == 3
    assert wire.service.connection_limiter.open == 0


async def test_without_a_change_it_answers_in_the_end(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.running()
    assert gathered(await OpenRequests(store).ask(f"/events/{one.id}", "wait=1", basic(pair))) == 0


async def test_a_change_that_was_not_announced_is_noticed_all_the_same(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    asking = asyncio.create_task(wire.ask(f"/events/{one.id}", "wait=30", basic(pair)))
    await wire.held()
    await stored.deliver(one, 3, announced=False)
    assert gathered(await asking) == 3


@pytest.mark.parametrize("query", ["wait=30", "wait=4000000000", "wait=30&since=99", "wait=30&since=5"])
async def test_an_import_that_has_ended_answers_at_once(
    store: Store, pair: KeyPair, stored: StoredImports, query: str
) -> None:
    wire, import_id = OpenRequests(store), stored.complete([Contact()])
    answer = await wire.ask(f"/events/{import_id}", query, basic(pair))
    assert answer.json()["events"][-1]["event_type"] == "COMPLETE"


async def test_since_misses_no_change_between_two_polls(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    seen = version(await wire.ask(f"/events/{one.id}", "", basic(pair)))
    await stored.deliver(one, 3)
    answer = await wire.ask(f"/events/{one.id}", f"wait=30&since={seen}", basic(pair))
    assert gathered(answer) == 3
    assert version(answer) > seen
    asking = asyncio.create_task(
        wire.ask(f"/events/{one.id}", f"wait=30&since={version(answer)}", basic(pair))
    )
    await wire.held()
    await stored.deliver(one)
    assert gathered(await asking) == 4


async def test_a_version_that_never_was_is_not_waited_for(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.running()
    answer = await OpenRequests(store).ask(f"/events/{one.id}", f"wait=30&since={10**9}", basic(pair))
    assert gathered(answer) == 0


async def test_since_without_wait_answers_at_once(store: Store, pair: KeyPair, stored: StoredImports) -> None:
    one = stored.running()
    assert gathered(await OpenRequests(store).ask(f"/events/{one.id}", "since=2", basic(pair))) == 0


async def test_every_form_waits_and_has_the_version(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    known = f"domain_key={pair.domain_key}&domain_password={pair.domain_password}"
    asking = [
        asyncio.create_task(wire.ask(f"/events/{one.id}{ending}", f"{known}&wait=30{more}"))
        for ending, more in (("", "&echo=e"), (".xml", ""), ("", "&callback=f"))
    ]
    await wire.held(3)
    await stored.deliver(one, 3)
    json, xml, jsonp = [await one for one in asking]
    assert (gathered(json), json.json()["echo"]) == (3, "e")
    values = [event.findtext("value") for event in ElementTree.fromstring(xml.body).iter("event")]
    assert values == ["0", "3"]
    assert msgspec.json.decode(jsonp.body.removeprefix(b"f(").removesuffix(b")"))["events"][1]["value"] == 3
    assert version(json) == version(xml) == version(jsonp) == 4


@pytest.mark.parametrize("query", ["wait=-1", "wait=1.5", "wait=soon", "since=-1", "since=x", "wait=1e1"])
async def test_what_is_no_number_is_refused(
    store: Store, pair: KeyPair, stored: StoredImports, query: str
) -> None:
    answer = await OpenRequests(store).ask(f"/events/{stored.waiting()}", query, basic(pair))
    assert (answer.status, answer.json()["error"]["code"]) == (400, 2)


async def test_when_the_process_is_to_stop_everybody_is_answered(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    asking = [asyncio.create_task(wire.ask(f"/events/{one.id}", "wait=30", basic(pair))) for _ in range(3)]
    await wire.held(3)
    wire.service.stopping.set()
    assert [gathered(await one) for one in asking] == [0, 0, 0]
    # And whoever still comes does not wait any more.
    assert gathered(await wire.ask(f"/events/{one.id}", "wait=30", basic(pair))) == 0


async def test_nobody_is_waited_for_after_having_left(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one, left = OpenRequests(store), stored.running(), asyncio.Event()
    with capture_logs() as logs:
        asking = asyncio.create_task(
            ask(
                wire.application,
                "GET",
                f"/events/{one.id}",
                query="wait=30",
                headers=basic(pair),
                left=left,
            )
        )
        await wire.held()
        left.set()
        await wire.held(0)
        assert (await asking).status == 0
    assert [(line["event"], line["status"]) for line in logs] == [("request", 499)]


async def test_an_import_that_goes_with_its_domain_is_401(
    store: Store, pair: KeyPair, stored: StoredImports
) -> None:
    wire, one = OpenRequests(store), stored.running()
    asking = asyncio.create_task(wire.ask(f"/events/{one.id}", "wait=30", basic(pair)))
    await wire.held()
    store.database.write_now(domains.remove, "shop")
    assert (await asking).status == 401


async def test_an_erasure_is_a_change(store: Store, pair: KeyPair, stored: StoredImports) -> None:
    wire, one = OpenRequests(store), stored.running(user_id="u")
    asking = asyncio.create_task(wire.ask(f"/events/{one.id}", "wait=30", basic(pair)))
    await wire.held()
    assert (await wire.ask(f"/imports/{one.id}", "", basic(pair), "DELETE")).status == 204
    body = (await asking).json()
    assert (body["events"][-1]["value"], body["user_id"]) == (517, None)


async def test_a_domain_has_its_share_of_seats_and_a_process_no_more_than_it_has(
    store: Store, pair: KeyPair, other: KeyPair, stored: StoredImports
) -> None:
    wire = OpenRequests(store, ConnectionLimiter(process=3, domain=2))
    mine, theirs = stored.running(), StoredImports(store, other).running()
    asking = [asyncio.create_task(wire.ask(f"/events/{mine.id}", "wait=30", basic(pair))) for _ in range(2)]
    await wire.held(2)
    refused = await wire.ask(f"/events/{mine.id}", "wait=30", basic(pair))
    assert (refused.status, refused.json()["error"]["code"]) == (429, 2)
    assert int(refused.headers["retry-after"]) >= 1
    # Whoever does not wait needs no seat.
    assert (await wire.ask(f"/events/{mine.id}", "", basic(pair))).status == 200
    asking.append(asyncio.create_task(wire.ask(f"/events/{theirs.id}", "wait=30", basic(other))))
    await wire.held(3)
    refused = await wire.ask(f"/events/{theirs.id}/stream", "", basic(other))
    assert (refused.status, refused.headers["content-type"]) == (503, "application/json; charset=utf-8")
    assert int(refused.headers["retry-after"]) >= 1
    await stored.deliver(mine)
    await wire.held(1)
    await StoredImports(store, other).deliver(theirs)
    assert [(await one).status for one in asking] == [200] * 3


async def test_a_poll_that_waits_is_one_poll(store: Store, pair: KeyPair, stored: StoredImports) -> None:
    wire, one = OpenRequests(store, polls_per_second=1), stored.running()
    asking = asyncio.create_task(wire.ask(f"/events/{one.id}", "wait=30", basic(pair)))
    await wire.held()
    for _ in range(3):
        await stored.deliver(one)
    assert (await asking).status == 200
