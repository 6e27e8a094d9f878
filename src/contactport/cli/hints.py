"""What the wire must not tell strangers, and the user of this machine may know."""

from __future__ import annotations

from contactport.errors import Code, WireError
from contactport.settings import Settings
from contactport.sources.providers import Provider


def hint(settings: Settings, provider: Provider, error: WireError) -> str:
    """A sentence to add to an error's text; empty where there is none."""
    if error.code == Code.IMPORT_FAILED and provider.self_hosted and not settings.allow_network:
        return " A server on this host or in a private network is reached only with --allow-network CIDR."
    return ""
