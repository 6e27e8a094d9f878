"""A server that the caller named and that can't be reached: nothing tells why."""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.imports.to_error import ImportFailure
from contactport.net.failures import Unreachable
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from tests.import_fails import UNREACHABLE, Caught, import_fails
from tests.servers.server_process import free_port
from tests.servers.source_run import PASSWORD, provider, read, settings, with_table


async def failure(
    server: str, *, allow: str = "127.0.0.0/8", code: str = "carddav", username: str = "alice"
) -> Caught:
    account = Account(provider=provider(code), grant=Password(username, PASSWORD, server))
    using = settings(allow_network=[allow], connect_seconds=0.5, first_byte_seconds=0.5)
    with import_fails() as caught:
        await read(CardDav(), account, using=using)
    return caught


@contextmanager
def silent() -> Generator[int]:
    """A port that takes no more connections, and does not say so."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        yield port
        for one in waiting:
            one.close()


async def test_all_of_them_look_alike() -> None:
    with silent() as port:
        silence = await failure(f"http://127.0.0.1:{port}/")
    errors = {
        "refused by the guard": await failure("http://10.0.0.1/"),
        "refused by the guard, by name": await failure("https://localhost/"),
        "an address of nobody": await failure("http://[fe80::1]:5232/", allow="fe80::/10"),
        "refused connection": await failure(f"http://127.0.0.1:{free_port()}/"),
        "a name that leads nowhere": await failure("https://nowhere.invalid/"),
        "silence": silence,
    }
    told = {name: (type(error.kind), error.value) for name, error in errors.items()}
    assert set(told.values()) == {(Unreachable, ImportFailure(Code.IMPORT_FAILED, UNREACHABLE))}, told


@pytest.mark.parametrize("code", ["nextcloud", "sogo"])
async def test_a_row_of_self_hosted_servers_is_no_different(code: str) -> None:
    error = (await failure(f"http://127.0.0.1:{free_port()}/", code=code)).value
    assert (error.code, error.text, error.provider_failed) == (Code.IMPORT_FAILED, UNREACHABLE, False)


async def test_a_provider_that_everybody_knows_is_down() -> None:
    row = with_table(provider("posteo"), start=f"https://127.0.0.1:{free_port()}/")
    account = Account(provider=row, grant=Password("alice", PASSWORD))
    with import_fails() as caught:
        await read(CardDav(), account)
    assert caught.value.code == Code.UNAVAILABLE
    assert caught.value.provider_failed
