"""What a user gave so that their contacts can be read: a password, a token, or a file.

A grant is carried whole from the request to the source, and is sealed in between. No `repr` shows what is in it, and
no log, error or URL holds any of it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Way = Literal["password", "consent", "file"]
"""How an import comes: by a name and a password, by consent at the provider's own page, or by a file."""


class Password(msgspec.Struct, frozen=True, tag="password"):
    """The user's name and password at a provider. `server` is empty unless the caller named one that counts."""

    username: str
    password: str
    server: str = ""

    def __repr__(self) -> str:
        return "Password()"


class OAuthToken(msgspec.Struct, frozen=True, kw_only=True, tag="oauth_token"):
    """What a provider's token endpoint gave after the user's consent (RFC 6749 section 5.1).

    `expires_at` is in seconds since 1970, 0 where the provider did not say. `client_key` is the row of the OAuth
    client that the token was issued to, 0 for none: only that client may refresh or revoke it. `email` is the
    account's address, where it is known.
    """

    access_token: str
    refresh_token: str = ""
    expires_at: int = 0
    scopes: tuple[str, ...] = ()
    client_key: int = 0
    email: str = ""

    def __repr__(self) -> str:
        return "OAuthToken()"


class Upload(msgspec.Struct, frozen=True, kw_only=True, tag="upload"):
    """A file that the user uploaded; its bytes are stored apart.

    `format` is a name of the formats' registry, empty until it is known; `size` is in bytes. `columns` are the fields
    that the user has given to columns of a table, by number from 1, and `charset` is its character set, where the
    user has chosen it.
    """

    format: str = ""
    name: str = ""
    size: int = 0
    columns: dict[str, str] = {}
    charset: str = ""

    def __repr__(self) -> str:
        return "Upload()"


Grant = Password | OAuthToken | Upload


def encode(grant: Grant) -> bytes:
    """The bytes to seal: they say which of the three it is."""
    return msgspec.json.encode(grant)


def decode(plain: bytes) -> Grant:
    """What `encode` was given. Raises msgspec.DecodeError."""
    return msgspec.json.decode(plain, type=Grant)


def account_name(grant: Grant) -> str:
    """The name of the account that it opens, as far as it is known: a user name, an e-mail address, or nothing."""
    match grant:
        case Password():
            return grant.username
        case OAuthToken():
            return grant.email
        case Upload():
            return ""
