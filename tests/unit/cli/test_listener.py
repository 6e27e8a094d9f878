"""Where the service listens, and what it says if it can't listen there."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from contactport.cli.exit_codes import CommandError
from contactport.cli.listener import is_loopback, listen, url_of


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def shut(listeners: list[socket.socket]) -> None:
    for one in listeners:
        one.close()


def test_port_0_takes_a_free_one_and_the_address_names_it() -> None:
    listeners = listen("127.0.0.1", 0)
    assert url_of("127.0.0.1", listeners[0]) == f"http://127.0.0.1:{listeners[0].getsockname()[1]}"
    assert listeners[0].getsockname()[1] > 0
    shut(listeners)


def test_a_host_of_several_addresses_listens_on_one_port_of_all() -> None:
    listeners = listen("localhost", 0)
    assert len({one.getsockname()[1] for one in listeners}) == 1
    assert all(map(is_loopback, listeners))
    shut(listeners)


def test_every_address_is_not_loopback() -> None:
    listeners = listen("0.0.0.0", 0)
    assert not is_loopback(listeners[0])
    shut(listeners)


def test_a_port_in_use_is_said(taken: int) -> None:
    with pytest.raises(CommandError, match=f"port {taken} of 127.0.0.1 is in use") as failure:
        listen("127.0.0.1", taken)
    assert failure.value.exit_code == 5


@pytest.mark.parametrize("host", ["192.0.2.1", "a..b"])
def test_a_host_that_is_not_here_is_said(host: str) -> None:
    with pytest.raises(CommandError, match=re.escape(host)) as failure:
        listen(host, 0)
    assert failure.value.exit_code == 5


def test_an_ipv6_address_stands_in_brackets() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        assert url_of("::1", one).startswith("http://[::1]:")
