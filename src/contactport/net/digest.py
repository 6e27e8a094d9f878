"""Digest access authentication (RFC 7616), with the older forms of some servers (RFC 2617, RFC 2069)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Literal

from contactport.net.challenge import Challenge


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


ALGORITHMS: dict[str, Callable[[bytes], str]] = {
    "sha-256": _sha256,
    "sha-256-sess": _sha256,
    "md5": _md5,
    "md5-sess": _md5,
}
"""Strongest first."""


def strength(challenge: Challenge) -> int | None:
    """The place of a Digest challenge in ALGORITHMS; None for one that can't be answered."""
    if challenge.scheme != "digest" or not challenge["nonce"]:
        return None
    if not all(value.isprintable() for value in challenge.parameters.values()):
        # Its realm and nonce have to be sent back as they are: what is not text can't be.
        return None
    wanted = [word.strip().lower() for word in challenge["qop"].split(",") if word.strip()]
    if wanted and "auth" not in wanted:
        return None
    try:
        return list(ALGORITHMS).index(challenge["algorithm"].lower() or "md5")
    except ValueError:
        return None


class Digest:
    """The answers to one challenge: the nonce's count goes up with each request."""

    name: Literal["basic", "digest"] = "digest"

    def __init__(self, challenge: Challenge) -> None:
        self.challenge = challenge
        self._nonce = challenge["nonce"]
        self._count = 0
        self._cnonce = secrets.token_hex(16)
        self._algorithm = challenge["algorithm"].lower() or "md5"

    def renew(self, nonce: str) -> None:
        """Goes on with `nextnonce` of Authentication-Info."""
        if nonce and nonce != self._nonce and "sess" not in self._algorithm:
            self._nonce = nonce
            self._count = 0

    def header(self, method: str, target: str, username: str, password: str, charset: str) -> str:
        """The value of Authorization for one request; `target` is the path with its query, as it is sent."""
        hashed = ALGORITHMS[self._algorithm]
        challenge = self.challenge
        self._count += 1
        count = f"{self._count:08x}"

        def joined(*parts: str) -> bytes:
            return ":".join(parts).encode("utf-8")

        # The realm is the server's own, whichever character set the name is tried in.
        secret = hashed(
            b":".join(
                (username.encode(charset), challenge["realm"].encode("utf-8"), password.encode(charset))
            )
        )
        if self._algorithm.endswith("-sess"):
            secret = hashed(joined(secret, self._nonce, self._cnonce))
        place = hashed(joined(method, target))
        if challenge["qop"]:
            response = hashed(joined(secret, self._nonce, count, self._cnonce, "auth", place))
        else:
            response = hashed(joined(secret, self._nonce, place))
        fields = [
            ("username", _quoted(username)),
            ("realm", _quoted(challenge["realm"])),
            ("nonce", _quoted(self._nonce)),
            ("uri", _quoted(target)),
            ("response", f'"{response}"'),
        ]
        if challenge["algorithm"]:
            fields.append(("algorithm", challenge["algorithm"]))
        if challenge["opaque"]:
            fields.append(("opaque", _quoted(challenge["opaque"])))
        if challenge["qop"]:
            fields += [("qop", "auth"), ("nc", count), ("cnonce", f'"{self._cnonce}"')]
        return "Digest " + ", ".join(f"{name}={value}" for name, value in fields)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
