"""A user's name and password: to whom they may be sent, and in which form.

A server is first asked without them. Its challenge chooses the form: over TLS Basic, which costs no round trip
later; in the clear (networks that the operator allowed) Digest, the strongest on offer, before Basic. A server
that refuses and names no form at all is sent Basic over TLS. What worked once is sent unasked from then on.

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

from contactport.net.challenge import Challenge, parse
from contactport.net.digest import Digest, strength
from contactport.net.domains import matches, same_owner

ATTEMPTS = 4
Form = Literal["basic", "digest"]
Origin = tuple[str, str, int]


class Spelling(msgspec.Struct, frozen=True):
    """One way of writing the user's name, in one character set."""

    username: str
    charset: Literal["utf-8", "latin-1"]


class Sent(msgspec.Struct, frozen=True):
    """What one request carried."""

    form: Form
    spelling: int
    digest: Digest | None = None


def _origin(url: URL) -> Origin:
    return (url.scheme, url.host or "", url.port or 0)


class Credentials:
    """One account's, for the time of one import.

    `hosts` may be sent them, as may hosts of the same registrable domain and those that match `patterns`
    (`*.icloud.com`). `local_part` allows the name before the @ as a second try.
    """

    def __init__(
        self,
        username: str,
        password: str,
        *,
        hosts: Iterable[str] = (),
        patterns: Sequence[str] = (),
        local_part: bool = False,
    ) -> None:
        self._password = password
        self._hosts = set(hosts)
        self._patterns = list(patterns)
        self._spellings = list(_spellings(username, password, local_part))
        self._attempts = 0
        self._failed: set[tuple[Form, int]] = set()
        self._accepted: int | None = None
        self._forms: dict[Origin, Sent] = {}
        self._offered: dict[Origin, set[Form]] = {}
        self._challenged: set[Origin] = set()
        self._proven: set[Origin] = set()
        self.unsupported = False
        """Whether the server only offered forms that a name and a password can't answer."""

    def __repr__(self) -> str:
        return "Credentials()"

    def trust(self, host: str, *patterns: str) -> None:
        """Lets another host have them, one that the user named or a known provider's, and that provider's others."""
        self._hosts.add(host)
        self._patterns += patterns

    def trusts(self, url: URL) -> bool:
        """Whether this URL's host may be sent them."""
        host = url.host or ""
        return (
            host in self._hosts
            or any(matches(host, pattern) for pattern in self._patterns)
            or any(same_owner(host, trusted) for trusted in self._hosts)
        )

    def belongs(self, url: URL) -> bool:
        """Whether this URL's host is one of the provider's own, as its row names them."""
        return any(matches(url.host or "", pattern) for pattern in self._patterns)

    def insist(self, url: URL) -> bool:
        """Sends Basic unasked from now on; False where that is already so, or not safe."""
        if (
            url.scheme != "https"
            or _origin(url) in self._forms
            or not self.trusts(url)
            or not self._spellings
        ):
            return False
        self._forms[_origin(url)] = Sent("basic", self._accepted or 0)
        return True

    def authorise(self, method: str, url: URL) -> tuple[str, Sent] | None:
        """The Authorization for a request, or None while the server has not asked. The host must be trusted."""
        sent = self._forms.get(_origin(url))
        if sent is None:
            basic = any(form.form == "basic" for form in self._forms.values())
            if self._accepted is None or not basic or url.scheme != "https":
                return None
            sent = self._forms[_origin(url)] = Sent("basic", self._accepted)
        spelling = self._spellings[sent.spelling]
        if sent.digest is not None:
            header = sent.digest.header(
                method, url.raw_path_qs, spelling.username, self._password, spelling.charset
            )
            return header, sent
        pair = f"{spelling.username}:{self._password}".encode(spelling.charset)
        return "Basic " + base64.b64encode(pair).decode("ascii"), sent

    def accept(self, url: URL, sent: Sent, info: str = "") -> None:
        """The server answered a request with `sent` by something else than 401."""
        self._accepted = sent.spelling
        self._attempts = 0
        origin = _origin(url)
        if origin in self._challenged:
            self._proven.add(origin)
        if sent.digest is not None and info:
            follow = parse([f"Digest {info}"])
            if follow and follow[0]["nextnonce"]:
                sent.digest.renew(follow[0]["nextnonce"])

    def is_proven(self, url: URL) -> bool:
        """Whether this origin has refused a request without them, and then let them in."""
        return _origin(url) in self._proven

    def retry(self, url: URL, sent: Sent | None, headers: Sequence[str]) -> bool:
        """After a 401 to a request that carried `sent`: whether there is something further to try."""
        origin = _origin(url)
        self._challenged.add(origin)
        current = self._forms.get(origin)
        if sent is not None and current is not None and current is not sent and current.digest is None:
            # Another request of the same time has moved on already.
            return True
        challenges = parse(headers)
        if sent is not None and sent.digest is not None and self._attempts < ATTEMPTS:
            fresh = _strongest(challenges)
            stale = fresh is not None and (
                fresh["stale"].lower() == "true"
                or (self._accepted is not None and fresh["nonce"] != sent.digest.challenge["nonce"])
            )
            if fresh is not None and stale:
                self._attempts += 1
                self._forms[origin] = Sent("digest", sent.spelling, Digest(fresh))
                return True
        if sent is not None:
            self._failed.add((sent.form, sent.spelling))
            if self._accepted is not None:
                # It worked a moment ago, perhaps at another host: what changed is not the spelling.
                return False
        for form, spelling in self._choices(url, headers, challenges):
            if (form, spelling) in self._failed:
                continue
            if self._attempts >= ATTEMPTS:
                return False
            self._attempts += 1
            fresh = _strongest(challenges)
            digest = Digest(fresh) if form == "digest" and fresh is not None else None
            self._forms[origin] = Sent(form, spelling, digest)
            return True
        return False

    def _choices(
        self, url: URL, headers: Sequence[str], challenges: Sequence[Challenge]
    ) -> Iterable[tuple[Form, int]]:
        tls = url.scheme == "https"
        # Some servers offer one form fewer after each refusal.
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
        forms: tuple[Form, ...] = ("basic",) if tls and "basic" in offered else ("digest", "basic")
        if self._accepted is not None:
            spellings: Iterable[int] = (self._accepted,)
        else:
            spellings = (
                place
                for place, spelling in enumerate(self._spellings)
                if not (utf8 and spelling.charset == "latin-1")
            )
        return [(form, place) for place in spellings for form in forms if form in offered]


def _strongest(challenges: Sequence[Challenge]) -> Challenge | None:
    ranked = [(place, challenge) for challenge in challenges if (place := strength(challenge)) is not None]
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else None


def _spellings(username: str, password: str, local_part: bool) -> Iterable[Spelling]:
    names = [username]
    if local_part and username.partition("@")[0] not in ("", username):
        names.append(username.rpartition("@")[0])
    for name in names:
        pair = name + password
        charsets: tuple[Literal["utf-8", "latin-1"], ...] = (
            ("utf-8",) if pair.isascii() else ("utf-8", "latin-1")
        )
        for charset in charsets:
            try:
                pair.encode(charset)
            except UnicodeEncodeError:
                continue
            yield Spelling(name, charset)
