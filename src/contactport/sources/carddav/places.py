"""Where to look for an account's books: the provider's row, the caller's server, or what the DNS says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from urllib.parse import quote

import msgspec
from yarl import URL

from contactport.errors import Code, WireError
from contactport.net.domains import matches, same_owner
from contactport.net.names import Names
from contactport.sources.base import Account
from contactport.sources.providers import Provider, of_domain, of_mail_host, providers
from contactport.sources.server import Server, parse_server

WELL_KNOWN = "/.well-known/carddav"


class Place(msgspec.Struct, frozen=True):
    """A URL to try, and whose it is. A guess (by who takes the domain's mail) may be wrong: its no is not final."""

    url: URL
    provider: Provider
    guess: bool = False


async def places(account: Account, names: Names) -> list[Place]:
    """In the order in which to try them.

    Raises WireError 2 for a server that is none, 257 with the row's words where the provider takes no passwords.
    """
    provider = account.provider
    if provider.start and not (provider.self_hosted and account.server):
        return _of_row(provider, account.username)
    if not account.server and "@" not in account.username:
        raise WireError(
            Code.INVALID_PARAMETERS, "`server` is required unless the user name is an e-mail address."
        )
    server = parse_server(account.server or account.username.rpartition("@")[2])
    own = [Place(url, provider) for url in _on(server, provider, account.username)]
    if not server.bare:
        return own
    known = of_domain(server.host) if provider.code == "carddav" else None
    if known is not None:
        if not _reads(known):
            raise WireError(Code.IMPORT_FAILED, known.sorry)
        return _of_row(known, account.username)
    return _unique([*await _asked(server.host, account, names), *own])


async def _asked(domain: str, account: Account, names: Names) -> list[Place]:
    """What the DNS says of a domain: it names its own server (RFC 6764), or a known provider takes its mail."""
    if "." not in domain:
        return []
    mail_hosts, services = await asyncio.gather(
        names.mail_hosts(domain), names.services(f"_carddavs._tcp.{domain}")
    )
    found: list[Place] = []
    for service in services:
        # Whoever can forge an unsigned answer could have the password sent to a host of their own.
        if service.vouched or same_owner(service.host, domain) or is_known(service.host):
            port = "" if service.port == 443 else f":{service.port}"
            path = quote(service.path, safe="/%:@!$&'()*+,;=~-._") or WELL_KNOWN
            found.append(Place(URL(f"https://{service.host}{port}{path}", encoded=True), account.provider))
    if not found and account.username.endswith("@" + domain):
        for host in mail_hosts:
            row = of_mail_host(host)
            if row is not None and _reads(row):
                return _of_row(row, account.username, guess=True)
    return found


def is_known(host: str) -> bool:
    """Whether a provider's books are at this host."""
    return any(
        _reads(row)
        and (
            URL(row.start.replace("{", "").replace("}", "")).host == host
            or any(matches(host, pattern) for pattern in row.credential_hosts)
        )
        for row in providers().values()
    )


def _reads(row: Provider) -> bool:
    return row.method == "password" and row.protocol == "carddav" and bool(row.start)


def _of_row(provider: Provider, username: str, *, guess: bool = False) -> list[Place]:
    start = URL(_filled(provider.start, username), encoded=True)
    urls = [start, start.with_path(WELL_KNOWN, encoded=True)]
    urls += [start.with_path(_filled(path, username), encoded=True) for path in provider.paths]
    return _unique(Place(url, provider, guess) for url in urls)


def _on(server: Server, provider: Provider, username: str) -> list[URL]:
    """On a server that the user named: the path that was given, the well-known one, the root, the usual ones."""
    paths = [server.path] if server.path.strip("/") else []
    base = server.path.rstrip("/")
    usual = [_filled(path, username) for path in provider.paths]
    if base:
        paths += [base + path for path in usual]
    paths += [WELL_KNOWN, "/", *usual]
    return [server.url(path) for path in dict.fromkeys(paths)]


def _filled(template: str, username: str) -> str:
    return template.replace("{username}", quote(username, safe="@")).replace(
        "{domain}", quote(username.rpartition("@")[2], safe="")
    )


def _unique(found: Iterable[Place]) -> list[Place]:
    return list({place.url: place for place in reversed(list(found))}.values())[::-1]
