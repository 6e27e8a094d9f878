"""Egress guard: which addresses may be dialled.

A caller names a server, and servers name further ones, so each address is judged at the socket, after every
look-up: a name that first leads to a public address and then to a private one gains nothing. `ipaddress`'s
`is_global` passes NAT64 and 6to4 on some versions of Python; the list here is our own.

Public addresses are reached over TLS and on the usual ports of address books and directories. An operator may
allow networks beside them (`Settings.allow_network`), on any port and over `http://` too. Such a network is
reached only because the user named it, or from the same network: never because a public host points there.

A refusal is the very error of a refused connection, so that nobody learns from it what stands behind.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import msgspec

from contactport.net.failures import CertificateInvalid, ConnectTimeout, ProxyUnavailable, Unreachable
from contactport.settings import SettingError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Block = ipaddress.IPv4Network | ipaddress.IPv6Network
AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]
"""What getaddrinfo gives: family, type, protocol, canonical name, address."""

Tunnel = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Asks the operator's proxy, on a connection to it, to lead on to the host that is meant."""

DIALLED = 6
"""Addresses of one host that are tried."""

PORTS = frozenset({443, 8443, 8843, 5001, 636, 993})
"""https and its usual alternatives, Posteo's and Synology's; LDAP and IMAP over TLS."""

NOT_PUBLIC: tuple[Block, ...] = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers (CGNAT)
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3ffe::/16",  # the 6bone of old
        "3fff::/20",  # documentation
    )
)
"""All of IPv4 that is no public host, and the same within GLOBAL_V6."""

GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
"""The only unicast that is given out: whatever lies outside is loopback, mapped or compatible IPv4, NAT64
(64:ff9b::/96 and 64:ff9b:1::/48), unique local, link-local, site-local, multicast or reserved."""

_KINDS: tuple[tuple[str, tuple[Block, ...]], ...] = tuple(
    (kind, tuple(ipaddress.ip_network(block) for block in blocks))
    for kind, blocks in (
        ("loopback address", ("127.0.0.0/8", "::1/128")),
        ("private address", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")),
        ("link-local address", ("169.254.0.0/16", "fe80::/10")),
        ("carrier's address", ("100.64.0.0/10",)),
    )
)
LED_THERE = "another network than the one that the user named"

_NETWORK = re.compile(r"\[?(?P<address>[0-9A-Fa-f.:]+?)(?:/(?P<length>\d{1,3}))?\]?(?::(?P<port>\d{1,5}))?")


class Network(msgspec.Struct, frozen=True):
    """A network that the operator allows; on one port, or (None) on all."""

    block: Block
    port: int | None = None


def parse_network(text: str) -> Network:
    """`CIDR` or `CIDR:port`, such as `192.168.1.0/24:5232`, `fd00::/8` or `[fd00::1]:8443`.

    An address alone is a network of one. Raises SettingError.
    """
    text = text.strip()
    try:
        if text.count(":") > 1 and "/" not in text and "[" not in text:
            return Network(ipaddress.ip_network(text))
        found = _NETWORK.fullmatch(text)
        if found is None or ("[" in text) != ("]" in text):
            raise ValueError("neither CIDR nor CIDR:port")
        length = f"/{found['length']}" if found["length"] else ""
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 0 < port < 65536:
            raise ValueError("the port is not between 1 and 65535")
        return Network(ipaddress.ip_network(found["address"] + length), port)
    except ValueError as error:
        raise SettingError(
            f"allow_network: {text!r} is not a network: {error}. Write CIDR or CIDR:port, such as "
            "192.168.1.0/24 or 127.0.0.0/8:5232."
        ) from None


def is_public(address: Address) -> bool:
    """Whether the address is a host of the public internet."""
    if address.version == 6 and address not in GLOBAL_V6:
        return False
    return not any(address.version == block.version and address in block for block in NOT_PUBLIC)


def verdict(
    host: str, port: int, *, tls: bool, networks: Sequence[Network] = ()
) -> Block | Literal["public"] | None:
    """`"public"`, or the allowed network's block that holds this address, or None: not to be dialled."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if tls and port in PORTS and is_public(address):
        return "public"
    for network in networks:
        if (
            address.version == network.block.version
            and address in network.block
            and network.port in (None, port)
        ):
            return network.block
    return None


def rule(host: str, port: int, *, tls: bool) -> str:
    """Which rule refuses this address, in words that hold nothing of it: for the operator's log."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "not an address"
    address = getattr(address, "ipv4_mapped", None) or address
    if not is_public(address):
        for kind, blocks in _KINDS:
            if any(address.version == block.version and address in block for block in blocks):
                return kind
        return "reserved address"
    return "public address without TLS" if not tls else "public address on an unusual port"


class Hop(msgspec.Struct):
    """One request's way: to which host, what the places that led there were, and whether it came to a dial."""

    host: str
    tls: bool
    origins: tuple[Block | Literal["public"], ...] = ()
    proxied: bool = False
    dialled: bool = False


_HOP: ContextVar[Hop] = ContextVar("contactport_hop")


class Guard:
    """Judges the connections of one client, and remembers in which network each host was found.

    A host that once was public stays public, whatever its name leads to later.
    """

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = networks
        self._hosts: dict[str, Block | Literal["public"]] = {}
        self.refused = ""
        """The rule by which the last address was refused; empty where none was."""

    def allow(self, networks: Sequence[Network]) -> None:
        """Further networks that this client alone may reach."""
        self._networks = (*self._networks, *networks)

    def verdict(self, address: str, port: int, *, tls: bool) -> Block | Literal["public"] | None:
        """What this client may do with an address: see the function of this name."""
        return verdict(address, port, tls=tls, networks=self._networks)

    @contextmanager
    def hop(self, host: str, *, tls: bool, via: str | None = None, proxied: bool = False) -> Generator[Hop]:
        """Within it, sockets are opened for a request to `host`, which `via`'s answer named (None: the user).

        `proxied` says that they lead to the operator's proxy, and that the host was found to be public.

        Raises ConnectionRefusedError where a connection that is already open must not be used either.
        """
        origins: list[Block | Literal["public"]] = []
        here = self._hosts.get(host)
        if here is not None:
            origins.append(here)
        if via is not None:
            # A host that an answer names and nobody has dialled yet has no network of its own to come from.
            there = self._hosts.get(via, "public")
            if here not in (None, "public", there):
                raise self.refuse(LED_THERE)
            origins.append(there)
        if proxied:
            self._hosts[host] = "public"
        hop = Hop(host, tls, tuple(origins), proxied)
        token = _HOP.set(hop)
        try:
            yield hop
        finally:
            _HOP.reset(token)

    def socket(self, info: AddressInfo) -> socket.socket:
        """A socket for exactly this address: aiohttp's `socket_factory`. Raises ConnectionRefusedError."""
        family, kind, protocol, _, address = info
        hop = _HOP.get(None)
        if hop is None:
            raise refusal()
        if hop.proxied:
            hop.dialled = True
            return socket.socket(family, kind, protocol)
        found = self.verdict(address[0], address[1], tls=hop.tls)
        if found is None:
            raise self.refuse(rule(address[0], address[1], tls=hop.tls))
        if found != "public" and any(origin != found for origin in hop.origins):
            raise self.refuse(LED_THERE)
        if found == "public" or hop.host not in self._hosts:
            self._hosts[hop.host] = found
        hop.dialled = True
        return socket.socket(family, kind, protocol)

    async def dial(
        self,
        host: str,
        addresses: Sequence[AddressInfo],
        *,
        tls: ssl.SSLContext | None,
        seconds: float,
        via: str | None = None,
        tunnel: Tunnel | None = None,
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first of a host's addresses that answers, whatever protocol is spoken on it.

        Without `tls` it is in the clear, which only networks of the operator's are reached by. With `tunnel` the
        addresses are the proxy's, and the host was found to be public. Raises Unreachable, ConnectTimeout,
        CertificateInvalid, and ProxyUnavailable where no tunnel comes about.
        """
        hop: Hop | None = None
        through = tunnel is None
        try:
            with self.hop(host, tls=tls is not None, via=via, proxied=tunnel is not None) as hop:
                async with asyncio.timeout(seconds):
                    reader, writer = await asyncio.open_connection(
                        sock=await self._connected(addresses[:DIALLED], seconds),
                        ssl=None if tunnel is not None else tls,
                        server_hostname=None if tunnel is not None or tls is None else host,
                    )
                    try:
                        if tunnel is not None:
                            await tunnel(reader, writer)
                            through = True
                            if tls is not None:
                                await writer.start_tls(tls, server_hostname=host)
                    except BaseException:
                        writer.transport.abort()
                        raise
                    return reader, writer
        except ssl.SSLCertVerificationError:
            raise CertificateInvalid from None
        except OSError as error:
            if not through:
                raise ProxyUnavailable from None
            if isinstance(error, TimeoutError):
                raise ConnectTimeout from None
            raise Unreachable(dialled=hop is not None and hop.dialled) from None

    async def _connected(self, addresses: Sequence[AddressInfo], seconds: float) -> socket.socket:
        """A connected socket; each address gets its part of the time."""
        failure: OSError = refusal()
        for address in addresses:
            try:
                connection = self.socket(address)
            except OSError as error:
                failure = error
                continue
            try:
                connection.setblocking(False)
                async with asyncio.timeout(seconds / len(addresses)):
                    await asyncio.get_running_loop().sock_connect(connection, address[4])
                return connection
            except OSError as error:
                connection.close()
                failure = error
            except BaseException:
                connection.close()
                raise
        raise failure

    def refuse(self, why: str) -> ConnectionRefusedError:
        """The error to raise for an address that must not be dialled; the rule is kept for the log."""
        self.refused = why
        return refusal()

    def is_private(self, host: str) -> bool:
        """Whether this host was found in a network that the operator allowed."""
        return self._hosts.get(host, "public") != "public"


def refusal() -> ConnectionRefusedError:
    """The error that the system gives where nothing listens."""
    return ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
