"""Trusted hosts: which hosts may get an account's secret, with any scheme.

A server leads to others, by redirects and by addresses in its answers. A secret follows only to hosts of the same
registrable domain, or to those that the provider's row names.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yarl import URL

from contactport.net.registrable_domain import matches, same_owner


class TrustedHosts:
    """Of one account, for the time of one import.

    `hosts` are trusted, as are those that match `patterns` (`*.icloud.com`), and with `siblings` every host of the
    same registrable domain as one of `hosts`.
    """

    def __init__(
        self, hosts: Iterable[str] = (), patterns: Sequence[str] = (), *, siblings: bool = True
    ) -> None:
        self._hosts = set(hosts)
        self._patterns = list(patterns)
        self._siblings = siblings

    def trust(self, host: str, *patterns: str) -> None:
        """Add a host that the user named or a known provider's, and the patterns of that provider's others."""
        self._hosts.add(host)
        self._patterns += patterns

    def trusts(self, url: URL) -> bool:
        """Whether this URL's host may be sent the secret."""
        host = url.host or ""
        return (
            host in self._hosts
            or any(matches(host, pattern) for pattern in self._patterns)
            or (self._siblings and any(same_owner(host, trusted) for trusted in self._hosts))
        )

    def belongs(self, url: URL) -> bool:
        """Whether this URL's host is one of the provider's own, as its row names them."""
        return any(matches(url.host or "", pattern) for pattern in self._patterns)
