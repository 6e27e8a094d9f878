from __future__ import annotations

import pytest

from contactport.net.registrable_domain import is_host, matches, registrable, same_owner


@pytest.mark.parametrize(
    "name",
    ["example.com", "a_b.example", "xn--bcher-kva.example", "10.0.0.1", "::1", "localhost", "example.com."],
)
def test_names_that_a_host_can_have(name: str) -> None:
    assert is_host(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..b",
        "xn--0.example",
        "XN--0.example",
        "xn--.example",
        "-a.example",
        "a b",
        "a%00b",
        "a" * 64,
        "a." * 130,
        "fe80::1%eth0",
        "bücher.example",
        "\udcff",
        "[::1]",
    ],
)
def test_names_that_none_can_have(name: str) -> None:
    assert not is_host(name)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("dav.example.com", "example.com"),
        ("example.com", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("Dav.Example.COM.", "example.com"),
        ("alice.synology.me", "alice.synology.me"),
        ("nas.alice.synology.me", "alice.synology.me"),
        ("localhost", "localhost"),
        ("co.uk", "co.uk"),
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_registrable_domain(host: str, domain: str) -> None:
    assert registrable(host) == domain


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("dav.example.com", "p1.example.com", True),
        ("dav.example.com", "example.org", False),
        ("alice.github.io", "bob.github.io", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "10.0.0.1", True),
    ],
)
def test_who_belongs_together(one: str, other: str, same: bool) -> None:
    assert same_owner(one, other) is same


def test_patterns_name_a_host_or_all_below_a_domain() -> None:
    assert matches("p07.icloud.com", "*.icloud.com")
    assert not matches("icloud.com", "*.icloud.com")
    assert not matches("evilicloud.com", "*.icloud.com")
    assert matches("Posteo.de", "posteo.de")
