"""`contactport sources test`: a provider's row, tried step by step."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.book import cards
from tests.servers.radicale import Radicale, radicale
from tests.servers.source_run import PROVIDERS

COMMAND = str(Path(sys.executable).with_name("contactport"))
HERE = ("--allow-network", "127.0.0.0/8")


@pytest.fixture(scope="module")
def server() -> Iterator[Radicale]:
    with radicale() as running:
        running.book("alice", "one", cards(12))
        running.book("alice", "two", cards(3, seed=2))
        yield running


def run(code: str, *options: str, password: str = "secret") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "sources", "test", code, "--username", "alice", *options],
        input=f"{password}\n",
        capture_output=True,
        text=True,
    )


def test_each_step_is_told_and_no_contact_is(server: Radicale) -> None:
    done = run("radicale", "--server", server.url, *HERE)
    assert done.returncode == 0
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "Radicale (radicale) by carddav"
    assert f"to try: {server.url}" in lines
    assert "signed in; address books: 2" in lines
    assert lines[-2].endswith("received 15, sent twice 0, left out 0")
    assert lines[-1] == "the row works"
    assert "@" not in done.stderr


def test_the_step_that_fails_is_the_last_one_told(server: Radicale) -> None:
    done = run("radicale", "--server", server.url, *HERE, password="wrong-canary")
    assert done.returncode == 3
    assert "this step failed, with code 263" in done.stderr.splitlines()[-1]
    assert "signed in" not in done.stderr
    assert "canary" not in done.stderr


def test_a_private_server_is_said_to_need_permission(server: Radicale) -> None:
    done = run("radicale", "--server", server.url)
    assert done.returncode == 3
    assert "--allow-network" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(("code", "told"), [("nobody", "sources list"), ("linkedin", "LinkedIn")])
def test_a_code_without_a_row_to_try_is_refused(code: str, told: str) -> None:
    done = run(code)
    assert done.returncode == 2
    assert told in done.stderr


def test_the_list_names_every_code() -> None:

    listed = subprocess.run([COMMAND, "sources", "list"], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [row.code for row in PROVIDERS]
    as_json = subprocess.run(
        [COMMAND, "sources", "list", "--json"], capture_output=True, text=True, check=True
    )
    assert list(json.loads(as_json.stdout)) == [row.code for row in PROVIDERS]
