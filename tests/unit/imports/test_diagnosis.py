"""The log says why an import failed: by class, place and rule, and with no word of a user."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from contactport.grant import Password
from contactport.imports.diagnosis import ALLOWED_BY, diagnosis
from contactport.net.client import open_client
from contactport.settings import Settings
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from contactport.sources.failures import FAILURES, SetUpIncomplete
from tests.servers.source_run import PROVIDERS
from tests.unit.net.authority import make_authority
from tests.unit.net.little_server import little_server, reply
from tests.unit.net.name_server import name_server

NONE_KNOWN: frozenset[str] = frozenset()
LOOPBACK = ["127.0.0.0/8"]
USER = "canary.user@canary-host.example"
PASSWORD = "canary-password"


async def failure(server: str, **settings: Any) -> dict[str, Any]:
    """What the log says of an import from this server, as JSON says it."""
    provider = PROVIDERS.find("carddav")
    assert provider is not None
    account = Account(provider=provider, grant=Password(USER, PASSWORD, server))
    async with open_client(Settings(tries=1, **settings)) as client:
        try:
            async for _ in CardDav().pages(account, client, NONE_KNOWN):
                pass
        except FAILURES as error:
            told = json.dumps(diagnosis(error, client))
            assert "canary" not in told
            return json.loads(told)
    raise AssertionError("it did not fail")


@pytest.mark.parametrize(
    ("server", "rule"),
    [
        ("https://127.0.0.9/canary/", "loopback address"),
        ("https://[::1]/canary/", "loopback address"),
        ("https://10.20.30.40/", "private address"),
        ("http://192.168.31.77:5232/", "private address"),
        ("https://[fd00::77]/", "private address"),
        ("https://169.254.169.254/", "link-local address"),
        ("https://100.64.3.4/", "carrier's address"),
        ("https://[::ffff:10.20.30.40]/", "private address"),
        ("https://224.0.0.77/", "reserved address"),
        ("http://93.184.216.34/", "public address without TLS"),
        ("https://93.184.216.34:25/", "public address on an unusual port"),
    ],
)
async def test_a_refused_address_names_the_rule_and_the_setting_and_not_itself(
    server: str, rule: str
) -> None:
    told = await failure(server)
    assert (told["refused"], told["allowed_by"], told["stage"]) == (rule, ALLOWED_BY, "guard")
    assert "Unreachable" in told["errors"]
    assert told["places"]
    host = server.split("/")[2].strip("[]")
    assert host not in json.dumps(told)


async def test_behind_a_proxy_too() -> None:
    told = await failure("https://10.20.30.40/", proxy="http://127.0.0.1:1")
    assert (told["refused"], told["stage"]) == ("private address", "guard")


async def test_a_server_that_does_not_listen_is_told_apart_from_one_that_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        told = await failure(f"http://127.0.0.1:{taken.getsockname()[1]}/canary/", allow_network=LOOPBACK)
    assert told["stage"] == "connect"
    assert "refused" not in told
    assert "answers" not in told


async def test_a_name_that_leads_nowhere_is_a_matter_of_the_resolver() -> None:
    async with name_server({}) as resolver:
        told = await failure("https://canary.example/", resolver=resolver)
    assert told["stage"] == "resolve"


async def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    _, tls = make_authority(tmp_path, "127.0.0.1")
    async with little_server(lambda _: reply(200), tls=tls) as server:
        told = await failure(f"https://127.0.0.1:{server.port}/", allow_network=LOOPBACK)
    assert told["stage"] == "tls"


async def test_the_statuses_are_counted_by_method() -> None:
    async with little_server(lambda request: reply(403 if "well-known" in request.target else 404)) as server:
        told = await failure(f"http://127.0.0.1:{server.port}/canary/", allow_network=LOOPBACK)
    assert set(told["answers"]) == {"PROPFIND 403", "PROPFIND 404"}
    assert any(place.startswith("carddav/discover.py:") for place in told["places"])


async def test_an_answer_that_never_comes() -> None:
    async def hang(_request: object) -> bytes:
        await asyncio.sleep(60)
        return b""

    async with little_server(hang) as server:
        told = await failure(
            f"http://127.0.0.1:{server.port}/",
            allow_network=LOOPBACK,
            first_byte_seconds=0.05,
            connect_seconds=0.1,
        )
    assert told["stage"] == "answer"
    assert "TimedOut" in told["errors"]


def test_the_import_s_own_time_names_its_setting() -> None:
    assert "CONTACTPORT_IMPORT_SECONDS" in str(diagnosis(TimeoutError(), None)["text"])


def test_what_broke_here_is_told_without_its_words() -> None:
    error = RuntimeError("canary")
    error.__context__ = KeyError("canary")
    assert diagnosis(error, None) == {"errors": ["RuntimeError", "KeyError"]}


def test_the_operator_reads_what_to_set_up_at_the_provider() -> None:
    told = diagnosis(SetUpIncomplete("the API is not enabled"), None, "consent")
    assert told["hint"] == "the API is not enabled"
