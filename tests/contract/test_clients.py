"""Every public client's three steps, against the service and a real CardDAV server."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.contract.clients import CLIENTS, Java, LibraryClient
from tests.contract.live_service import MANY, LiveService
from tests.contract.raw import ask
from tests.e2e.service_process import until

any_client = pytest.mark.parametrize("client", CLIENTS, ids=lambda one: one.__name__)


@any_client
def test_the_three_steps(app: LiveService, client: type[LibraryClient]) -> None:
    asked = client(app.port, app.pair)
    import_id = asked.begin(app.account())
    told = until(lambda: told if (told := asked.poll(import_id)).ended else None)
    assert (told.failed, told.value) == (False, 0)
    names, total = asked.fetch(import_id)
    assert sorted(names) == ["", "Alexie"]
    assert total == 2


@any_client
def test_a_wrong_password_is_an_event(app: LiveService, client: type[LibraryClient]) -> None:
    asked = client(app.port, app.pair)
    import_id = asked.begin(app.account(password=f"wrong for {client.__name__}", username="empty"))
    told = until(lambda: told if (told := asked.poll(import_id)).ended else None)
    assert told.failed
    assert told.value in (262, 263)


@any_client
def test_a_big_book_arrives_whole(app: LiveService, big_book: int, client: type[LibraryClient]) -> None:
    names, total = client(app.port, app.pair).fetch(big_book)
    assert total == MANY
    assert set(names) == {"P"}
    assert len(names) == MANY


def test_one_client_is_challenged_on_every_call(app: LiveService) -> None:
    asked = Java(app.port, app.pair)
    import_id = asked.begin(app.account())
    asked.poll(import_id)
    app.ended(import_id)
    asked.fetch(import_id)
    assert asked.challenges == 3


def test_a_client_that_knows_only_retired_services_is_told_the_way_that_works(app: LiveService) -> None:
    """Java's public class knows PLAXO alone for passwords. Following the answer to its own request works."""
    account = app.account() | {"service": "PLAXO"}
    answer = ask(app.port, "POST", f"/begin_import/import?{urlencode(account)}", app.pair.basic)
    assert (answer.status, answer.json()["error"]["code"]) == (400, 261)
    told = re.search(r"service=(\w+), with its address as `(\w+)`", answer.json()["error"]["message"])
    assert told is not None
    assert told[2] in account
    asked = Java(app.port, app.pair)
    import_id = asked.begin(account | {"service": told[1].upper()})
    app.ended(import_id)
    assert asked.fetch(import_id)[1] == 2
