"""Where to look for an account's books: the provider's row, the caller's server, or what the DNS says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from urllib.parse import quote

import msgspec
from yarl import URL

from contactport.grant import OAuthToken
from contactport.net.dns_resolver import DnsResolver
from contactport.net.registrable_domain import matches, same_owner
from contactport.sources.base import Account
from contactport.sources.carddav.account_auth import login_of
from contactport.sources.carddav.table import PROTOCOL, table_of
from contactport.sources.failures import NotServed, ServerRequired
from contactport.sources.providers import Provider, Providers
from contactport.sources.server_address import Server, parse_server

WELL_KNOWN = "/.well-known/carddav"


class Endpoint(msgspec.Struct, frozen=True):
    """A URL to try, and whose it is. A guess (by who takes the domain's mail) may be wrong: its no is not final."""

    url: URL
    provider: Provider
    guess: bool = False


class Endpoints(msgspec.Struct, frozen=True):
    """Where to look, in the order in which to try.

    `not_served` is who takes the mail of the account's domain, where that one's address books can't be read.
    """

    tries: list[Endpoint]
    not_served: Provider | None = None


async def find_endpoints(account: Account, dns: DnsResolver, providers: Providers) -> Endpoints:
    """Where to look.

    Raises ServerRequired, ServerInvalid, and NotServed for a provider that takes no passwords.
    """
    provider, login = account.provider, login_of(account)
    if table_of(provider).start and not (provider.self_hosted and login.server):
        return Endpoints(_of_row(_region(provider, login.username, providers), login.username))
    if isinstance(account.grant, OAuthToken) or (not login.server and "@" not in login.username):
        # A token is for its provider's own servers: no address leads it to another.
        raise ServerRequired
    server = parse_server(login.server or login.username.rpartition("@")[2])
    own = [Endpoint(url, provider) for url in _on(server, provider, login.username)]
    if not server.bare:
        return Endpoints(own)
    known = providers.of_domain(server.host) if provider.code == "carddav" else None
    if known is not None:
        if not _reads(known):
            raise NotServed(known)
        return Endpoints(_of_row(known, login.username))
    asked = await _asked(server.host, provider, login.username, dns, providers)
    return Endpoints(_unique([*asked.tries, *own]), asked.not_served)


async def _asked(
    domain: str, provider: Provider, username: str, dns: DnsResolver, providers: Providers
) -> Endpoints:
    """What the DNS says of a domain: it names its own server (RFC 6764), or a known provider takes its mail."""
    if "." not in domain:
        return Endpoints([])
    mail_hosts, services = await asyncio.gather(
        dns.mail_hosts(domain), dns.services(f"_carddavs._tcp.{domain}")
    )
    found: list[Endpoint] = []
    for service in services:
        # Whoever can forge an unsigned answer could have the password sent to a host of their own.
        if service.dnssec_validated or same_owner(service.host, domain) or is_known(service.host, providers):
            port = "" if service.port == 443 else f":{service.port}"
            path = quote(service.path, safe="/%:@!$&'()*+,;=~-._") or WELL_KNOWN
            found.append(Endpoint(URL(f"https://{service.host}{port}{path}", encoded=True), provider))
    if not found and username.lower().endswith("@" + domain):
        for row in filter(None, map(providers.of_mail_host, mail_hosts)):
            if _reads(row):
                return Endpoints(_of_row(row, username, guess=True))
            return Endpoints([], row)
    return Endpoints(found)


def is_known(host: str, providers: Providers) -> bool:
    """Whether a provider's books are at this host."""
    return any(
        URL(table.start.replace("{", "").replace("}", "")).host == host
        or any(matches(host, pattern) for pattern in table.hosts)
        for table in (table_of(row) for row in providers if _reads(row))
    )


def _region(provider: Provider, username: str, providers: Providers) -> Provider:
    """A provider with servers of several regions has a row for each (`zoho`, `zoho_eu`): the user's domain tells."""
    known = providers.of_domain(username.rpartition("@")[2])
    if known is not None and known.code.startswith(provider.code + "_") and _reads(known):
        return known
    return provider


def _reads(row: Provider) -> bool:
    """Whether the row leads to a server that a name and a password open."""
    return "password" in row.methods and row.protocol("password") == PROTOCOL and bool(table_of(row).start)


def _of_row(provider: Provider, username: str, *, guess: bool = False) -> list[Endpoint]:
    table = table_of(provider)
    start = URL(_filled(table.start, username), encoded=True)
    urls = [start, start.with_path(WELL_KNOWN, encoded=True)]
    urls += [start.with_path(_filled(path, username), encoded=True) for path in table.paths]
    return _unique(Endpoint(url, provider, guess) for url in urls)


def _on(server: Server, provider: Provider, username: str) -> list[URL]:
    """On a server that the user named: the path that was given, the well-known one, the root, the usual ones."""
    paths = [server.path] if server.path.strip("/") else []
    base = server.path.rstrip("/")
    usual = [_filled(path, username) for path in table_of(provider).paths]
    if base:
        paths += [base + path for path in usual]
    paths += [WELL_KNOWN, "/", *usual]
    return [server.url(path) for path in dict.fromkeys(paths)]


def _filled(template: str, username: str) -> str:
    domain = username.rpartition("@")[2]
    return template.replace("{username}", quote(username, safe="@", errors="replace")).replace(
        "{domain}", quote(domain, safe="", errors="replace")
    )


def _unique(found: Iterable[Endpoint]) -> list[Endpoint]:
    return list({place.url: place for place in reversed(list(found))}.values())[::-1]
