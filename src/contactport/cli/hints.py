"""What the wire must not tell strangers, and the user of this machine may know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contactport.settings import Settings
from contactport.sources.providers import Provider

if TYPE_CHECKING:
    from contactport.sources.failures import Failure


def told(settings: Settings, provider: Provider, failure: Failure) -> str:
    """A failure with its code and text, and with a hint where there is one."""
    # Here: `--help` need not wait for aiohttp.
    from contactport.imports.to_error import to_error
    from contactport.net.failures import CertificateInvalid, Unreachable
    from contactport.sources.failures import NoAddressBook

    error = to_error(failure, "password")
    unreached = isinstance(failure, Unreachable | NoAddressBook) and not isinstance(
        failure, CertificateInvalid
    )
    hint = ""
    if unreached and provider.self_hosted and not settings.allow_network:
        hint = " A server on this host or in a private network is reached only with --allow-network CIDR."
    return f"code {int(error.code)}: {error.text}{hint}"
