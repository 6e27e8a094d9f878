"""Grants: sealed whole, told apart by their tag, and never shown."""

import msgspec
import pytest

from contactport.grant import Grant, OAuthToken, Password, Upload, account_name, decode, encode

GRANTS: list[Grant] = [
    Password("user-canary", " password-canary ", "https://server-canary.example/"),
    Password("user-canary", "password-canary"),
    OAuthToken(
        access_token="access-canary",
        refresh_token="refresh-canary",
        expires_at=1_900_000_000,
        scopes=("contacts.read", "email"),
        client_key=7,
        email="mail-canary@example.org",
    ),
    OAuthToken(access_token="access-canary"),
    Upload(format="vcf", name="name-canary.vcf", size=12),
    Upload(),
]


@pytest.mark.parametrize("grant", GRANTS)
def test_a_grant_comes_back_as_what_it_was(grant: Grant) -> None:
    assert decode(encode(grant)) == grant


@pytest.mark.parametrize("grant", GRANTS)
def test_nothing_of_a_grant_stands_in_its_repr(grant: Grant) -> None:
    assert repr(grant) == f"{type(grant).__name__}()"


@pytest.mark.parametrize(
    "plain", [b"", b"{}", b'{"password":"p"}', b'{"type":"key","password":"p"}', b"\xff"]
)
def test_what_is_no_grant_is_refused(plain: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(plain)


def test_the_account_is_named_as_far_as_it_is_known() -> None:
    names = [account_name(grant) for grant in GRANTS]
    assert names == ["user-canary", "user-canary", "mail-canary@example.org", "", "", ""]
