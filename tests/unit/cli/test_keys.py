"""The ring's keys at the command line: listed, rotated, and replaced where they are lost."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contactport.app import hold_folder
from contactport.store import domains, rotation
from contactport.store.open import Store, open_store
from contactport.store.vault import Ring
from tests.unit.cli.conftest import Run
from tests.unit.store import import_factory


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "GRACE_SECONDS", 0.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """The service is set up on each engine."""
    if request.param == "sqlite":
        return ""
    url: str = request.getfixturevalue("database_url")
    monkeypatch.setenv("CONTACTPORT_DATABASE_URL", url)
    return url


@contextmanager
def store_of(folder: Path, url: str) -> Generator[Store]:
    store = open_store(folder, url)
    yield store
    asyncio.run(store.database.close())


@pytest.fixture
def begun(run: Run, folder: Path, url: str) -> Run:
    """A service with one domain and one import under way."""
    assert run("domain", "add", "shop", "--create").exit_code == 0
    with store_of(folder, url) as store:
        import_factory.begin(store, store.database.read_now(domains.all_domains)[0])
    return run


def test_keys_are_listed_with_what_they_seal(begun: Run, folder: Path) -> None:
    told = json.loads(begun("keys", "list", "--json").stdout)
    (key,) = told["keys"]
    assert (key["number"], key["imports"], key["present"]) == (1, 1, True)
    assert key["made_at"].endswith("Z")
    assert "key 1    1 import" in begun("keys", "list").stdout
    secrets = json.loads((folder / "ring.json").read_text())
    shown = begun("keys", "list").output + begun("keys", "list", "--json").output
    assert secrets["lasting"] not in shown
    assert secrets["daily"][0]["key"] not in shown


def test_a_key_that_is_gone_is_listed_while_it_is_wanted(begun: Run, folder: Path) -> None:
    ring, _ = Ring.open(folder / "ring.json")
    ring.destroy_before(ring.add().id)
    rows = json.loads(begun("keys", "list", "--json").stdout)["keys"]
    assert [(row["number"], row["imports"], row["present"]) for row in rows] == [(1, 1, False), (2, 0, True)]
    assert "missing" in begun("keys", "list").stdout
    done = begun("keys", "rotate")
    assert done.exit_code == 0
    assert "1 import could not be opened, before either" in done.stderr


def test_a_service_that_has_never_imported_has_no_key_yet(run: Run, url: str) -> None:
    run("domain", "add", "shop", "--create")
    done = run("keys", "list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no daily key" in done.stderr


def test_a_rotation_tells_what_it_did(begun: Run) -> None:
    done = begun("keys", "rotate", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout) == {
        "number": 2,
        "resealed": 1,
        "unreadable": 0,
        "destroyed": [1],
        "lasting": 0,
    }
    words = begun("keys", "rotate").stdout
    assert "key 3 is the newest; 1 import sealed again with it" in words
    assert "destroyed: key 2" in words
    assert [row["number"] for row in json.loads(begun("keys", "list", "--json").stdout)["keys"]] == [3]


@pytest.mark.parametrize("command", [("keys", "list"), ("keys", "rotate"), ("keys", "replace", "--yes")])
def test_a_folder_that_is_not_there_is_not_made(run: Run, folder: Path, command: tuple[str, ...]) -> None:
    done = run(*command)
    assert done.exit_code == 4
    assert str(folder) in done.stderr
    assert not folder.exists()


def lose(ring: Path) -> str:
    ring.unlink()
    return "is missing"


def damage(ring: Path) -> str:
    ring.write_bytes(b"{}")
    return "is damaged"


def exchange(ring: Path) -> str:
    ring.unlink()
    Ring.open(ring)
    return "belongs to another database"


SPOILT = pytest.mark.parametrize("spoil", [lose, damage, exchange])
COMMANDS = (
    ("domain", "add", "second", "--create"),
    ("domain", "list"),
    ("keys", "list"),
    ("keys", "rotate"),
    ("serve", "--port", "0"),
)


@SPOILT
def test_every_command_says_what_a_lost_ring_has_lost(
    begun: Run, folder: Path, url: str, spoil: Callable[[Path], str]
) -> None:
    says = spoil(folder / "ring.json")
    commands = (
        COMMANDS
        if not url
        else (*COMMANDS, ("migrate",), ("worker",), ("serve", "--role", "api", "--port", "0"))
    )
    for command in commands:
        done = begun(*command)
        assert done.exit_code == 4, command
        assert done.stdout == ""
        last = done.stderr.splitlines()[-1]
        assert says in last
        assert "1 import under way and what 0 finished ones have brought can't be opened any more" in last
        assert "`contactport keys replace`" in last


@SPOILT
def test_replacing_goes_on_with_a_new_ring(begun: Run, folder: Path, spoil: Callable[[Path], str]) -> None:
    spoil(folder / "ring.json")
    done = begun("keys", "replace", "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["lost"] == {"under_way": 1, "finished": 0, "clients": 0}
    kept = told["kept"]
    assert (kept is None) == (spoil is lose)
    assert kept is None or Path(kept).exists()
    assert [one["name"] for one in json.loads(begun("domain", "list", "--json").stdout)] == ["shop"]
    assert json.loads(begun("keys", "list", "--json").stdout)["keys"] == []


def test_replacing_asks_first(begun: Run, folder: Path) -> None:
    (folder / "ring.json").unlink()
    done = begun("keys", "replace")
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert not (folder / "ring.json").exists()


def test_the_right_ring_is_not_replaced(begun: Run, folder: Path) -> None:
    before = (folder / "ring.json").read_bytes()
    done = begun("keys", "replace", "--yes")
    assert done.exit_code == 2
    assert "keys rotate" in done.stderr
    assert (folder / "ring.json").read_bytes() == before


def test_a_running_service_keeps_its_ring(begun: Run, folder: Path, url: str) -> None:
    if url:
        return
    (folder / "ring.json").unlink()
    lock = hold_folder(folder)
    done = begun("keys", "replace", "--yes")
    assert done.exit_code == 4
    assert "is running" in done.stderr
    os.close(lock)
