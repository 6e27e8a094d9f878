"""A user's name and password, sent by Basic or by Digest.

A server is first asked without them. Its challenge chooses the scheme: over TLS Basic, which costs no round trip
later; in the clear (networks that the operator allowed) Digest, the strongest on offer, before Basic. A server
that refuses and names no scheme at all is sent Basic over TLS. What worked once is sent unasked from then on.

A refused password is tried again only in another spelling: Latin-1 where no character set was named, and the
local part of an address where the provider's users have such names. No more than ATTEMPTS in all, so that nobody's
account is locked by our guessing.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from yarl import URL

from contactport.net.auth import AuthFlow
from contactport.net.challenge import Challenge, parse
from contactport.net.digest import Digest, strength
from contactport.net.trusted_hosts import TrustedHosts

ATTEMPTS = 4
Charset = Literal["utf-8", "latin-1"]
Scheme = Literal["basic", "digest"]
Origin = tuple[str, str, int]


class Spelling(msgspec.Struct, frozen=True):
    """One way of writing the user's name, in one character set."""

    username: str
    charset: Charset


class Basic:
    """The Basic scheme (RFC 7617)."""

    name: Scheme = "basic"

    def header(self, method: str, target: str, username: str, password: str, charset: Charset) -> str:
        """The value of Authorization; it is the same for every request."""
        pair = f"{username}:{password}".encode(charset)
        return "Basic " + base64.b64encode(pair).decode("ascii")


class Sent(msgspec.Struct, frozen=True, eq=False):
    """What one request carried."""

    scheme: Basic | Digest
    spelling: int


def _origin(url: URL) -> Origin:
    return (url.scheme, url.host or "", url.port or 0)


class PasswordAuth:
    """One account's, for the time of one import. `local_part` allows the name before the @ as a second try."""

    def __init__(
        self, username: str, password: str, hosts: TrustedHosts, *, local_part: bool = False
    ) -> None:
        self.hosts = hosts
        self.unsupported = False
        self._password = password
        self._spellings = list(_spellings(username, password, local_part))
        self._attempts = 0
        self._failed: set[tuple[Scheme, int]] = set()
        self._accepted: int | None = None
        self._chosen: dict[Origin, Sent] = {}
        self._offered: dict[Origin, set[Scheme]] = {}
        self._challenged: set[Origin] = set()
        self._proven: set[Origin] = set()

    def __repr__(self) -> str:
        return "PasswordAuth()"

    def begin(self, method: str, url: URL) -> AuthFlow:
        return _PasswordFlow(self, method, url)

    def insist(self, url: URL) -> bool:
        """Send Basic unasked from now on; False where that is already so, or not safe."""
        if (
            url.scheme != "https"
            or _origin(url) in self._chosen
            or not self.hosts.trusts(url)
            or not self._spellings
        ):
            return False
        self._chosen[_origin(url)] = Sent(Basic(), self._accepted or 0)
        return True

    def authorise(self, method: str, url: URL) -> tuple[str, Sent] | None:
        """The Authorization for a request, or None while the server has not asked. The host must be trusted."""
        sent = self._chosen.get(_origin(url))
        if sent is None:
            basic = any(chosen.scheme.name == "basic" for chosen in self._chosen.values())
            if self._accepted is None or not basic or url.scheme != "https":
                return None
            sent = self._chosen[_origin(url)] = Sent(Basic(), self._accepted)
        spelling = self._spellings[sent.spelling]
        header = sent.scheme.header(
            method, url.raw_path_qs, spelling.username, self._password, spelling.charset
        )
        return header, sent

    def accept(self, url: URL, sent: Sent, info: str = "") -> None:
        """The server answered a request with `sent` by something else than 401."""
        self._accepted = sent.spelling
        self._attempts = 0
        origin = _origin(url)
        if origin in self._challenged:
            self._proven.add(origin)
        if isinstance(sent.scheme, Digest) and info:
            follow = parse([f"Digest {info}"])
            if follow and follow[0]["nextnonce"]:
                sent.scheme.renew(follow[0]["nextnonce"])

    def is_proven(self, url: URL) -> bool:
        """Whether this origin has refused a request without them, and then let them in."""
        return _origin(url) in self._proven

    def retry(self, url: URL, sent: Sent | None, headers: Sequence[str]) -> bool:
        """After a 401 to a request that carried `sent`: whether there is something further to try."""
        origin = _origin(url)
        self._challenged.add(origin)
        current = self._chosen.get(origin)
        if (
            sent is not None
            and current is not None
            and current is not sent
            and isinstance(current.scheme, Basic)
        ):
            # Another request of the same time has moved on already.
            return True
        challenges = parse(headers)
        if sent is not None and isinstance(sent.scheme, Digest) and self._attempts < ATTEMPTS:
            fresh = _strongest(challenges)
            stale = fresh is not None and (
                fresh["stale"].lower() == "true"
                or (self._accepted is not None and fresh["nonce"] != sent.scheme.challenge["nonce"])
            )
            if fresh is not None and stale:
                self._attempts += 1
                self._chosen[origin] = Sent(Digest(fresh), sent.spelling)
                return True
        if sent is not None:
            self._failed.add((sent.scheme.name, sent.spelling))
            if self._accepted is not None:
                # It worked a moment ago, perhaps at another host: what changed is not the spelling.
                return False
        for scheme, spelling in self._choices(url, headers, challenges):
            if (scheme, spelling) in self._failed:
                continue
            if self._attempts >= ATTEMPTS:
                return False
            self._attempts += 1
            fresh = _strongest(challenges)
            digest = Digest(fresh) if scheme == "digest" and fresh is not None else None
            self._chosen[origin] = Sent(digest or Basic(), spelling)
            return True
        return False

    def _choices(
        self, url: URL, headers: Sequence[str], challenges: Sequence[Challenge]
    ) -> Iterable[tuple[Scheme, int]]:
        tls = url.scheme == "https"
        # Some servers offer one scheme fewer after each refusal.
        offered = self._offered.setdefault(_origin(url), set())
        utf8 = False
        for challenge in challenges:
            if challenge.scheme == "basic":
                offered.add("basic")
            elif strength(challenge) is not None:
                offered.add("digest")
            utf8 = utf8 or challenge["charset"].lower() == "utf-8"
        if not headers and tls:
            offered.add("basic")
        self.unsupported = not offered and bool(challenges)
        schemes: tuple[Scheme, ...] = ("basic",) if tls and "basic" in offered else ("digest", "basic")
        if self._accepted is not None:
            spellings: Iterable[int] = (self._accepted,)
        else:
            spellings = (
                place
                for place, spelling in enumerate(self._spellings)
                if not (utf8 and spelling.charset == "latin-1")
            )
        return [(scheme, place) for place in spellings for scheme in schemes if scheme in offered]


class _PasswordFlow:
    def __init__(self, auth: PasswordAuth, method: str, url: URL) -> None:
        self._auth = auth
        self._method = method
        self._url = url
        self._sent: Sent | None = None

    @property
    def doubtful(self) -> bool:
        return self._auth.is_proven(self._url)

    def authorization(self) -> str | None:
        found = self._auth.authorise(self._method, self._url)
        if found is None:
            self._sent = None
            return None
        header, self._sent = found
        return header

    async def refused(self, challenges: Sequence[str]) -> bool:
        return self._auth.retry(self._url, self._sent, challenges)

    def accepted(self, info: str) -> None:
        if self._sent is not None:
            self._auth.accept(self._url, self._sent, info)


def _strongest(challenges: Sequence[Challenge]) -> Challenge | None:
    ranked = [(place, challenge) for challenge in challenges if (place := strength(challenge)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _spellings(username: str, password: str, local_part: bool) -> Iterable[Spelling]:
    names = [username]
    if local_part and username.partition("@")[0] not in ("", username):
        names.append(username.rpartition("@")[0])
    for name in names:
        pair = name + password
        charsets: tuple[Charset, ...] = ("utf-8",) if pair.isascii() else ("utf-8", "latin-1")
        for charset in charsets:
            try:
                pair.encode(charset)
            except UnicodeEncodeError:
                continue
            yield Spelling(name, charset)
