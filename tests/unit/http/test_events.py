"""Step 2 at the wire."""

from __future__ import annotations

import re

from contactport.contact import Contact
from contactport.errors import Code
from contactport.store.domains import KeyPair
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.shelf import Shelf


async def told(wire: Build, pair: KeyPair, import_id: int) -> list[tuple[str, str, int, str | None]]:
    answer = await ask(wire(), "GET", f"/events/{import_id}", headers=basic(pair))
    return [(e["event_type"], e["status"], e["value"], e["description"]) for e in answer.json()["events"]]


async def test_a_new_import_is_gathering_nothing_yet(wire: Build, pair: KeyPair, shelf: Shelf) -> None:
    assert await told(wire, pair, shelf.waiting()) == [
        ("INITIALIZING", "COMPLETED", 0, None),
        ("GATHERING", "INPROGRESS", 0, None),
    ]


async def test_a_good_end_says_how_many_and_then_0(wire: Build, pair: KeyPair, shelf: Shelf) -> None:
    assert await told(wire, pair, shelf.complete([Contact(), Contact()])) == [
        ("INITIALIZING", "COMPLETED", 0, None),
        ("GATHERING", "COMPLETED", 2, None),
        ("COMPLETE", "COMPLETED", 0, None),
    ]


async def test_a_bad_end_says_its_code_and_its_words(wire: Build, pair: KeyPair, shelf: Shelf) -> None:
    assert await told(wire, pair, shelf.failed(Code.WRONG_PASSWORD, "It wants an app password.")) == [
        ("INITIALIZING", "COMPLETED", 0, None),
        ("COMPLETE", "ERROR", 263, "It wants an app password."),
    ]


async def test_the_body_is_the_contract_s(wire: Build, pair: KeyPair, shelf: Shelf) -> None:
    one = shelf.waiting(user_id="u")
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
    wire: Build, pair: KeyPair, shelf: Shelf
) -> None:
    one = shelf.complete([Contact()], user_id="u", retention=0)
    shelf.purge()
    assert (await told(wire, pair, one))[-1] == ("COMPLETE", "COMPLETED", 0, None)
    answer = await ask(wire(), "GET", f"/events/{one}", headers=basic(pair))
    assert answer.json()["user_id"] is None


async def test_too_many_polls_are_told_to_wait(wire: Build, pair: KeyPair, shelf: Shelf) -> None:
    application = wire(polls_per_second=2)
    path = f"/events/{shelf.waiting()}"
    answers = [await ask(application, "GET", path, headers=basic(pair)) for _ in range(20)]
    assert {answer.status for answer in answers[:2]} == {200}
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].json()["error"]["code"] == 2
