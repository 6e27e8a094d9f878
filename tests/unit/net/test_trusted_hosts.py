from __future__ import annotations

import pytest
from yarl import URL

from contactport.net.trusted_hosts import TrustedHosts


@pytest.mark.parametrize(
    ("host", "trusted"),
    [
        ("dav.example.com", True),
        ("p07.example.com", True),
        ("example.com", True),
        ("p07-contacts.icloud.com", True),
        ("icloud.com.evil.example", False),
        ("notexample.com", False),
        ("example.org", False),
        ("bob.synology.me", False),
        ("127.0.0.1", False),
    ],
)
def test_hosts_of_the_same_registrable_domain_and_the_providers(host: str, trusted: bool) -> None:
    hosts = TrustedHosts(["dav.example.com", "alice.synology.me"], ["*.icloud.com"])
    assert hosts.trusts(URL(f"https://{host}/")) is trusted


def test_only_the_hosts_that_are_named_where_no_siblings_are_wanted() -> None:
    hosts = TrustedHosts(["people.example.com"], ["*.contacts.example.net"], siblings=False)
    assert hosts.trusts(URL("https://people.example.com/"))
    assert hosts.trusts(URL("https://p1.contacts.example.net/"))
    assert not hosts.trusts(URL("https://other.example.com/"))
    assert not hosts.trusts(URL("https://example.com/"))


def test_a_host_that_is_added_later_brings_its_providers_others() -> None:
    hosts = TrustedHosts()
    assert not hosts.trusts(URL("https://contacts.icloud.com/"))
    hosts.trust("dav.example.com", "*.icloud.com")
    assert hosts.trusts(URL("https://contacts.icloud.com/"))
    assert hosts.belongs(URL("https://contacts.icloud.com/"))
    assert not hosts.belongs(URL("https://dav.example.com/"))
