from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.net.guard import AddressInfo, Guard, Network, is_public, parse_network, verdict
from contactport.settings import SettingError

FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3ffe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
]


def info(host: str, port: int = 443) -> AddressInfo:
    if ":" in host:
        return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))


def dial(
    guard: Guard, name: str, address: str, port: int = 443, *, tls: bool = True, via: str | None = None
) -> None:
    """One connection's worth: a socket is made, and not connected."""
    with guard.hop(name, tls=tls, via=via):
        guard.socket(info(address, port)).close()


@contextmanager
def refused() -> Generator[None]:
    with pytest.raises(ConnectionRefusedError) as caught:
        yield
    assert caught.value.errno == errno.ECONNREFUSED


class TestAddresses:
    @pytest.mark.parametrize("address", FORBIDDEN)
    def test_what_is_no_public_host_is_never_dialled_by_default(self, address: str) -> None:
        assert not is_public(ipaddress.ip_address(address))
        assert verdict(address, 443, tls=True) is None
        with refused():
            dial(Guard(), "host.example", address)

    @pytest.mark.parametrize("address", PUBLIC)
    def test_public_hosts_are_dialled(self, address: str) -> None:
        assert verdict(address, 443, tls=True) == "public"

    @given(st.ip_addresses())
    def test_nothing_is_public_that_python_calls_private_or_special(
        self, address: ipaddress.IPv4Address | ipaddress.IPv6Address
    ) -> None:
        if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
            assert not is_public(address)

    @given(st.ip_addresses(v=4))
    def test_an_address_in_the_clothes_of_ipv6_is_not_public(self, address: ipaddress.IPv4Address) -> None:
        for prefix in ("::", "::ffff:", "64:ff9b::"):
            assert not is_public(ipaddress.ip_address(f"{prefix}{address}"))
        assert not is_public(ipaddress.ip_address(0x2002 << 112 | int(address) << 80 | 1))

    def test_what_is_no_address_is_refused(self) -> None:
        assert verdict("localhost", 443, tls=True) is None
        assert verdict("fe80::1%eth0", 443, tls=True) is None


class TestPorts:
    @pytest.mark.parametrize("port", [443, 8443, 8843, 5001, 636, 993])
    def test_the_usual_ports_are_open(self, port: int) -> None:
        assert verdict("8.8.8.8", port, tls=True) == "public"

    @pytest.mark.parametrize("port", [0, 22, 25, 80, 444, 3306, 6379, 8080])
    def test_others_are_not(self, port: int) -> None:
        assert verdict("8.8.8.8", port, tls=True) is None

    def test_nothing_public_is_reached_in_the_clear(self) -> None:
        assert verdict("8.8.8.8", 443, tls=False) is None
        assert verdict("8.8.8.8", 80, tls=False) is None


class TestAllowedNetworks:
    def test_any_port_and_plain_http_are_open_there(self) -> None:
        networks = [parse_network("127.0.0.0/8")]
        assert verdict("127.0.0.1", 5232, tls=False, networks=networks) == networks[0].block

    def test_a_port_limits_it_to_that_port(self) -> None:
        networks = [parse_network("127.0.0.0/8:5232")]
        assert verdict("127.0.0.1", 5232, tls=False, networks=networks) == networks[0].block
        assert verdict("127.0.0.1", 443, tls=True, networks=networks) is None

    def test_a_mapped_address_is_not_the_network_it_maps_to(self) -> None:
        assert verdict("::ffff:127.0.0.1", 443, tls=True, networks=[parse_network("127.0.0.0/8")]) is None

    @pytest.mark.parametrize(
        ("text", "block", "port"),
        [
            ("10.0.0.0/8", "10.0.0.0/8", None),
            ("10.0.0.0/8:8443", "10.0.0.0/8", 8443),
            ("127.0.0.1", "127.0.0.1/32", None),
            ("127.0.0.1:80", "127.0.0.1/32", 80),
            ("fd00::/8", "fd00::/8", None),
            ("fd00::/8:8443", "fd00::/8", 8443),
            ("[fd00::1]:8443", "fd00::1/128", 8443),
            ("[fd00::/64]:8443", "fd00::/64", 8443),
            ("::1", "::1/128", None),
        ],
    )
    def test_they_are_written_as_cidr_with_or_without_a_port(
        self, text: str, block: str, port: int | None
    ) -> None:
        assert parse_network(text) == Network(ipaddress.ip_network(block), port)

    @pytest.mark.parametrize(
        "text",
        ["", "everything", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/8:0", "10.0.0.0/8:99999", "[fd00::1"],
    )
    def test_what_is_no_network_is_named_in_the_error(self, text: str) -> None:
        with pytest.raises(SettingError, match="allow_network"):
            parse_network(text)


class TestTheWayThere:
    """An allowed private network is reached because the user named it, or from the same network."""

    networks = (parse_network("10.0.0.0/8"), parse_network("192.168.0.0/16"))

    def test_the_user_may_name_it(self) -> None:
        dial(Guard(self.networks), "nas.example", "10.0.0.1", 5232, tls=False)

    def test_a_public_host_does_not_lead_there(self) -> None:
        guard = Guard(self.networks)
        dial(guard, "public.example", "8.8.8.8")
        with refused():
            dial(guard, "nas.example", "10.0.0.1", via="public.example")

    def test_a_host_that_nobody_has_dialled_counts_as_public(self) -> None:
        with refused():
            dial(Guard(self.networks), "nas.example", "10.0.0.1", via="unknown.example")

    def test_a_host_that_nobody_has_dialled_does_not_lead_to_itself(self) -> None:
        with refused():
            dial(Guard(self.networks), "nas.example", "10.0.0.1", via="nas.example")

    def test_a_host_of_the_same_network_leads_there(self) -> None:
        guard = Guard(self.networks)
        dial(guard, "nas.example", "10.0.0.1")
        dial(guard, "other.example", "10.9.9.9", 8080, tls=False, via="nas.example")

    def test_another_allowed_network_is_not_the_same(self) -> None:
        guard = Guard(self.networks)
        dial(guard, "nas.example", "10.0.0.1")
        with refused():
            dial(guard, "other.example", "192.168.0.1", via="nas.example")

    def test_from_a_private_network_public_hosts_are_reached(self) -> None:
        guard = Guard(self.networks)
        dial(guard, "nas.example", "10.0.0.1")
        dial(guard, "public.example", "8.8.8.8", via="nas.example")

    def test_a_name_that_was_public_and_now_leads_inside_is_refused(self) -> None:
        guard = Guard(self.networks)
        dial(guard, "rebinding.example", "8.8.8.8")
        with refused():
            dial(guard, "rebinding.example", "10.0.0.1")
        with refused():
            dial(guard, "rebinding.example", "10.0.0.1", via="rebinding.example")

    def test_a_name_with_both_kinds_of_addresses_is_public(self) -> None:
        guard = Guard(self.networks)
        dial(guard, "both.example", "10.0.0.1")
        dial(guard, "both.example", "8.8.8.8")
        with refused():
            dial(guard, "inside.example", "10.0.0.2", via="both.example")

    def test_an_open_connection_inside_is_not_lent_to_a_public_host(self) -> None:
        guard = Guard(self.networks)
        dial(guard, "nas.example", "10.0.0.1")
        dial(guard, "public.example", "8.8.8.8")
        with refused(), guard.hop("nas.example", tls=True, via="public.example"):
            pass

    def test_no_socket_is_made_outside_a_request(self) -> None:
        with refused():
            Guard(self.networks).socket(info("8.8.8.8"))
