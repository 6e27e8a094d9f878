"""The way to a provider's page and back: `/n/CODE` and `/auth`."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import pytest
from starlette.applications import Starlette

from contactport.imports.consent import ConsentRequest, Consents
from contactport.imports.start import Start
from contactport.net.client import open_client
from contactport.settings import load
from contactport.sources.rows import load_providers
from contactport.store import domains, oauth_clients
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from tests.unit.http.asgi import AsgiResponse, ask
from tests.unit.http.browser import BrowserWithCookies
from tests.unit.http.conftest import Build

HERE = "http://127.0.0.1:8321"
BACK = "https://shop.example/done?step=2#there"


class Link(msgspec.Struct):
    """An import that waits for consent, and the application."""

    application: Starlette
    import_id: int
    path: str

    def browser(self) -> BrowserWithCookies:
        return BrowserWithCookies(self.application)


@pytest.fixture
async def link(wire: Build, store: Store, pair: KeyPair) -> Link:
    return await begin(wire, store, BACK)


@pytest.fixture
async def popup(wire: Build, store: Store, pair: KeyPair) -> Link:
    return await begin(wire, store)


async def begin(wire: Build, store: Store, redirect_url: str = "") -> Link:
    """As `begin_import/user_consent` does, whichever of Google's protocols are installed."""
    providers = load_providers()
    provider = providers.find("gmail")
    assert provider is not None
    store.database.write_now(
        oauth_clients.put,
        store.ring,
        (None, provider.client_word, ""),
        client_id="our id",
        secret="our secret",
    )
    (domain,) = store.database.read_now(domains.all_domains)
    settings = load(environment={})
    start = Start(store, settings, providers, lambda _connection, _job: None)
    consents = Consents(store, settings, lambda: open_client(settings), start, providers.find)
    begun = await consents.begin(ConsentRequest(domain=domain, provider=provider, redirect_url=redirect_url))
    assert begun.url.startswith(f"{HERE}/n/")
    return Link(wire(), begun.import_id, urlsplit(begun.url).path)


def state_of(answer: AsgiResponse) -> str:
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["state"]


async def test_a_link_sends_the_browser_to_the_provider_with_pkce(link: Link) -> None:
    answer = await link.browser().get(link.path)
    assert answer.status == 302
    url = urlsplit(answer.headers["Location"])
    query = dict(parse_qsl(url.query))
    assert (url.scheme, url.hostname) == ("https", "accounts.google.com")
    assert query["redirect_uri"] == f"{HERE}/auth"
    assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
    assert dict(parse_qsl(query["state"]))["import_id"] == str(link.import_id)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "HttpOnly" in answer.headers["set-cookie"]


async def test_a_reload_is_the_same_request(link: Link) -> None:
    browser = link.browser()
    first, again = await browser.get(link.path), await browser.get(f"{link.path.lower()}/")
    assert first.headers["Location"] == again.headers["Location"]
    assert "set-cookie" not in again.headers


async def test_another_browser_is_told_so(link: Link) -> None:
    state = state_of(await link.browser().get(link.path))
    other = link.browser()
    for answer in (await other.get(link.path), await other.get(link.path)):
        assert (answer.status, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
        assert b"in use elsewhere" in answer.body
        assert "Location" not in answer.headers
    # What it brings home changes nothing for it: the link that follows is not its own.
    brought = await other.get("/auth", urlencode({"code": "stolen", "state": state}))
    assert (brought.status, brought.headers["Location"]) == (302, f"{HERE}{link.path}")
    assert (await other.get(link.path)).status == 403


@pytest.mark.parametrize("path", ["/n/VTGHPM3", "/n/vt", "/n/%00", "/n/VTGHPM3X", "/n/ÄÖÜÄÖÜÄ"])
async def test_a_link_that_nobody_made_is_a_page(wire: Build, path: str) -> None:
    answer = await ask(wire(), "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"not valid" in answer.body


async def test_whoever_only_looks_opens_nothing(link: Link) -> None:
    assert (await ask(link.application, "HEAD", link.path)).status == 405
    assert (await ask(link.application, "HEAD", "/auth")).status == 405
    assert (await link.browser().get(link.path)).status == 302


@pytest.mark.parametrize("relay", ["browser", "form", "form with query", "two"])
async def test_a_refusal_ends_the_import_and_leads_back(link: Link, relay: str) -> None:
    browser = link.browser()
    given = {"error": "access_denied", "state": state_of(await browser.get(link.path))}
    if relay == "browser":
        answer = await browser.get("/auth", urlencode(given))
    elif relay == "form":
        answer = await browser.post("/auth/", given)
    elif relay == "form with query":
        answer = await browser.post("/auth", {}, urlencode(given))
    else:
        # A page that relays may be reloaded: what comes again changes nothing.
        await browser.post("/auth", given)
        answer = await browser.post("/auth", given | {"error": "server_error"})
    assert (answer.status, answer.headers["Location"]) == (302, f"{HERE}{link.path}")
    assert "set-cookie" not in answer.headers
    back = await browser.get(link.path)
    told = f"import_id={link.import_id}&error_code=514"
    assert (back.status, back.headers["Location"]) == (302, f"https://shop.example/done?step=2&{told}#there")


async def test_the_header_is_spelt_with_a_capital(link: Link) -> None:
    answer = await link.browser().get(link.path)
    assert "Location" in answer.headers
    assert "location" not in answer.headers


async def test_without_a_page_to_go_back_to_the_end_is_a_page(popup: Link) -> None:
    browser = popup.browser()
    state = state_of(await browser.get(popup.path))
    await browser.get("/auth", urlencode({"error": "access_denied", "state": state}))
    answer = await browser.get(popup.path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"The contacts were not shared" in answer.body
    assert b"<strong>shop</strong>" in answer.body
    assert b"close this window" in answer.body


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("code=c", 404),
        ("code=c&state=", 404),
        ("code=c&state=import_id%3D1%26n%3Dforged", 404),
        ("code=c&state=import_id%3D1&state=import_id%3D2", 400),
        ("error=access_denied", 404),
        ("code=c&state=%FF%00", 400),
        (f"code={'x' * 20_000}&state=import_id%3D1", 400),
    ],
)
async def test_an_answer_that_nobody_asked_for_is_refused_in_words(
    link: Link, query: str, status: int
) -> None:
    browser = link.browser()
    await browser.get(link.path)
    for answer in (await browser.get("/auth", query), await browser.post("/auth", dict(parse_qsl(query)))):
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "Location" not in answer.headers
        assert b"import_id" not in answer.body
        assert b"<h1>" in answer.body
    assert (await browser.get("/auth", query)).status == status
    assert (await browser.get(link.path)).status == 302, "nothing was used up"


async def test_a_body_without_end_is_refused(link: Link) -> None:
    answer = await link.browser().post("/auth", {"code": "x" * 100_000})
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert b"<h1>" in answer.body
