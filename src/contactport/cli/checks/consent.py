"""Consent: the redirect URI to register, and the OAuth clients that serve or would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from contactport.cli.checks.finding import Finding, good, note, wrong
from contactport.settings import Settings, redirect_uri

NO_PUBLIC_URL = (
    "Nobody has said under which address browsers reach this service, so no redirect URI can be named, and nobody "
    "can consent: set public_url (CONTACTPORT_PUBLIC_URL), such as https://contacts.example.com."
)


class RegisteredClient(msgspec.Struct, frozen=True):
    """An OAuth client without its secret. `domain` is None for the installation's.

    `redirect_uri` is the application's own, empty for the service's.
    """

    provider: str
    domain: str | None
    name: str
    client_id: str
    lost: bool
    fault: str | None
    redirect_uri: str


def consent(settings: Settings, clients: Sequence[RegisteredClient]) -> Iterator[Finding]:
    """What is to be said of these clients, and of those in the settings file; nothing where there is none."""
    if not clients and not settings.oauth:
        return
    uri = redirect_uri(settings)
    if not uri:
        yield wrong("consent", "no public_url is set, so no provider can send a browser back", NO_PUBLIC_URL)
    elif uri.startswith("http://") and settings.public_url:
        yield note(
            "consent",
            f"the redirect URI to register at every provider, to the letter: {uri}",
            "put a proxy that speaks TLS in front: most providers take http:// for localhost alone",
        )
    else:
        yield good("consent", f"the redirect URI to register at every provider, to the letter: {uri}")
    for one in clients:
        yield from _client(one, uri)
    for provider, given in settings.oauth.items():
        yield good(provider, f"of the settings file: {given.client_id}")


def _client(one: RegisteredClient, uri: str) -> Iterator[Finding]:
    from contactport.oauth.faults import sentence

    whose = "the installation's" if one.domain is None else f"that of domain {one.domain!r}"
    who = f"{whose}{f', named {one.name!r}' if one.name else ''}"
    if one.lost:
        yield wrong(
            one.provider,
            f"{who}: its secret is lost with the key ring that opened it",
            f"set it again: contactport oauth set {one.provider}{_options(one)} --client-secret -",
        )
    elif one.fault:
        fix = sentence(one.fault, one.redirect_uri or uri)
        yield wrong(one.provider, f"{who}: the last sign-in met a set-up fault", fix)
    else:
        relayed = f", with the redirect URI {one.redirect_uri}" if one.redirect_uri else ""
        yield good(one.provider, f"{who}: {one.client_id}{relayed}")


def _options(one: RegisteredClient) -> str:
    domain = "" if one.domain is None else f" --domain {one.domain!r}"
    return f"{domain}{f' --name {one.name}' if one.name else ''}"
