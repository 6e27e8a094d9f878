"""Token refresh in the middle of an import: a new token is asked for once, and stored before it is used."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import Connection

from contactport.grant import OAuthToken
from contactport.imports.code_exchange import token_grant
from contactport.imports.oauth_clients import Access, access_of
from contactport.net.client import Client
from contactport.net.failures import TimedOut, TooLarge
from contactport.oauth import faults, flow
from contactport.oauth.messages import ErrorResponse, TokenResponse
from contactport.settings import Settings, redirect_uri
from contactport.sources.failures import SetUpIncomplete, Unavailable
from contactport.sources.providers import Provider
from contactport.store import imports, oauth_clients
from contactport.store.imports import RunningImport
from contactport.store.open import Store

log = structlog.get_logger()

REFRESH_SECONDS = 30.0


class TokenRefresh:
    """The `refresh` of one attempt's account; made for each attempt.

    A provider that rotates refresh tokens has ended the old one with its answer. So the new one is stored in a
    transaction that checks the import's epoch, and nothing is asked with it before.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        one: RunningImport,
        provider: Provider,
        grant: OAuthToken,
        http: Client,
    ) -> None:
        self._store = store
        self._settings = settings
        self._import = one
        self._provider = provider
        self._http = http
        self.grant = grant
        """The latest one: what is stored."""

    async def __call__(self) -> str | None:
        """The new access token; None where there is none to be had, because the user's permission has ended.

        Raises AnswerLost and others of `net/failures.py`, Unavailable and SetUpIncomplete where that is not the
        user's doing, and Fenced where the attempt is no longer the import's own.
        """
        if not self.grant.refresh_token:
            return None
        access = await self._store.database.read(self._access)
        if access is None:
            return None
        try:
            async with asyncio.timeout(REFRESH_SECONDS):
                answer = await flow.refresh(
                    self._http,
                    access.endpoints,
                    access.credential.client,
                    self.grant.refresh_token,
                    self.grant.scopes,
                )
        except TimeoutError:
            raise TimedOut from None
        except TooLarge:
            # Of an answer that should be short: it says nothing about the size of the address book.
            raise Unavailable from None
        if isinstance(answer, TokenResponse):
            fresh = token_grant(answer, self.grant.client_key, self.grant)
            await self._store.database.write(imports.replace_grant, self._import, fresh)
            self.grant = fresh
            return fresh.access_token
        if isinstance(answer, ErrorResponse):
            await self._judge(answer)
            return None
        log.warning("token_answer_unreadable", import_id=self._import.id, reason=answer.reason)
        raise Unavailable

    def _access(self, connection: Connection) -> Access | None:
        return access_of(connection, self._store.ring, self._settings, self._provider, self.grant.client_key)

    async def _judge(self, error: ErrorResponse) -> None:
        found = faults.meaning(error)
        log.info("token_not_refreshed", import_id=self._import.id, kind=found.kind)
        if found.fault is None:
            if found.kind in ("refused", "expired"):
                return
            raise Unavailable
        log.error(
            "oauth_set_up_fault",
            import_id=self._import.id,
            service=self._import.service,
            fault=found.fault,
            hint=faults.sentence(found.fault, redirect_uri(self._settings)),
        )
        await self._store.database.write(oauth_clients.record_fault, self.grant.client_key, found.fault)
        raise SetUpIncomplete(f"the token endpoint refuses the OAuth client: {found.fault}")
