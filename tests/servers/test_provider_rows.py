"""Every provider's row, run against a server with its host names, its paths, a certificate and its quirk."""

from __future__ import annotations

import msgspec
import pytest
from yarl import URL

from contactport.errors import Code
from contactport.grant import Password
from contactport.sources.base import Account
from contactport.sources.carddav.table import table_of
from contactport.sources.providers import Provider
from tests.import_fails import import_fails
from tests.servers.internet import internet
from tests.servers.quirks import QUIRKS, Filter, Quirk, at, quirk_proxy
from tests.servers.radicale import Radicale
from tests.servers.source_run import PASSWORD, PROVIDERS, SourceRun, read, settings, source, with_table

ROWS = [row for row in PROVIDERS if "password" in row.methods and row.protocol("password") == "carddav"]
WAYS = {
    "icloud": "icloud",
    "yahoo": "yahoo",
    "aol": "yahoo",
    "yandex_ru": "yandex",
    "mailbox_org": "mailbox.org",
    "gmail": "google",
    "fastmail": "cyrus",
    "cyrus": "cyrus",
    "nextcloud": "sabre",
    "owncloud": "sabre",
    "baikal": "sabre",
    "sogo": "dropping sogo",
    "xandikos": "lying xandikos",
    "synology": "unknown server",
    "zimbra": "zimbra",
    "davical": "silent ghosts",
    "radicale": "plain",
    "mail_ru": "busy",
    "seznam": "multiget of few",
}
"""The quirk of each row; servers of which nothing is known get the one that says nothing of itself."""
HOME = "books.home.example"


def code(row: Provider) -> str:
    return row.code


def hosts(row: Provider) -> list[str]:
    table = table_of(row)
    names = [URL(table.start).host or ""] if table.start else [HOME]
    return [*names, *(pattern.replace("*", "p07-contacts") for pattern in table.hosts)]


def place(row: Provider, username: str) -> str:
    """The path where the row says that its server is."""
    table = table_of(row)
    if table.start:
        return URL(table.start).raw_path
    return table.paths[0].replace("{username}", username)


async def through(row: Provider, server: Radicale, *, password: str = PASSWORD) -> tuple[Quirk, SourceRun]:
    username = "user_some"
    quirk = QUIRKS[WAYS.get(row.code, "unknown server")]
    path = place(row, username)

    def filters(username: str, password: str) -> tuple[Filter, ...]:
        inner = quirk.filters(username, password)
        return inner if path in ("/", "/.well-known/carddav") else (at(path), *inner)

    names = list(dict.fromkeys([*hosts(row), *quirk.hosts]))
    async with (
        internet(*names) as net,
        quirk_proxy(
            msgspec.structs.replace(quirk, filters=filters), server.port, username, PASSWORD, tls=net.tls
        ) as proxy,
    ):
        start = table_of(row).start
        if start:
            row = with_table(row, start=str(URL(start, encoded=True).with_port(proxy.port)))
            named = ""
        else:
            named = f"{HOME}:{proxy.port}"
        account = Account(provider=row, grant=Password(username, password, named))
        return quirk, await read(source("carddav"), account, using=settings(idle_seconds=5.0, **net.settings))


@pytest.mark.parametrize("row", ROWS, ids=code)
async def test_a_row_finds_and_reads_its_book(row: Provider, radicale_server: Radicale) -> None:
    quirk, reading = await through(row, radicale_server)
    assert set(reading.uids) == {f"sample-1-{number}" for number in range(300)}
    assert len(reading.keys) == 300
    assert len(reading.rejects) == quirk.rejects


@pytest.mark.parametrize("row", ROWS, ids=code)
async def test_a_wrong_password_is_told_with_the_help_that_the_row_has(
    row: Provider, radicale_server: Radicale
) -> None:
    with import_fails() as caught:
        await through(row, radicale_server, password="wrong")
    assert caught.value.code == Code.WRONG_PASSWORD
    if row.secret.kind == "app_password":
        assert row.secret.help in caught.value.text
        assert row.secret.url in caught.value.text
    assert "wrong" not in caught.value.text


@pytest.mark.parametrize("row", [row for row in ROWS if row.secret.kind == "app_password"], ids=code)
async def test_an_app_password_may_be_typed_as_it_is_shown(row: Provider, radicale_server: Radicale) -> None:
    _, reading = await through(row, radicale_server, password=f" {PASSWORD[:3]} {PASSWORD[3:]}\u00a0")
    assert len(reading.keys) == 300


@pytest.mark.parametrize("row", [row for row in ROWS if table_of(row).start], ids=code)
async def test_a_provider_that_does_not_answer_is_down_and_not_mistyped(row: Provider) -> None:
    async with internet(*hosts(row)) as net:
        row = with_table(row, start=str(URL(table_of(row).start, encoded=True).with_port(1)))
        account = Account(provider=row, grant=Password("user_some", PASSWORD))
        with import_fails() as caught:
            await read(source("carddav"), account, using=settings(**net.settings))
    assert caught.value.code == Code.UNAVAILABLE
