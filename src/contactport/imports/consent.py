"""Consent: an import that waits until its user has agreed at the provider's own page.

Begun, it is pending and has a short URL. The browser that opens the URL first is sent on to the provider (`visit`).
It comes back to `/auth`, where only `state` is judged and the answer is sealed (`receive`), and is sent to the short
URL once more. There its cookie is checked, and only then the code is exchanged, once (`visit`): a page that posts, or
a server that relays, arrives at `/auth` without the cookie.

What a visit finds is one of four structs. Whoever asks without right is refused with a kind, which the pages put into
words.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Literal, TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from contactport.errors import Code, Refusal
from contactport.grant import OAuthToken, Way
from contactport.imports import pending
from contactport.imports.begin import recall
from contactport.imports.code_exchange import EXCHANGE_SECONDS, NOT_SET_UP, ConsentFailed, OpenClient, redeem
from contactport.imports.create import create
from contactport.imports.oauth_clients import Access, access_for, access_of
from contactport.imports.start import Start
from contactport.oauth import faults, flow
from contactport.oauth.messages import (
    AuthorizationCode,
    ErrorResponse,
    MalformedResponse,
    authorization_url,
    new_verifier,
    read_authorization_response,
)
from contactport.settings import Settings, public_origin, redirect_uri
from contactport.sources.providers import Provider
from contactport.store import consents, domains, idempotency, oauth_clients
from contactport.store.clock import now_ms
from contactport.store.consents import Consent
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.vault import SealBroken

log = structlog.get_logger()

_T = TypeVar("_T")

NO_CREDENTIALS = (
    "This service has not been registered at {name} for this domain, so nobody can consent there. The service's "
    "operator does it with `contactport oauth set {client}`."
)


class ConsentRefused(Exception):
    """Somebody asks without right. `kind` is the word for the page that says so."""

    def __init__(self, kind: Literal["unknown", "another_browser", "malformed"]) -> None:
        self.kind = kind
        super().__init__(kind)


class ConsentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of `begin_import/user_consent`, decoded and permitted; empty is absent.

    `redirect_url` is where the browser goes in the end: its origin is one of the domain's. `client_name` asks for the
    OAuth client of that name.
    """

    domain: Domain
    provider: Provider
    redirect_url: str = ""
    client_name: str = ""
    include: frozenset[str] = frozenset()
    user_id: str | None = None
    idempotency_key: str = ""
    """The same one within 24 hours is the same import."""

    def __repr__(self) -> str:
        return f"ConsentRequest({self.provider.code!r})"


class BegunConsent(msgspec.Struct, frozen=True):
    """`url` is the short one, to open in a browser."""

    import_id: int
    url: str


class ToProvider(msgspec.Struct, frozen=True):
    """Send the browser on, and let it keep `cookie` until it comes back."""

    url: str
    cookie: str

    def __repr__(self) -> str:
        return "ToProvider()"


class Exchanging(msgspec.Struct, frozen=True):
    """The answer is being taken up at this moment: ask again in two seconds."""

    import_id: int


class Settled(msgspec.Struct, frozen=True):
    """Nothing is left to do for the user: the import goes on by itself, or has ended. Its events say which."""

    import_id: int


class _Claimed(msgspec.Struct, frozen=True):
    """A response that this visit is to use. `access` is None where its client is gone."""

    one: Consent
    access: Access | None
    response: list[tuple[str, str]]
    verifier: str


class Consents:
    """Consent flows of all imports. Made once in each process that answers browsers."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        open_client: OpenClient,
        start: Start,
        find_provider: Callable[[str], Provider | None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._open_client = open_client
        self._start = start
        self._find_provider = find_provider
        self._exchanges: set[asyncio.Task[Any]] = set()

    def access(
        self, connection: Connection, domain: Domain, provider: Provider, name: str = ""
    ) -> Access | None:
        """The client by which a new import of this domain would be consented to; None where there is none."""
        if not redirect_uri(self._settings):
            return None
        return access_for(connection, self._store.ring, self._settings, provider, domain.id, name)

    async def begin(self, request: ConsentRequest) -> BegunConsent:
        """A pending import with its consent. Raises Refusal: no credentials, or over the domain's limits."""
        return await self._store.database.write(self._begin, request)

    def _begin(self, connection: Connection, request: ConsentRequest) -> BegunConsent:
        access = self.access(connection, request.domain, request.provider, request.client_name)
        if access is None:
            raise Refusal(
                Code.SERVICE_NOT_PERMITTED,
                NO_CREDENTIALS.format(name=request.provider.name, client=request.provider.client_word),
            )
        return begin_pending(
            connection, self._store, self._settings, request, "consent", client_key=access.credential.key
        )

    async def visit(self, code: str, cookie: str) -> ToProvider | Exchanging | Settled:
        """A browser opens the short URL, for the first time or again. Raises ConsentRefused."""
        found = await self._store.database.write(self._visit, code, cookie)
        if not isinstance(found, _Claimed):
            return found
        # The browser may go away meanwhile; a code that is taken up is exchanged all the same.
        return await self._unhurried(self._take_up(found))

    async def receive(self, parameters: Iterable[tuple[str, str]]) -> str:
        """A browser, or an application's server, brings an authorization response; the short URL to go on at.

        Only the state is judged here, which is good once. What comes with one that was used before changes nothing.
        Raises ConsentRefused.
        """
        pairs = [(name, value) for name, value in parameters if value]
        response = read_authorization_response(pairs)
        if isinstance(response, MalformedResponse):
            raise ConsentRefused("malformed")
        import_id = flow.import_of(response.state)
        if import_id is None:
            raise ConsentRefused("unknown")
        code = await self._store.database.write(self._receive, import_id, response)
        return f"{public_origin(self._settings)}/n/{code}"

    def _receive(
        self, connection: Connection, import_id: int, response: AuthorizationCode | ErrorResponse
    ) -> str:
        one = opened(consents.by_import, connection, self._store, import_id)
        if not consents.is_state(self._store.ring, one, response.state):
            raise ConsentRefused("unknown")
        if one.returned_at is None and one.import_state == "pending":
            consents.keep_response(connection, self._store.ring, one, _pairs(response))
            log.info("consent_returned", import_id=import_id)
        return one.secrets.code

    def _visit(
        self, connection: Connection, code: str, cookie: str
    ) -> ToProvider | Exchanging | Settled | _Claimed:
        one = opened(consents.by_code, connection, self._store, code)
        ring = self._store.ring
        if one.opened_at is not None and not consents.is_cookie(ring, one, cookie):
            raise ConsentRefused("another_browser")
        if one.import_state != "pending":
            return Settled(one.import_id)
        if one.deadline <= now_ms():
            pending.end_late(connection, self._store, one.import_id)
            return Settled(one.import_id)
        if one.claimed_at is not None:
            if one.claimed_at > now_ms() - pending.LOST_MS:
                return Exchanging(one.import_id)
            return self._fail(connection, one, ConsentFailed(Code.PROVIDER_UNREACHABLE))
        access = self._access_of(connection, one)
        if one.returned_at is not None and one.response is not None:
            consents.claim_response(connection, ring, one)
            return _Claimed(one, access, one.response, one.secrets.verifier)
        if access is None:
            return self._fail(connection, one, ConsentFailed(Code.PROVIDER_UNREACHABLE, NOT_SET_UP))
        state, verifier = one.secrets.state, one.secrets.verifier
        if one.opened_at is None:
            cookie = cookie or secrets.token_urlsafe(32)
            state, verifier = flow.new_state(one.import_id), new_verifier()
            consents.open_(connection, ring, one, state=state, verifier=verifier, cookie=cookie)
            log.info("consent_opened", import_id=one.import_id)
        return ToProvider(self._authorization_url(access, state, verifier), cookie)

    def _authorization_url(self, access: Access, state: str, verifier: str) -> str:
        return authorization_url(
            access.endpoints.authorization,
            access.credential.client,
            redirect_uri=access.redirect_uri,
            scopes=access.scopes,
            state=state,
            verifier=verifier,
            extra=access.extra,
        )

    async def _take_up(self, claimed: _Claimed) -> Settled:
        """Use the response, once, and let the import go on or end."""
        one = claimed.one
        try:
            grant = await redeem(
                self._open_client,
                one.import_id,
                claimed.access,
                claimed.response,
                verifier=claimed.verifier,
            )
        except ConsentFailed as failed:
            return await self._store.database.write(self._fail, one, failed)
        return await self._store.database.write(self._go_on, one, grant)

    def _go_on(self, connection: Connection, one: Consent, grant: OAuthToken) -> Settled:
        fresh = consents.by_import(connection, self._store.ring, one.import_id)
        if fresh is None or fresh.import_state != "pending":
            # It was cancelled meanwhile: the token is let go of, and nobody ever has it.
            return Settled(one.import_id)
        oauth_clients.record_fault(connection, one.client_key, None)
        self._start(connection, one.import_id, grant)
        log.info("consent_given", import_id=one.import_id)
        return Settled(one.import_id)

    def _fail(self, connection: Connection, one: Consent, failed: ConsentFailed) -> Settled:
        pending.end(connection, self._store, one.import_id, failed.code, failed.text)
        if failed.fault is not None:
            oauth_clients.record_fault(connection, one.client_key, failed.fault)
            access = self._access_of(connection, one)
            registered = redirect_uri(self._settings) if access is None else access.redirect_uri
            log.error(
                "oauth_set_up_fault",
                import_id=one.import_id,
                service=one.service,
                fault=failed.fault,
                hint=faults.sentence(failed.fault, registered),
            )
        log.info("consent_ended", import_id=one.import_id, code=int(failed.code))
        return Settled(one.import_id)

    def _access_of(self, connection: Connection, one: Consent) -> Access | None:
        provider = self._find_provider(one.service)
        if provider is None:
            return None
        return access_of(connection, self._store.ring, self._settings, provider, one.client_key)

    async def _unhurried(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of some work. The work goes on even if its caller is cancelled."""
        task = asyncio.create_task(work)
        self._exchanges.add(task)
        task.add_done_callback(self._exchanges.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Let what is under way come to its end."""
        if self._exchanges:
            await asyncio.wait(self._exchanges, timeout=EXCHANGE_SECONDS)


def begin_pending(
    connection: Connection,
    store: Store,
    settings: Settings,
    request: ConsentRequest,
    way: Way,
    *,
    client_key: int = 0,
    guide: str = "",
) -> BegunConsent:
    """A pending import with the short URL of its page. Raises Refusal over the domain's limits.

    With an Idempotency-Key that came before it is that import again, with the same URL.
    """
    key = request.idempotency_key
    if key:
        # `create` locks it again, which costs nothing: two requests of one key must not both find no import.
        domains.lock(connection, request.domain.id)
        begun = recall(connection, store.ring, request.domain.id, key, _arguments(request))
        if begun is not None:
            return BegunConsent(begun, _url(settings, _code_of(connection, store, begun)))
    import_id = create(
        connection,
        store,
        settings,
        request.domain,
        request.provider,
        way,
        include=request.include,
        user_id=request.user_id,
    )
    code = consents.insert_consent(
        connection,
        store.ring,
        import_id,
        redirect_url=request.redirect_url,
        client_key=client_key,
        guide=guide,
    )
    if key:
        idempotency.remember(connection, store.ring, request.domain.id, key, _arguments(request), import_id)
    return BegunConsent(import_id, _url(settings, code))


def _url(settings: Settings, code: str) -> str:
    return f"{public_origin(settings)}/n/{code}"


def _code_of(connection: Connection, store: Store, import_id: int) -> str:
    """Of the short URL of an import that an earlier request has begun. Raises Refusal where it is gone."""
    try:
        return opened(consents.by_import, connection, store, import_id).secrets.code
    except ConsentRefused:
        raise Refusal(
            Code.INVALID_PARAMETERS,
            "The import that this Idempotency-Key has begun is erased. Begin another one with a new key.",
        ) from None


def _arguments(request: ConsentRequest) -> tuple[str, ...]:
    return (
        "user_consent",
        request.provider.code,
        request.redirect_url,
        request.client_name,
        ",".join(sorted(request.include)),
        "" if request.user_id is None else f"={request.user_id}",
    )


def opened(
    read: Callable[..., Consent | None], connection: Connection, store: Store, key: str | int
) -> Consent:
    """The consent that `read` finds by this key. Raises ConsentRefused where there is none that can be opened."""
    try:
        one = read(connection, store.ring, key)
    except SealBroken:
        one = None
    if one is None:
        raise ConsentRefused("unknown")
    return one


def _pairs(response: AuthorizationCode | ErrorResponse) -> list[tuple[str, str]]:
    """What is kept of a response: bounded already, and read again later."""
    pairs = [("state", response.state), ("iss", response.issuer)]
    if isinstance(response, AuthorizationCode):
        return [*pairs, ("code", response.code)]
    return [*pairs, ("error", response.error), ("error_description", response.description)]
