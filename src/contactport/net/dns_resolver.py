"""DNS resolver: addresses, and the servers of a mail domain for address books and mail."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import cast

import dns.asyncresolver
import dns.exception
import dns.flags
import dns.resolver
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from dns.rdata import Rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.SRV import SRV

from contactport.net.registrable_domain import is_host
from contactport.settings import SettingError

LIFETIME = 5.0
"""Seconds for one question."""
SERVICES = 5
"""As many targets of one SRV name are looked at: a zone may have thousands, and none of them asked to be visited."""
HOSTS = 20
"""The same for MX."""


class SrvTarget(msgspec.Struct, frozen=True):
    """A SRV record's target, with the path of its TXT record (RFC 6764 sections 3 and 4).

    `vouched` says that a resolver which is trusted has checked the answer by DNSSEC: else anyone on the way may have
    written it.
    """

    host: str
    port: int
    path: str = ""
    dnssec_validated: bool = False


def resolver_of(setting: str) -> dns.asyncresolver.Resolver:
    """A resolver for `Settings.resolver`: `IP`, `IP:port` or `[IP]:port`; empty is the system's.

    Raises SettingError, and dns.resolver.NoResolverConfiguration where the system has none.
    """
    if not setting:
        return dns.asyncresolver.Resolver()
    host, port = setting, 53
    if setting.startswith("["):
        host, _, rest = setting[1:].partition("]")
        port_text = rest.removeprefix(":")
    elif setting.count(":") == 1:
        host, _, port_text = setting.partition(":")
    else:
        port_text = ""
    resolver = dns.asyncresolver.Resolver(configure=False)
    try:
        port = int(port_text) if port_text else port
        if not 0 < port < 65536:
            raise ValueError("no port")
        resolver.port = port
        resolver.nameservers = [host]
    except ValueError:
        raise SettingError(f"resolver: {setting!r} is not an address. Write IP or IP:port.") from None
    return resolver


class DnsResolver:
    """Questions to the DNS. An answer that does not come is an empty one: discovery goes on without it.

    That an answer was checked by DNSSEC is one bit of it (AD, RFC 6840 section 5.8), which anyone between the
    resolver and this machine can set. It counts from a resolver on this machine, and where the operator says that the
    way to theirs is safe (`trusted`).
    """

    def __init__(self, setting: str = "", *, trusted: bool = False) -> None:
        self._setting = setting
        self._trusted = trusted
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def services(self, name: str) -> list[SrvTarget]:
        """The targets of `_carddavs._tcp.DOMAIN` and the like, best first."""
        answer = await self._ask(name, "SRV")
        if answer is None:
            return []
        records = [record for record in _records(answer) if isinstance(record, SRV)]
        records.sort(key=lambda record: (record.priority, -record.weight))
        path = await self._path(name)
        dnssec_validated = bool(answer.response.flags & dns.flags.AD) and self._counts(answer)
        return [
            SrvTarget(host, record.port, path, dnssec_validated)
            for record in records
            if record.port and is_host(host := record.target.to_text(omit_final_dot=True).lower())
        ][:SERVICES]

    async def mail_hosts(self, domain: str) -> list[str]:
        """The hosts that take the domain's mail, best first."""
        answer = await self._ask(domain, "MX")
        records = [record for record in _records(answer) if isinstance(record, MX)]
        records.sort(key=lambda record: record.preference)
        return [record.exchange.to_text(omit_final_dot=True).lower() for record in records[:HOSTS]]

    def _counts(self, answer: dns.resolver.Answer) -> bool:
        """Whether the AD bit of this answer says anything."""
        return self._trusted or is_this_machine(str(answer.nameserver))

    async def _path(self, name: str) -> str:
        answer = await self._ask(name, "TXT")
        for record in _records(answer):
            if isinstance(record, TXT):
                for text in record.strings:
                    key, _, value = text.decode("utf-8", "replace").partition("=")
                    if key.strip().lower() == "path" and value.startswith("/"):
                        return value
        return ""

    async def _ask(self, name: str, kind: str) -> dns.resolver.Answer | None:
        try:
            if self._resolver is None:
                self._resolver = resolver_of(self._setting)
                self._resolver.use_edns(0, 0, 1232)
                self._resolver.flags = dns.flags.RD | dns.flags.AD
            return await self._resolver.resolve(name, kind, lifetime=LIFETIME, search=False)
        except (dns.exception.DNSException, OSError, ValueError):
            return None


def is_this_machine(address: str) -> bool:
    """Whether nobody else stands between this process and that address."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _records(answer: dns.resolver.Answer | None) -> list[Rdata]:
    return [] if answer is None or answer.rrset is None else list(cast("Iterable[Rdata]", answer.rrset))


class AiohttpResolver(AbstractResolver):
    """aiohttp's look-ups by the resolver that the settings name. Raises OSError for a name that leads nowhere."""

    def __init__(self, setting: str) -> None:
        self._resolver = resolver_of(setting)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        try:
            answers = await self._resolver.resolve_name(host, family, lifetime=LIFETIME, search=False)
        except (dns.exception.DNSException, ValueError):
            raise OSError(None, "the name leads nowhere") from None
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in answers.addresses()
        ]

    async def close(self) -> None:
        """Nothing is kept open."""


async def addresses_of(host: str, port: int, resolver: AbstractResolver | None) -> list[str]:
    """A host's addresses; its own where it is one, and none where its name leads nowhere.

    Without a resolver the system's is asked.
    """
    try:
        return [str(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:
        pass
    try:
        if resolver is not None:
            return [found["host"] for found in await resolver.resolve(host, port, socket.AF_UNSPEC)]
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [str(address[0]) for *_, address in found]
    except (OSError, UnicodeError):
        return []
