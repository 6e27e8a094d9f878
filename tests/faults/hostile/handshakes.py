"""Hostile handshakes: what a server sends before TLS stands (RFC 8446 section 5.1 has the form of a record)."""

from __future__ import annotations

import itertools

from tests.faults.hostile.scenario import END, RESET, ScenarioRequest, Steps, scenario

_HANDSHAKE = b"\x16\x03\x03"
_SERVER_HELLO = b"\x02"
_WARNING = b"\x15\x03\x03\x00\x02\x01\x70"
"""An alert that is only a warning: unrecognized_name."""
_FATAL = b"\x15\x03\x03\x00\x02\x02\x28"
"""handshake_failure."""


@scenario("handshakes", kind="handshake")
def handshake_in_silence(_: ScenarioRequest) -> Steps:
    return itertools.repeat(0.05)


@scenario("handshakes", kind="handshake")
def handshake_byte_by_byte(_: ScenarioRequest) -> Steps:
    """One message, whose bytes come for ever."""
    begun = _HANDSHAKE + b"\x3f\xff" + _SERVER_HELLO + b"\x00\x3f\xfb\x03\x03"
    return itertools.chain([begun], itertools.cycle([b"\x00", 0.02]))


@scenario("handshakes", kind="handshake")
def handshake_of_sixteen_megabytes(_: ScenarioRequest) -> Steps:
    """One message as long as its length can say."""
    begun = _HANDSHAKE + b"\x3f\xff" + _SERVER_HELLO + b"\xff\xff\xff" + bytes(0x3FFF - 4)
    return itertools.chain([begun], itertools.repeat(_HANDSHAKE + b"\x3f\xff" + bytes(0x3FFF), 2000))


@scenario("handshakes", kind="handshake")
def handshake_of_broken_records(_: ScenarioRequest) -> Steps:
    return itertools.repeat(b"\x16\x03\x01\xff\xff" * 10_000, 2000)


@scenario("handshakes", kind="handshake")
def handshake_of_warnings(_: ScenarioRequest) -> Steps:
    return itertools.repeat(_WARNING * 5000, 2000)


@scenario("handshakes", kind="handshake")
def handshake_of_empty_records(_: ScenarioRequest) -> Steps:
    return itertools.repeat((_HANDSHAKE + b"\x00\x00") * 5000, 2000)


@scenario("handshakes", kind="handshake")
def handshake_of_cipher_changes(_: ScenarioRequest) -> Steps:
    return itertools.repeat(b"\x14\x03\x03\x00\x01\x01" * 5000, 2000)


@scenario("handshakes", kind="handshake")
def handshake_refused_by_an_alert(_: ScenarioRequest) -> Steps:
    return iter([_FATAL, END])


@scenario("handshakes", kind="handshake")
def handshake_reset(_: ScenarioRequest) -> Steps:
    return iter([RESET])


@scenario("handshakes", kind="handshake")
def handshake_in_the_clear(_: ScenarioRequest) -> Steps:
    return iter([b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 0\r\n\r\n", END])
