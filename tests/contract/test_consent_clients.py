"""Every public client's way through consent, against the service and a certified server of authorization."""

from __future__ import annotations

from collections.abc import Generator
from urllib.parse import urlencode, urlsplit

import pytest

from tests.contract.clients import CONSENT_CLIENTS, ConsentClient, Php
from tests.contract.live_service import Pair
from tests.e2e.consent_site import PROVIDER, ConsentSite, consent_site
from tests.e2e.service_process import until
from tests.servers.user_agent import UserAgent, VisitedPage, user_agent

any_client = pytest.mark.parametrize("client", CONSENT_CLIENTS, ids=lambda one: one.__name__)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[ConsentSite]:
    with consent_site(tmp_path_factory.mktemp("consent"), "127.0.0.1") as made:
        yield made


def client_of(site: ConsentSite, client: type[ConsentClient]) -> ConsentClient:
    port = urlsplit(site.url).port
    assert port is not None
    return client(port, Pair(site.key, site.password))


async def walk(site: ConsentSite, browser: UserAgent, url: str, button: str) -> VisitedPage:
    """To the provider, a button there, and back to the page that says what happened."""
    answer = await browser.consent(url, f"{site.url}/auth", button)
    page = await browser.open(f"{site.url}/auth?{urlencode(answer)}", "nowhere:")
    assert isinstance(page, VisitedPage)
    assert page.status == 200
    return page


@any_client
async def test_the_user_allows(site: ConsentSite, client: type[ConsentClient]) -> None:
    asked = client_of(site, client)
    # In capitals, as most of them write it.
    import_id, url = asked.consent(PROVIDER.upper())
    assert not asked.poll(import_id).ended
    async with user_agent() as browser:
        await walk(site, browser, url, "Allow")
    told = until(lambda: told if (told := asked.poll(import_id)).ended else None)
    assert (told.failed, told.value) == (False, 0)
    names, total = asked.fetch(import_id)
    assert (len(names), total) == (1, 1)


@any_client
async def test_the_user_refuses(site: ConsentSite, client: type[ConsentClient]) -> None:
    asked = client_of(site, client)
    import_id, url = asked.consent(PROVIDER)
    async with user_agent() as browser:
        page = await walk(site, browser, url, "Deny")
    assert "The contacts were not shared" in page.body
    told = asked.poll(import_id)
    assert (told.ended, told.failed, told.value) == (True, True, 514)


async def test_one_client_s_own_page_relays_the_answer(site: ConsentSite) -> None:
    asked = client_of(site, Php)
    assert isinstance(asked, Php)
    import_id, url = asked.consent(PROVIDER)
    async with user_agent() as browser:
        answer = await browser.consent(url, f"{site.url}/auth", "Allow")
        page = await browser.open(asked.relay(urlencode(answer)), "nowhere:")
    assert isinstance(page, VisitedPage)
    told = until(lambda: told if (told := asked.poll(import_id)).ended else None)
    assert (told.failed, told.value) == (False, 0)
