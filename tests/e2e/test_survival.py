"""A process dies in the middle of an import, and finishes it after a restart. No contact is lost or doubled.

The address book's server answers in another order each time, so nothing here can work by position.
"""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.paused_server import PausedServer, people
from tests.e2e.service_process import RunningService, WireClient, command, service, until

COUNT = 3000


def expected() -> list[str]:
    """The e-mail addresses of all people, sorted."""
    return sorted(f"person.{number}@example.org" for number in range(COUNT))


def addresses(contacts: list[dict[str, Any]]) -> list[str]:
    """The e-mail addresses of what was delivered, sorted, doubles and all."""
    return sorted(email["address"] for contact in contacts for email in contact["email"])


def begin(client: WireClient, book: PausedServer, key: str = "") -> int:
    return client.begin(key=key, service="carddav", server=book.url, username="alice", password="secret")


def check_whole(client: WireClient, import_id: int) -> None:
    """The import has ended well: every contact once, and a ledger that adds up."""
    complete = client.end(import_id)
    assert (complete["status"], complete["value"]) == ("COMPLETED", 0)
    assert addresses(client.contacts(import_id)) == expected()
    assert client.stored(import_id) == COUNT
    status, body = client.call("GET", f"/imports/{import_id}")
    assert status == 200
    ledger = json.loads(body)["ledger"]
    assert ledger["delivered"] == COUNT
    assert ledger["found"] == ledger["delivered"] + ledger["merged"] + ledger["rejected"]
    assert ledger["rejected"] == 0


def again(running: RunningService, client: WireClient) -> WireClient:
    """The same application's client at a service that has taken another port."""
    return client.at(running.url)


@pytest.mark.parametrize("stored", [0, 1, 1200, 2200])
def test_kill_9(tmp_path: Path, stored: int) -> None:
    with PausedServer(people(COUNT)) as book:
        with service(tmp_path / "data") as first:
            client = first.application("shop")
            import_id = begin(client, book)
            until(lambda: book.asked or None)
            done = client.let_through(import_id, book, stored)
            assert stored <= done < COUNT
            first.kill()
        book.gate.open()
        with service(tmp_path / "data") as second:
            check_whole(again(second, client), import_id)


def test_kill_9_twice(tmp_path: Path) -> None:
    with PausedServer(people(COUNT)) as book:
        with service(tmp_path / "data") as first:
            client = first.application("shop")
            import_id = begin(client, book)
            before = client.let_through(import_id, book, 1)
            first.kill()
        book.gate.renew()
        with service(tmp_path / "data") as second:
            client = again(second, client)
            until(lambda: client.stored(import_id) or None)
            after = client.let_through(import_id, book, before + 1)
            assert before < after < COUNT
            second.kill()
        book.gate.open()
        with service(tmp_path / "data") as third:
            check_whole(again(third, client), import_id)


def test_what_was_stored_is_not_fetched_again(tmp_path: Path) -> None:
    with PausedServer(people(COUNT)) as book:
        with service(tmp_path / "data") as first:
            client = first.application("shop")
            import_id = begin(client, book)
            stored = client.let_through(import_id, book, 1200)
            first.kill()
        book.asked.clear()
        book.gate.open()
        with service(tmp_path / "data") as second:
            check_whole(again(second, client), import_id)
    assert sum(map(len, book.asked)) <= COUNT - stored


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_signal(tmp_path: Path, sig: signal.Signals) -> None:
    with PausedServer(people(COUNT)) as book:
        with service(tmp_path / "data") as first:
            client = first.application("shop")
            import_id = begin(client, book)
            client.let_through(import_id, book, 1)
            assert first.stop(sig) == 0
        book.gate.open()
        with service(tmp_path / "data") as second:
            check_whole(again(second, client), import_id)


def test_many_imports_at_once(tmp_path: Path) -> None:
    with PausedServer(people(COUNT)) as book:
        with service(tmp_path / "data") as first:
            client = first.application("shop")
            # More than one process runs at once: some have begun and some still wait when it dies.
            numbers = [begin(client, book) for _ in range(10)]
            until(lambda: book.gate.pass_one() or client.stored(numbers[0]) or None)
            first.kill()
        book.gate.open()
        with service(tmp_path / "data") as second:
            client = again(second, client)
            for import_id in numbers:
                check_whole(client, import_id)


def test_an_import_that_was_cancelled_does_not_come_back(tmp_path: Path) -> None:
    with PausedServer(people(COUNT)) as book:
        with service(tmp_path / "data") as first:
            client = first.application("shop")
            import_id = begin(client, book)
            client.let_through(import_id, book, 1)
            assert client.call("DELETE", f"/imports/{import_id}")[0] == 204
            first.kill()
        book.gate.open()
        with service(tmp_path / "data") as second:
            client = again(second, client)
            check_whole(client, begin(client, book))
            complete = client.end(import_id)
            assert (complete["status"], complete["value"]) == ("ERROR", 517)
            assert client.call("HEAD", f"/contacts/{import_id}")[0] == 410


def test_a_request_that_is_repeated_after_a_crash_begins_nothing_new(tmp_path: Path) -> None:
    with PausedServer(people(COUNT)) as book:
        with service(tmp_path / "data") as first:
            client = first.application("shop")
            import_id = begin(client, book, key="order 7")
            first.kill()
        book.gate.open()
        with service(tmp_path / "data") as second:
            client = again(second, client)
            assert begin(client, book, key="order 7") == import_id
            check_whole(client, import_id)


def test_an_import_whose_domain_was_removed_does_not_come_back(tmp_path: Path) -> None:
    with PausedServer(people(COUNT)) as book:
        with service(tmp_path / "data") as first:
            client = first.application("shop")
            client.let_through(begin(client, book), book, 1)
            first.kill()
        removed = command("domain", "rm", "shop", "--yes", data=tmp_path / "data")
        assert removed.returncode == 0, removed.stderr
        book.asked.clear()
        book.gate.open()
        with service(tmp_path / "data") as second:
            other = second.application("other")
            # When an import that was begun afterwards is through, the dead one has had its turn.
            check_whole(other, begin(other, book))
            assert sum(map(len, book.asked)) == COUNT
            assert "error" not in second.stderr
