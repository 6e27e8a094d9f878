"""GET requests of one account to a provider's API, with an access token and within bounds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from yarl import URL

from contactport.contact import Photo
from contactport.grant import OAuthToken
from contactport.net.auth import Auth, Bearer
from contactport.net.client import Client
from contactport.net.failures import ConnectionLost, NotHttp, TooLarge, Unreadable
from contactport.net.response import Response
from contactport.net.retries import retry_after
from contactport.net.time_slice import TimeSlice
from contactport.net.trusted_hosts import TrustedHosts
from contactport.sources.base import Account
from contactport.sources.failures import AccessDenied, BookRefused, Failure, RateLimited, Unavailable
from contactport.sources.hosted.json_page import JsonPage, parse_object, parse_page

PAGE_BYTES = 16 * 1024 * 1024
"""A page of a thousand contacts has one or two million."""
_REFUSAL_BYTES = 64 * 1024
_MOST_WORDS = 50
ELSEWHERE = "it leads to another host"
_T = TypeVar("_T")


class ApiRefusal(Exception):
    """An answer that is not the 200 asked for.

    `status` is HTTP's; `words` are the names that the answer gives to its reasons (`rateLimitExceeded`), wherever
    they stand in it, never shown to anybody. `retry_after` are the seconds that it asks for, more than the client
    waits for by itself.
    """

    def __init__(self, status: int, words: frozenset[str] = frozenset(), asked: float | None = None) -> None:
        self.status = status
        self.words = words
        self.retry_after = None if asked is None else math.ceil(asked)
        super().__init__(f"status {status}")


def failure_by_status(refused: ApiRefusal, rest: int) -> Failure:
    """The kind of failure that a refusal amounts to, where its words say nothing of their own.

    `rest` are the seconds to wait where too many requests came and the provider does not say how long.
    """
    if refused.status == 429:
        return RateLimited(refused.retry_after or rest)
    if refused.status == 403 and refused.words:
        return AccessDenied()
    if refused.status >= 500 or refused.status < 400:
        return Unavailable(refused.retry_after)
    return BookRefused()


class ApiClient:
    """Of one account, at the host of `base`. The token goes to no other, and nothing is read from any other."""

    def __init__(self, client: Client, base: URL, auth: Auth) -> None:
        self.client = client
        self.base = base
        self.time_slice = TimeSlice()
        """For every loop over what a server has sent."""
        self.proven = False
        """Whether the provider has taken the token once."""
        self._auth = auth

    def owns(self, url: URL) -> bool:
        """Whether this URL is at the provider's own address."""
        return url.is_absolute() and url.origin() == self.base.origin() and not url.user

    async def get(self, url: URL, most: int = PAGE_BYTES) -> bytes:
        """The JSON of a 200. Raises ApiRefusal, TooLarge past `most` bytes, Unreadable, and the client's errors."""
        return (await self._fetch(url, most, "application/json"))[1]

    async def page(self, url: URL, field: str, *, always: bool) -> JsonPage:
        """A page of a listing; see `parse_page`. Raises as `read()` does."""
        return await self.read(url, lambda body: parse_page(body, field, always=always))

    async def read(self, url: URL, parse: Callable[[bytes], _T]) -> _T:
        """What `parse` makes of a 200, or raises Unreadable about. Raises as `get()` does.

        An answer that breaks off or can't be read, and a 500, are asked for once more: the client itself sends again
        only what it had no answer to.
        """
        try:
            return parse(await self.get(url))
        except (ApiRefusal, ConnectionLost, Unreadable) as error:
            if isinstance(error, NotHttp) or (isinstance(error, ApiRefusal) and error.status != 500):
                raise
        return parse(await self.get(url))

    async def picture(self, url: URL, most: int) -> Photo | None:
        """A picture; None where what comes is none. Raises as `get()` does."""
        kind, data = await self._fetch(url, most, "image/*")
        return Photo(kind, data) if kind.startswith("image/") and data else None

    async def _fetch(self, url: URL, most: int, accept: str) -> tuple[str, bytes]:
        """The media type and the body."""
        if not self.owns(url):
            raise Unreadable(ELSEWHERE)
        async with self.client.request("GET", url, headers={"Accept": accept}, auth=self._auth) as response:
            if not self.owns(response.url):
                raise Unreadable(ELSEWHERE)
            if response.status != 200:
                raise await _refused(response)
            self.proven = True
            kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            try:
                return kind, await response.read(most)
            except TooLarge as error:
                if error.limit == "short_response":
                    raise TooLarge("response_bytes", most) from None
                raise


async def _refused(response: Response) -> ApiRefusal:
    body = await response.start(_REFUSAL_BYTES)
    asked = retry_after(response.headers.get("Retry-After"))
    return ApiRefusal(response.status, words_of(body), asked)


def words_of(body: bytes) -> frozenset[str]:
    """The reasons that a refusal names: Google's `status`, `errors[].reason` and `details[].reason`, Microsoft's
    `code`, also within `innerError`."""
    found = parse_object(body) or {}
    words: set[str] = set()
    for word in _words(found.get("error"), 0):
        words.add(word)
        if len(words) >= _MOST_WORDS:
            break
    return frozenset(words)


def _words(value: object, depth: int) -> Iterator[str]:
    if depth > 4:
        return
    if isinstance(value, list):
        for one in cast("list[Any]", value)[:_MOST_WORDS]:
            yield from _words(one, depth + 1)
    if isinstance(value, dict):
        values = cast("dict[str, Any]", value)
        for name in ("status", "reason", "code"):
            word = values.get(name)
            if isinstance(word, str) and word:
                yield word[:100]
        for name in ("errors", "details", "innerError", "innererror"):
            yield from _words(values.get(name), depth + 1)


def token_of(account: Account) -> OAuthToken:
    """The account's grant. Raises TypeError for another kind: no provider's row offers that by this protocol."""
    if not isinstance(account.grant, OAuthToken):
        raise TypeError(f"{account.provider.code} is read by a token here, not by {account.grant!r}")
    return account.grant


def bearer_of(account: Account, base: URL) -> Bearer:
    """To be sent to the host of `base`, and to none of its siblings."""
    hosts = TrustedHosts([base.host or ""], siblings=False)
    return Bearer(token_of(account).access_token, hosts, account.refresh)
