"""Checks of the settings, and of what they name."""

from __future__ import annotations

import difflib
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

from contactport.cli.checks.finding import Finding, good, note, wrong
from contactport.settings import NO_SETTINGS, PREFIX, RENAMED, SettingError, Settings, load

ANSWER_SECONDS = 3.0


def read(
    data: str | None, config: Path | None, environment: Mapping[str, str]
) -> tuple[Settings | None, list[Finding]]:
    """The settings as `serve` would read them (None where it can't), and what is to be said of that."""
    renamed: list[str] = []
    try:
        settings = load(config, environment, {"data": data}, renamed.append)
    except SettingError as error:
        fix = "correct it; docs/operations.md has the table of settings"
        return None, [wrong("settings", str(error), fix)]
    return settings, [good("settings", "they can be read"), *(note("settings", text) for text in renamed)]


def strangers(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Unknown variables that look like settings, mostly misspelt names."""
    names = [name.upper() for name in Settings.__struct_fields__]
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if name == variable or name in names or name.lower() in RENAMED or name.startswith(NO_SETTINGS):
            continue
        near = difflib.get_close_matches(name, names, 1)
        fix = f"did you mean {PREFIX}{near[0]}?" if near else "unset it"
        yield wrong("settings", f"{variable} is set, but there is no such setting", fix)


def public_url(settings: Settings) -> Iterator[Finding]:
    """Whether the address that browsers are told can be one."""
    from contactport.http.origins import check_public_url

    try:
        check_public_url(settings)
    except SettingError as error:
        yield wrong("public url", str(error), f"correct public_url ({PREFIX}PUBLIC_URL)")


def networks(settings: Settings) -> Iterator[Finding]:
    """Whether the allowed networks can be read, and whether they are as narrow as they should be."""
    if not settings.allow_network:
        yield good("networks", "imports reach public servers only")
    # Here: the command's own help need not wait for aiohttp.
    from contactport.net.guard import parse_network

    for text in settings.allow_network:
        try:
            network = parse_network(text)
        except SettingError as error:
            yield wrong("networks", str(error), f"correct allow_network ({PREFIX}ALLOW_NETWORK)")
            continue
        if network.block.prefixlen == 0:
            yield wrong(
                "networks",
                f"imports may reach {text}: everything, this host's own services among it",
                "name the networks of the address books' servers only, such as 192.168.1.0/24:5232",
            )
        else:
            yield note("networks", f"imports may reach {text}")


def authorities(settings: Settings) -> Iterator[Finding]:
    """Whether the file of further certificate authorities holds some, and whether the system has any."""
    context = ssl.create_default_context()
    if not settings.ca_file and not context.get_ca_certs() and not _has_folder_of_authorities():
        yield wrong(
            "authorities",
            "this system has no certificate authority, so no provider can be trusted",
            "install them (on Debian and Ubuntu: apt-get install ca-certificates)",
        )
        return
    if not settings.ca_file:
        yield good("authorities", "the system's certificate authorities are trusted")
        return
    try:
        context.load_verify_locations(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        yield wrong(
            "authorities",
            f"ca_file: {settings.ca_file} can't be read: {error.strerror or error}",
            f"name a readable file of certificates in PEM ({PREFIX}CA_FILE)",
        )
    else:
        yield good(
            "authorities", f"the authorities in {settings.ca_file} are trusted in addition to the system's"
        )


def _has_folder_of_authorities() -> bool:
    # None where there is no such folder, whatever the type says.
    folder: str | None = ssl.get_default_verify_paths().capath
    return bool(folder) and any(Path(folder).iterdir())


def resolver(settings: Settings) -> Iterator[Finding]:
    """Whether a name server answers. Any answer is enough."""
    # Here, because it takes a tenth of a second that the other commands need not wait for.
    import dns.exception
    import dns.message
    import dns.query
    import dns.resolver

    from contactport.net.dns_resolver import resolver_of

    try:
        asked = resolver_of(settings.resolver)
    except SettingError as error:
        yield wrong("resolver", str(error), f"correct {PREFIX}RESOLVER")
        return
    except dns.resolver.NoResolverConfiguration:
        yield wrong("resolver", "this system has no name server", "name one in /etc/resolv.conf")
        return
    question = dns.message.make_query(".", "NS")
    for server in asked.nameservers:
        address = server if isinstance(server, str) else server.answer_nameserver()
        try:
            dns.query.udp(question, address, timeout=ANSWER_SECONDS, port=asked.port)
        except (OSError, dns.exception.DNSException):
            continue
        yield good("resolver", f"the name server {address} answers")
        return
    whose = f"{PREFIX}RESOLVER names" if settings.resolver else "/etc/resolv.conf names"
    yield wrong(
        "resolver",
        f"no name server answers ({whose}: {', '.join(map(str, asked.nameservers)) or 'none'}), so no provider "
        "can be found by its name",
        "name one that does, and let this host reach its port 53",
    )


def exposure(settings: Settings) -> Iterator[Finding]:
    """Whether passwords could be sent without encryption."""
    if settings.host not in ("localhost", "::1") and not settings.host.startswith("127."):
        yield note(
            "exposure",
            f"the service listens on {settings.host}, which other hosts may reach, and speaks no TLS itself",
            "put a proxy with TLS in front, and let nobody reach the service without it",
        )
