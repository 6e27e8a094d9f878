"""Revocation: telling a provider that a token is not wanted any more. Best effort, after everything else is done.

At most providers that ends all that the user has given to the client, so it is done only where the operator has
switched it on, and while no other import by the same client is under way. The token itself is destroyed here in any
case, before anybody is asked: nothing ever waits for this. See docs/decisions/0015.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection

from contactport.grant import OAuthToken
from contactport.imports.oauth_clients import Access, access_of
from contactport.net.client import Client
from contactport.net.failures import NetworkFailure
from contactport.oauth import flow
from contactport.settings import Settings
from contactport.sources.providers import Provider
from contactport.store import consents, sealed_grants
from contactport.store.database import unavailable
from contactport.store.open import Store
from contactport.store.ring_file import RingError
from contactport.store.vault import SealBroken

log = structlog.get_logger()

REVOKE_SECONDS = 20.0
MOST = 100
"""Revocations at once; what is over that is left to the token's own end."""


class Revocation(msgspec.Struct, frozen=True):
    """A revocation to be sent once the import's end is stored."""

    import_id: int
    access: Access
    token: str
    is_refresh_token: bool

    def __repr__(self) -> str:
        return f"Revocation({self.import_id})"


class Revocations:
    """Revocations of this process. Made once in each process that ends imports."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        open_client: Callable[[], AbstractAsyncContextManager[Client]],
        find_provider: Callable[[str], Provider | None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._open_client = open_client
        self._find_provider = find_provider
        self._under_way: set[asyncio.Task[Any]] = set()

    def plan(self, connection: Connection, import_id: int) -> Revocation | None:
        """What is to be revoked of an import that is about to end; None where nothing is."""
        service = consents.service_of(connection, import_id)
        provider = None if service is None else self._find_provider(service)
        if provider is None:
            return None
        try:
            grant = sealed_grants.find(connection, self._store.ring, import_id)
        except (SealBroken, RingError):
            return None
        if not isinstance(grant, OAuthToken):
            return None
        access = access_of(connection, self._store.ring, self._settings, provider, grant.client_key)
        if access is None or not access.endpoints.revocation or "revoke" not in access.credential.switches:
            return None
        token = grant.refresh_token or grant.access_token
        return Revocation(import_id, access, token, bool(grant.refresh_token))

    def begin(self, one: Revocation | None) -> None:
        """Send it in the background; nothing waits for it."""
        if one is None or len(self._under_way) >= MOST:
            return
        task = asyncio.create_task(self._revoke(one))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _revoke(self, one: Revocation) -> None:
        try:
            key = one.access.credential.key
            if await self._store.database.read(consents.others_under_way, key, one.import_id):
                log.info("token_not_revoked", import_id=one.import_id, why="another import by this client")
                return
            async with asyncio.timeout(REVOKE_SECONDS), self._open_client() as http:
                http.allow(one.access.networks)
                done = await flow.revoke(
                    http,
                    one.access.endpoints,
                    one.access.credential.client,
                    one.token,
                    "refresh_token" if one.is_refresh_token else "access_token",
                )
        except (NetworkFailure, TimeoutError) as error:
            log.info("token_not_revoked", import_id=one.import_id, why=type(error).__name__)
        except Exception as error:
            if not unavailable(error):
                raise
            log.info("token_not_revoked", import_id=one.import_id, why=type(error).__name__)
        else:
            log.info("token_revoked" if done else "token_not_revoked", import_id=one.import_id)

    async def finished(self) -> None:
        """Return once everything that was begun has ended."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Give up what is under way: it was best effort."""
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)
