"""Consent from the short URL to the grant, against a certified server of authorization."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from sqlalchemy import Connection, select, update

from contactport.errors import Code, Refusal
from contactport.grant import OAuthToken
from contactport.http.pages.outcome import Outcome, outcome_at
from contactport.imports.consent import (
    BegunConsent,
    ConsentRefused,
    ConsentRequest,
    Consents,
    Exchanging,
    Settled,
    ToProvider,
)
from contactport.imports.jobs import Job
from contactport.imports.start import Start
from contactport.net.client import open_client
from contactport.settings import Settings
from contactport.sources.providers import ConsentSwitch, ConsentWay, Provider
from contactport.sources.rows import load_providers
from contactport.store import consents, domains, endings, events, oauth_clients, sealed_grants
from contactport.store.domains import Domain
from contactport.store.open import Store, open_store
from contactport.store.schema import consent, import_
from tests.servers.npm import modules
from tests.servers.oidc_provider import SECRET, OidcProvider, clients, oidc_provider
from tests.servers.user_agent import user_agent

BACK = "https://shop.example/back?step=2#there"
ORIGIN = "http://127.0.0.1:9"
Pairs = list[tuple[str, str]]


@pytest.fixture(scope="module")
def server() -> Generator[OidcProvider]:
    modules()
    with oidc_provider(clients=clients(f"{ORIGIN}/auth")) as running:
        yield running


def row(server: OidcProvider, **changes: Any) -> Provider:
    values: dict[str, Any] = {
        "protocol": "google",
        "client": "google",
        "authorization_endpoint": server.authorize,
        "token_endpoint": server.token,
        "revocation_endpoint": server.revocation,
        "issuer": server.url,
        "scopes": ("contacts.read",),
        "switches": {"owner": ConsentSwitch(("email",))},
    }
    return Provider(code="carddav", name="Stand-in", ways=(ConsentWay(**(values | changes)),))


class ServiceWithConsent:
    """One service with one domain, whose imports are begun by hand."""

    def __init__(self, store: Store, provider: Provider) -> None:
        self.store = store
        self.provider = provider
        self.settings = Settings(public_url=ORIGIN, allow_network=["127.0.0.0/8"], idle_seconds=5.0)
        store.database.write_now(domains.add, "shop")
        self.domain: Domain = store.database.read_now(domains.all_domains)[0]
        self.jobs: list[Job] = []
        start = Start(store, self.settings, load_providers(), lambda _, job: self.jobs.append(job))
        self.consents = Consents(store, self.settings, lambda: open_client(self.settings), start, self.find)

    def find(self, _service: str) -> Provider:
        return self.provider

    def grant(self, import_id: int) -> OAuthToken | None:
        """What the import has got; None while it has nothing, and where it has ended."""
        found = self.store.database.read_now(sealed_grants.find, self.store.ring, import_id)
        assert found is None or isinstance(found, OAuthToken)
        return found

    def register(self, **values: Any) -> None:
        given: dict[str, Any] = {"client_id": "by post", "secret": SECRET} | values
        self.store.database.write_now(oauth_clients.put, self.store.ring, (None, "google", ""), **given)

    async def begin(self, redirect_url: str = BACK) -> BegunConsent:
        return await self.consents.begin(
            ConsentRequest(domain=self.domain, provider=self.provider, redirect_url=redirect_url)
        )

    async def sent(self, begun: BegunConsent, cookie: str = "") -> ToProvider:
        found = await self.consents.visit(begun.url.rpartition("/")[2], cookie)
        assert isinstance(found, ToProvider), found
        return found

    async def answered(self, to: ToProvider, button: str = "Allow") -> Pairs:
        """What the provider sends back by the browser."""
        async with user_agent() as browser:
            return await browser.consent(to.url, f"{ORIGIN}/auth", button)

    async def settled(self, begun: BegunConsent, cookie: str) -> Outcome:
        """What the pages show once nothing is left to do for the user."""
        code = begun.url.rpartition("/")[2]
        found = await self.consents.visit(code, cookie)
        assert found == Settled(begun.import_id)
        outcome = await self.store.database.write(outcome_at, self.store.ring, code)
        assert outcome is not None
        return outcome

    async def flow(self, button: str = "Allow") -> Outcome:
        """From the begin to the end."""
        begun = await self.begin()
        to = await self.sent(begun)
        assert await self.consents.receive(await self.answered(to, button)) == begun.url
        return await self.settled(begun, to.cookie)

    def ended(self, import_id: int) -> tuple[str, int | None]:
        with self.store.database.engine.connect() as connection:
            found = connection.execute(
                select(import_.c.state, import_.c.code).where(import_.c.id == import_id)
            ).one()
            told = [event for event in events.read(connection, import_id) if event.status == "ERROR"]
        assert [one.value for one in told][-1:] == ([] if found.code is None else [found.code])
        return found.state, found.code

    def fault(self) -> str | None:
        one = self.store.database.read_now(oauth_clients.find, self.store.ring, (None, "google", ""))
        assert one is not None
        return one.fault


@pytest.fixture
async def service(tmp_path: Path, server: OidcProvider) -> AsyncGenerator[ServiceWithConsent]:
    store = open_store(tmp_path / "data")
    made = ServiceWithConsent(store, row(server))
    made.register()
    yield made
    await made.consents.close()
    await store.database.close()


async def test_a_user_who_agrees_starts_the_import(service: ServiceWithConsent, server: OidcProvider) -> None:
    settled = await service.flow()
    assert settled.error_code is None
    assert settled.return_url == f"https://shop.example/back?step=2&import_id={settled.import_id}#there"
    grant = service.grant(settled.import_id)
    assert grant is not None
    assert await server.judge(grant.access_token) == ["contacts.read"]
    assert grant.client_key > 0
    assert grant.expires_at > 0
    assert service.ended(settled.import_id) == ("waiting", None)


async def test_the_browser_is_sent_on_with_pkce_and_a_state_of_the_import(
    service: ServiceWithConsent,
) -> None:
    begun = await service.begin()
    assert begun.url.startswith(f"{ORIGIN}/n/")
    to = await service.sent(begun)
    query = parse_qs(urlsplit(to.url).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["scope"] == ["contacts.read"]
    assert query["redirect_uri"] == [f"{ORIGIN}/auth"]
    assert parse_qs(query["state"][0])["import_id"] == [str(begun.import_id)]


async def test_a_switch_asks_for_more_and_its_lack_is_no_refusal(service: ServiceWithConsent) -> None:
    service.register(client_id=None, secret=None, switches={"owner": True})
    to = await service.sent(await service.begin())
    assert parse_qs(urlsplit(to.url).query)["scope"] == ["contacts.read email"]


@pytest.mark.parametrize(
    ("button", "code"), [("Deny", Code.CONSENT_REFUSED), ("Allow without contacts", Code.CONSENT_REFUSED)]
)
async def test_a_user_who_refuses_ends_it(service: ServiceWithConsent, button: str, code: Code) -> None:
    settled = await service.flow(button)
    assert settled.error_code == code
    assert f"import_id={settled.import_id}&error_code={int(code)}#there" in settled.return_url
    assert service.ended(settled.import_id) == ("failed", code)
    assert service.grant(settled.import_id) is None
    assert service.fault() is None


class TestWhoMay:
    async def test_another_browser_gets_nothing(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        for cookie in ("", "x" * 43):
            with pytest.raises(ConsentRefused, match="another_browser"):
                await service.sent(begun, cookie)
        await service.consents.receive(await service.answered(to))
        with pytest.raises(ConsentRefused, match="another_browser"):
            await service.settled(begun, "x" * 43)
        assert (await service.settled(begun, to.cookie)).error_code is None

    async def test_the_same_browser_may_begin_again_or_in_two_tabs(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        first = await service.sent(begun)
        second = await service.sent(begun, first.cookie)
        assert second == first
        assert await service.consents.receive(await service.answered(first)) == begun.url
        settled = await service.settled(begun, first.cookie)
        # The other tab, and a reload: what has come out is shown.
        assert await service.consents.receive(await service.answered(second)) == begun.url
        assert await service.settled(begun, first.cookie) == settled
        assert len(service.jobs) == 1

    async def test_a_browser_keeps_one_cookie_for_several_imports(self, service: ServiceWithConsent) -> None:
        first = await service.sent(await service.begin())
        assert (await service.sent(await service.begin(), first.cookie)).cookie == first.cookie

    @pytest.mark.parametrize("code", ["AAAAAAA", "", "../../x"])
    async def test_an_unknown_code_is_refused(self, service: ServiceWithConsent, code: str) -> None:
        with pytest.raises(ConsentRefused, match="unknown"):
            await service.consents.visit(code, "")

    async def test_a_forged_or_mixed_up_state_is_refused(self, service: ServiceWithConsent) -> None:
        one, other = await service.begin(), await service.begin()
        to = await service.sent(one)
        await service.sent(other)
        state = parse_qs(urlsplit(to.url).query)["state"][0]
        swapped = state.replace(f"import_id={one.import_id}", f"import_id={other.import_id}")
        for forged in ("", "x", f"import_id={one.import_id}", f"import_id={one.import_id}&n=x", swapped):
            with pytest.raises(ConsentRefused, match="unknown"):
                await service.consents.receive([("code", "c"), ("state", forged)])
        with pytest.raises(ConsentRefused, match="malformed"):
            await service.consents.receive([("code", "a"), ("code", "b"), ("state", state)])
        with pytest.raises(ConsentRefused, match="malformed"):
            await service.consents.receive([("state", state)])

    async def test_a_replayed_state_changes_nothing(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        state = parse_qs(urlsplit(to.url).query)["state"][0]
        await service.consents.receive(await service.answered(to))
        await service.consents.receive([("error", "access_denied"), ("state", state)])
        assert (await service.settled(begun, to.cookie)).error_code is None

    async def test_an_answer_of_another_issuer_is_refused(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        answer = [pair for pair in await service.answered(to) if pair[0] != "iss"]
        await service.consents.receive([*answer, ("iss", "https://elsewhere.example")])
        assert (await service.settled(begun, to.cookie)).error_code == Code.UNEXPECTED_CONSENT
        assert service.jobs == []

    async def test_a_relay_that_drops_the_issuer_works(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        answer = [pair for pair in await service.answered(to) if pair[0] in ("code", "state")]
        await service.consents.receive(answer)
        assert (await service.settled(begun, to.cookie)).error_code is None


class TestTime:
    def let_pass(self, service: ServiceWithConsent) -> None:
        with service.store.database.engine.begin() as connection:
            connection.execute(update(import_).values(deadline=1))

    async def test_a_link_that_is_too_old_ends_as_never_opened(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        self.let_pass(service)
        assert (await service.settled(begun, "")).error_code == Code.ABANDONED

    async def test_a_page_that_was_opened_ends_as_not_finished(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        self.let_pass(service)
        assert (await service.settled(begun, to.cookie)).error_code == Code.CONSENT_TIMEOUT
        assert service.ended(begun.import_id) == ("failed", Code.CONSENT_TIMEOUT)

    async def test_a_response_that_was_lost_with_its_process_is_never_tried_again(
        self, service: ServiceWithConsent
    ) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        await service.consents.receive(await service.answered(to))

        def claim(connection: Connection) -> None:
            one = consents.by_import(connection, service.store.ring, begun.import_id)
            assert one is not None
            consents.claim_response(connection, service.store.ring, one)

        service.store.database.write_now(claim)
        found = await service.consents.visit(begun.url.rpartition("/")[2], to.cookie)
        assert found == Exchanging(begun.import_id)
        with service.store.database.engine.begin() as connection:
            connection.execute(update(consent).values(claimed_at=1))
        assert (await service.settled(begun, to.cookie)).error_code == Code.PROVIDER_UNREACHABLE
        assert service.jobs == []

    async def test_one_of_two_visits_takes_the_answer_up(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        await service.consents.receive(await service.answered(to))
        code = begun.url.rpartition("/")[2]
        found = await asyncio.gather(*(service.consents.visit(code, to.cookie) for _ in range(4)))
        assert len(service.jobs) == 1
        assert all(isinstance(one, Settled | Exchanging) for one in found)

    async def test_a_cancelled_import_gets_no_token(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        answer = await service.answered(to)
        service.store.database.write_now(endings.erase, begun.import_id, "")
        with pytest.raises(ConsentRefused, match="unknown"):
            await service.consents.receive(answer)
        with pytest.raises(ConsentRefused, match="unknown"):
            await service.consents.visit(begun.url.rpartition("/")[2], to.cookie)


class TestSetUp:
    async def test_a_wrong_secret_is_the_operator_s_fault(self, service: ServiceWithConsent) -> None:
        service.register(client_id=None, secret="wrong")
        settled = await service.flow()
        assert settled.error_code == Code.PROVIDER_UNREACHABLE
        assert service.fault() == "secret_wrong"
        service.register(client_id=None)
        assert (await service.flow()).error_code is None
        assert service.fault() is None

    async def test_a_dead_token_endpoint_ends_in_518(
        self, service: ServiceWithConsent, server: OidcProvider
    ) -> None:
        service.provider = row(server, token_endpoint="http://127.0.0.1:9/token")
        assert (await service.flow()).error_code == Code.PROVIDER_UNREACHABLE
        assert service.fault() is None

    async def test_a_client_that_is_removed_meanwhile_is_no_riddle(self, service: ServiceWithConsent) -> None:
        begun = await service.begin()
        to = await service.sent(begun)
        answer = await service.answered(to)
        service.store.database.write_now(oauth_clients.remove, (None, "google", ""))
        await service.consents.receive(answer)
        assert (await service.settled(begun, to.cookie)).error_code == Code.PROVIDER_UNREACHABLE

    async def test_without_a_client_nobody_can_begin(self, service: ServiceWithConsent) -> None:
        service.store.database.write_now(oauth_clients.remove, (None, "google", ""))
        with pytest.raises(Refusal) as told:
            await service.begin()
        assert told.value.code == Code.SERVICE_NOT_PERMITTED
        assert "contactport oauth set" in told.value.text

    async def test_without_an_address_nobody_can_begin(self, service: ServiceWithConsent) -> None:
        service.settings.public_url = ""
        service.settings.host = "0.0.0.0"
        with pytest.raises(Refusal, match="513"):
            await service.begin()

    async def test_a_client_of_the_settings_serves(self, service: ServiceWithConsent) -> None:
        service.store.database.write_now(oauth_clients.remove, (None, "google", ""))
        given = {"client_id": "by:basic", "client_secret": SECRET, "method": "client_secret_basic"}
        service.settings.oauth = msgspec.convert({"oauth": {"google": given}}, Settings).oauth
        grant = service.grant((await service.flow()).import_id)
        assert grant is not None
        assert grant.client_key == 0


def test_no_repr_shows_what_it_holds() -> None:
    assert repr(ToProvider("https://a.example/?state=s", "cookie-canary")) == "ToProvider()"
