"""Another token in the middle of an import, and its revocation at the end, against a server that rotates them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from contactport.grant import Grant, OAuthToken
from contactport.imports.revocation import Revocations
from contactport.imports.token_refresh import TokenRefresh
from contactport.net.client import open_client
from contactport.net.failures import AnswerLost
from contactport.sources.failures import SetUpIncomplete
from contactport.store import imports, sealed_grants
from contactport.store.imports import Fenced, RunningImport
from contactport.store.open import open_store
from contactport.store.schema import import_
from tests.servers.oidc_provider import OidcProvider
from tests.servers.test_consent import ServiceWithConsent, row, server
from tests.unit.net.little_server import little_server, reply

__all__ = ["server"]
"""A fixture of the other module: pytest finds it here."""


@pytest.fixture
async def service(tmp_path: Path, server: OidcProvider) -> AsyncGenerator[ServiceWithConsent]:
    store = open_store(tmp_path / "data")
    made = ServiceWithConsent(store, row(server))
    made.register(switches={"revoke": True})
    yield made
    await made.consents.close()
    await store.database.close()


async def running(service: ServiceWithConsent, **changes: Any) -> tuple[RunningImport, OAuthToken]:
    """An import under way, with tokens that a user has just allowed."""
    settled = await service.flow()
    one, found = claim(service, settled.import_id)
    assert isinstance(found, OAuthToken)
    grant = msgspec.structs.replace(found, **changes)
    service.store.database.write_now(imports.replace_grant, one, grant)
    return one, grant


def claim(service: ServiceWithConsent, import_id: int) -> tuple[RunningImport, Grant]:
    """Begin an attempt."""
    claimed = service.store.database.write_now(imports.claim, service.store.ring, import_id)
    assert claimed is not None
    return claimed


def stored(service: ServiceWithConsent, one: RunningImport) -> Grant:
    return service.store.database.read_now(sealed_grants.read, service.store.ring, one.id)


class TestRefresh:
    async def test_the_new_tokens_are_stored_before_they_are_used(
        self, service: ServiceWithConsent, server: OidcProvider
    ) -> None:
        one, grant = await running(service)
        async with open_client(service.settings) as http:
            refresh = TokenRefresh(service.store, service.settings, one, service.provider, grant, http)
            token = await refresh()
            assert token not in (None, grant.access_token)
            assert token is not None
            assert await server.judge(token) == ["contacts.read"]
            kept = stored(service, one)
            assert kept == refresh.grant
            assert isinstance(kept, OAuthToken)
            assert kept.access_token == token
            assert kept.refresh_token not in ("", grant.refresh_token)
            again = await refresh()
            assert again not in (None, token)

    async def test_an_attempt_that_is_fenced_stores_and_uses_none(self, service: ServiceWithConsent) -> None:
        one, grant = await running(service)
        claim(service, one.id)
        async with open_client(service.settings) as http:
            refresh = TokenRefresh(service.store, service.settings, one, service.provider, grant, http)
            with pytest.raises(Fenced):
                await refresh()
        assert stored(service, one) == grant

    async def test_without_a_refresh_token_there_is_none(self, service: ServiceWithConsent) -> None:
        one, grant = await running(service, refresh_token="")
        async with open_client(service.settings) as http:
            refresh = TokenRefresh(service.store, service.settings, one, service.provider, grant, http)
            assert await refresh() is None

    async def test_a_permission_that_was_taken_back_gives_none(self, service: ServiceWithConsent) -> None:
        one, grant = await running(service, refresh_token="unknown")
        async with open_client(service.settings) as http:
            refresh = TokenRefresh(service.store, service.settings, one, service.provider, grant, http)
            assert await refresh() is None
        assert stored(service, one) == grant
        assert service.fault() is None

    async def test_a_wrong_secret_is_the_operator_s_fault(self, service: ServiceWithConsent) -> None:
        one, grant = await running(service)
        service.register(client_id=None, secret="wrong")
        async with open_client(service.settings) as http:
            refresh = TokenRefresh(service.store, service.settings, one, service.provider, grant, http)
            with pytest.raises(SetUpIncomplete):
                await refresh()
        assert service.fault() == "secret_wrong"

    async def test_a_lost_answer_is_not_asked_for_again(
        self, service: ServiceWithConsent, server: OidcProvider
    ) -> None:
        one, grant = await running(service)
        async with little_server(lambda _: None) as silent, open_client(service.settings) as http:
            provider = row(server, token_endpoint=silent.url("/token"))
            refresh = TokenRefresh(service.store, service.settings, one, provider, grant, http)
            with pytest.raises(AnswerLost):
                await refresh()
            assert len(silent.requests) == 1
        assert stored(service, one) == grant

    async def test_a_refresh_token_that_is_not_renewed_stays(
        self, service: ServiceWithConsent, server: OidcProvider
    ) -> None:
        one, grant = await running(service)
        answer = reply(200, b'{"access_token": "next", "expires_in": 60}')
        async with little_server(lambda _: answer) as google, open_client(service.settings) as http:
            provider = row(server, token_endpoint=google.url("/token"))
            refresh = TokenRefresh(service.store, service.settings, one, provider, grant, http)
            assert await refresh() == "next"
        kept = stored(service, one)
        assert isinstance(kept, OAuthToken)
        assert kept.refresh_token == grant.refresh_token
        assert kept.scopes == grant.scopes


class TestRevocation:
    @pytest.fixture
    async def revocations(self, service: ServiceWithConsent) -> AsyncGenerator[Revocations]:
        made = Revocations(
            service.store,
            service.settings,
            lambda: open_client(service.settings),
            lambda _: service.provider,
        )
        yield made
        await made.close()

    async def done(self, service: ServiceWithConsent, revocations: Revocations, one: RunningImport) -> bool:
        """Whether there was anything to be done; it is done then."""
        plan = service.store.database.read_now(revocations.plan, one.id)
        revocations.begin(plan)
        await revocations.finished()
        return plan is not None

    async def test_it_ends_the_tokens(
        self, service: ServiceWithConsent, server: OidcProvider, revocations: Revocations
    ) -> None:
        one, grant = await running(service)
        with service.store.database.engine.begin() as connection:
            connection.execute(update(import_).values(state="complete"))
        assert await self.done(service, revocations, one)
        assert await server.judge(grant.access_token) is None

    async def test_it_waits_for_no_other_import_and_leaves_its_token_alone(
        self, service: ServiceWithConsent, server: OidcProvider, revocations: Revocations
    ) -> None:
        one, grant = await running(service)
        await service.flow()
        assert await self.done(service, revocations, one)
        assert await server.judge(grant.access_token) == ["contacts.read"]

    async def test_it_is_done_only_where_the_operator_says_so(
        self, service: ServiceWithConsent, revocations: Revocations
    ) -> None:
        one, _grant = await running(service)
        service.register(client_id=None, secret=None, switches={"revoke": False})
        assert not await self.done(service, revocations, one)

    async def test_it_needs_an_endpoint(
        self, service: ServiceWithConsent, server: OidcProvider, revocations: Revocations
    ) -> None:
        one, _grant = await running(service)
        service.provider = row(server, revocation_endpoint="")
        assert not await self.done(service, revocations, one)

    async def test_a_dead_endpoint_harms_nobody(
        self, service: ServiceWithConsent, server: OidcProvider, revocations: Revocations
    ) -> None:
        one, _grant = await running(service)
        with service.store.database.engine.begin() as connection:
            connection.execute(update(import_).values(state="complete"))
        service.provider = row(server, revocation_endpoint="http://127.0.0.1:9/revoke")
        assert await self.done(service, revocations, one)
