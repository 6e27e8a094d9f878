from __future__ import annotations

import socket

import dns.asyncresolver
import dns.nameserver
import pytest

from contactport.net import dns_resolver
from contactport.net.dns_resolver import (
    SERVICES,
    AiohttpResolver,
    DnsResolver,
    SrvTarget,
    is_this_machine,
    resolver_of,
)
from contactport.settings import SettingError
from tests.unit.net.name_server import name_server

ZONE = {
    ("_carddavs._tcp.example.com", "SRV"): [
        "20 0 443 second.example.com.",
        "10 5 443 light.example.com.",
        "10 60 8443 Heavy.example.com.",
    ],
    ("_carddavs._tcp.example.com", "TXT"): ['"txtvers=1" "path=/dav/"'],
    ("_carddavs._tcp.none.example.com", "SRV"): ["0 0 0 ."],
    ("example.com", "MX"): ["20 backup.example.net.", "10 in1-smtp.messagingengine.com."],
    ("dav.example.com", "A"): ["127.0.0.1"],
    ("dav.example.com", "AAAA"): ["::1"],
}


async def test_services_come_best_first_with_the_path_of_the_text_record() -> None:
    async with name_server(ZONE) as resolver:
        found = await DnsResolver(resolver).services("_carddavs._tcp.example.com")
    assert found == [
        SrvTarget("heavy.example.com", 8443, "/dav/"),
        SrvTarget("light.example.com", 443, "/dav/"),
        SrvTarget("second.example.com", 443, "/dav/"),
    ]


async def test_a_service_that_is_expressly_not_offered_is_none() -> None:
    async with name_server(ZONE) as resolver:
        assert await DnsResolver(resolver).services("_carddavs._tcp.none.example.com") == []


async def test_a_checked_answer_says_so() -> None:
    async with name_server(ZONE, dnssec_validated=True) as resolver:
        found = await DnsResolver(resolver).services("_carddavs._tcp.example.com")
    assert all(service.dnssec_validated for service in found)


class AnotherMachine(dns.nameserver.Do53Nameserver):
    """A name server that answers from elsewhere, as far as anybody can tell."""

    def answer_nameserver(self) -> str:
        return "192.0.2.53"


@pytest.mark.parametrize("trusted", [False, True])
async def test_a_checked_answer_of_another_machine_counts_where_the_operator_says_so(
    trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(setting: str) -> dns.asyncresolver.Resolver:
        resolver = resolver_of(setting)
        resolver.nameservers = [AnotherMachine(str(resolver.nameservers[0]), resolver.port)]
        return resolver

    monkeypatch.setattr(dns_resolver, "resolver_of", elsewhere)
    async with name_server(ZONE, dnssec_validated=True) as resolver:
        found = await DnsResolver(resolver, trusted=trusted).services("_carddavs._tcp.example.com")
    assert [service.dnssec_validated for service in found] == [trusted] * 3


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.53", True),
        ("::1", True),
        ("192.168.1.1", False),
        ("8.8.8.8", False),
        ("https://1.1.1.1/", False),
    ],
)
def test_this_machine_is_its_loopback(address: str, here: bool) -> None:
    assert is_this_machine(address) is here


async def test_a_zone_of_many_targets_is_not_visited_everywhere() -> None:
    zone = {("_carddavs._tcp.example.com", "SRV"): [f"{n} 0 443 h{n}.example.org." for n in range(20)]}
    async with name_server(zone) as resolver:
        found = await DnsResolver(resolver).services("_carddavs._tcp.example.com")
    assert [service.host for service in found] == [f"h{n}.example.org" for n in range(SERVICES)]


@pytest.mark.parametrize("target", ["xn--0.example.", "a\\032b.example.", "\\000.example.", "*.example."])
async def test_a_target_that_no_host_can_have_is_left_out(target: str) -> None:
    zone = {("_carddavs._tcp.example.com", "SRV"): [f"0 0 443 {target}"]}
    async with name_server(zone) as resolver:
        assert await DnsResolver(resolver).services("_carddavs._tcp.example.com") == []


async def test_mail_hosts_come_best_first() -> None:
    async with name_server(ZONE) as resolver:
        found = await DnsResolver(resolver).mail_hosts("example.com")
    assert found == ["in1-smtp.messagingengine.com", "backup.example.net"]


@pytest.mark.parametrize("domain", ["nowhere.example", "a..b", "x" * 300, ""])
async def test_what_leads_nowhere_gives_nothing(domain: str) -> None:
    async with name_server(ZONE) as resolver:
        names = DnsResolver(resolver)
        assert await names.services(domain) == []
        assert await names.mail_hosts(domain) == []


async def test_addresses_come_from_the_named_resolver() -> None:
    async with name_server(ZONE) as resolver:
        named = AiohttpResolver(resolver)
        found = await named.resolve("dav.example.com", 443, socket.AF_UNSPEC)
        assert {entry["host"] for entry in found} == {"127.0.0.1", "::1"}
        with pytest.raises(OSError, match="nowhere"):
            await named.resolve("nowhere.example", 443, socket.AF_UNSPEC)
        await named.close()


@pytest.mark.parametrize("setting", ["dns.example", "127.0.0.1:port", "127.0.0.1:99999"])
def test_a_resolver_that_is_no_address_is_named_in_the_error(setting: str) -> None:
    with pytest.raises(SettingError, match="resolver"):
        AiohttpResolver(setting)
