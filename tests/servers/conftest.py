"""Servers that all tests of a process share, because a new server needs seconds to build its cache."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from samples.book import cards
from tests.servers.cyrus import Cyrus, cyrus
from tests.servers.davical import Davical, davical
from tests.servers.radicale import Radicale, radicale
from tests.servers.sogo import PERSONAL, Sogo, sogo
from tests.servers.source_run import PASSWORD
from tests.servers.xandikos import Xandikos, xandikos

SIZES = {"user_none": 0, "user_one": 1, "user_some": 300, "user_many": 1000}
USERS = [
    *SIZES,
    *("user_big", "user_bookless", "user_several", "user_groups", "user_broken", "user_named"),
    *("jürgen", "someone@example.com", "shy"),
]


@pytest.fixture(scope="session")
def radicale_server() -> Generator[Radicale]:
    """Users without a book of their own here lay one themselves, each in one test."""
    with radicale(dict.fromkeys(USERS, PASSWORD)) as server:
        for user, count in SIZES.items():
            server.book(user, "contacts", cards(count))
        yield server


@pytest.fixture(scope="session")
def xandikos_servers() -> Generator[dict[int, Xandikos]]:
    """One a size: a Xandikos without sign-in has one user."""
    with xandikos() as none, xandikos() as one, xandikos() as some, xandikos() as many:
        servers = {0: none, 1: one, 300: some, 1000: many}
        for count, server in servers.items():
            if count:
                server.fill(cards(count))
        yield servers


@pytest.fixture(scope="session")
def cyrus_server() -> Generator[Cyrus]:
    """`user_big` and `shy` are filled by the test that wants them."""
    with cyrus([*SIZES, "user_big", "shy"], PASSWORD) as server:
        for user, count in SIZES.items():
            server.fill(user, cards(count))
        yield server


@pytest.fixture(scope="session")
def davical_server() -> Generator[Davical]:
    """Users without a book of their own here make one themselves, each in one test."""
    users = [*SIZES, "user_bookless", "user_several", "user_broken", "shy"]
    with davical(users, PASSWORD) as server:
        for user, count in SIZES.items():
            server.book(user, "contacts", cards(count))
        yield server


@pytest.fixture(scope="session")
def sogo_server() -> Generator[Sogo]:
    """`user_several` and `shy` are filled by the test that wants them."""
    with sogo([*SIZES, "user_several", "shy"], PASSWORD) as server:
        for user, count in SIZES.items():
            server.book(user, PERSONAL, cards(count))
        yield server
