"""Consent end to end: the wire, a browser with a cookie jar, real servers of authorization, contacts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.e2e.canaries import seen
from tests.e2e.service_process import RunningService, WireClient, command, service, until
from tests.e2e.token_source import TokenPackage
from tests.servers import emulate as emulate_module
from tests.servers.emulate import Emulate, emulate
from tests.servers.oidc_provider import SECRET, OidcProvider, clients, oidc_provider
from tests.servers.server_process import free_port
from tests.servers.user_agent import VisitedPage, user_agent

BACK = "https://shop.example/back"


class ConsentService:
    """The service with both providers, each with its own domain's client."""

    def __init__(self, running: RunningService, package: TokenPackage, oidc: OidcProvider) -> None:
        self.running = running
        self.package = package
        self.oidc = oidc
        self.shop = running.application("shop", "--origins", "https://shop.example")
        self.mill = running.application("mill", "--origins", "https://shop.example")
        for domain, client_id, secret in (
            ("shop", "by post", SECRET),
            ("mill", emulate_module.CLIENT_ID, emulate_module.SECRET),
        ):
            done = command(
                *("oauth", "set", "google", "--domain", domain, "--client-id", client_id, "--offline"),
                data=running.data,
                stdin=secret,
            )
            assert done.returncode == 0, done.stderr

    def begin(self, app: WireClient, code: str, redirect_url: str = BACK) -> dict[str, Any]:
        form = {"service": code, **({"redirect_url": redirect_url} if redirect_url else {})}
        status, body = app.call("POST", "/begin_import/user_consent", **form)
        assert status == 200, body
        begun: dict[str, Any] = json.loads(body)
        assert begun["import_type"] == "OAUTH"
        assert begun["url"].startswith(f"{self.running.url.rstrip('/')}/n/")
        return begun

    def end(self, app: WireClient, import_id: int) -> dict[str, Any]:
        return app.end(import_id)


@pytest.fixture(scope="module")
def consenting(tmp_path_factory: pytest.TempPathFactory) -> Generator[ConsentService]:
    folder = tmp_path_factory.mktemp("consent")
    port = free_port()
    back = f"http://127.0.0.1:{port}/auth"
    package = TokenPackage(folder / "planted")
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(package.folder))
    with oidc_provider(clients=clients(back)) as oidc, emulate(back) as emulated:
        _rows(package, oidc, emulated)
        with service(folder / "data", "--port", str(port)) as running:
            yield ConsentService(running, package, oidc)
    patch.undo()


def _rows(package: TokenPackage, oidc: OidcProvider, emulated: Emulate) -> None:
    package.add(
        "standin",
        authorize=oidc.authorize,
        token=oidc.token,
        revocation=oidc.revocation,
        scope="contacts.read",
        issuer=oidc.url,
    )
    package.add(
        "emulated",
        authorize=emulated.google.authorize,
        token=emulated.google.token,
        revocation=emulated.google.revocation,
        scope="https://www.googleapis.com/auth/contacts.readonly",
    )


async def browse(begun: dict[str, Any], button: str) -> dict[str, str]:
    """Open the link, press a button at the provider, and follow to the application's own page."""
    async with user_agent() as browser:
        return dict(await browser.consent(begun["url"], BACK, button))


async def test_a_user_agrees_and_the_contacts_come(consenting: ConsentService) -> None:
    begun = consenting.begin(consenting.shop, "standin")
    import_id = int(begun["import_id"])
    events = json.loads(consenting.shop.call("GET", f"/events/{import_id}")[1])["events"]
    assert [(one["event_type"], one["status"]) for one in events] == [("INITIALIZING", "INPROGRESS")]
    assert await browse(begun, "Allow") == {"import_id": str(import_id)}
    assert (await asyncio.to_thread(consenting.end, consenting.shop, import_id))["value"] == 0
    _, body = consenting.shop.call("GET", f"/contacts/{import_id}")
    assert b"Kept" in body or b"Refreshed" in body


async def test_google_s_habits(consenting: ConsentService) -> None:
    begun = consenting.begin(consenting.mill, "emulated")
    assert await browse(begun, emulate_module.USERS[0]) == {"import_id": str(begun["import_id"])}
    assert (await asyncio.to_thread(consenting.end, consenting.mill, int(begun["import_id"])))["value"] == 0


@pytest.mark.parametrize("button", ["Deny", "Allow without contacts"])
async def test_a_user_refuses(consenting: ConsentService, button: str) -> None:
    begun = consenting.begin(consenting.shop, "standin")
    back = await browse(begun, button)
    assert back == {"import_id": str(begun["import_id"]), "error_code": "514"}
    assert (await asyncio.to_thread(consenting.end, consenting.shop, int(begun["import_id"])))["value"] == 514


async def test_a_window_of_its_own_says_what_happened(consenting: ConsentService) -> None:
    begun = consenting.begin(consenting.shop, "standin", "")
    async with user_agent() as browser:
        pairs = await browser.consent(begun["url"], f"{consenting.running.url.rstrip('/')}/auth", "Allow")
        page = await browser.open(f"{consenting.running.url.rstrip('/')}/auth?{urlencode(pairs)}", "nowhere:")
        assert isinstance(page, VisitedPage)
        assert page.status == 200
        assert "You can close this window" in page.body or "can fetch" in page.body
        assert "shop" in page.body
        again = await browser.open(begun["url"], "nowhere:")
    assert isinstance(again, VisitedPage)
    assert "You can close this window" in again.body or "can fetch" in again.body
    async with user_agent() as other:
        refused = await other.open(begun["url"], "nowhere:")
    assert isinstance(refused, VisitedPage)
    assert refused.status == 403
    assert "another browser" in refused.body


@pytest.mark.parametrize("way", ["form", "server"])
async def test_an_application_s_own_page_relays(consenting: ConsentService, way: str) -> None:
    begun = consenting.begin(consenting.shop, "standin")
    auth = f"{consenting.running.url.rstrip('/')}/auth"
    async with user_agent() as browser:
        given = dict(await browser.consent(begun["url"], auth, "Allow"))
        kept = {name: given[name] for name in ("code", "state")}
        if way == "form":
            back = await browser.open(auth, BACK, method="POST", data=kept)
        else:
            async with (
                aiohttp.ClientSession() as relay,
                relay.get(auth, params=kept, allow_redirects=False) as answer,
            ):
                assert answer.status == 302
                assert (b"Location" in dict(answer.raw_headers)) is True
                location = answer.headers["Location"]
            back = await browser.open(location, BACK)
    assert back == [("import_id", str(begun["import_id"]))]


def test_a_redirect_url_has_to_be_listed(consenting: ConsentService) -> None:
    for url in ("https://evil.example/", "https://shop.example.evil.example/", "javascript:alert(1)"):
        status, body = consenting.shop.call(
            "POST", "/begin_import/user_consent", service="standin", redirect_url=url
        )
        assert status == 400, body
        assert json.loads(body)["error"]["code"] == 2


def test_without_credentials_it_is_513(consenting: ConsentService) -> None:
    other = consenting.running.application("without")
    status, body = other.call("POST", "/begin_import/user_consent", service="standin")
    assert status == 400
    assert json.loads(body)["error"]["code"] == 513


async def test_a_cancelled_link_is_dead(consenting: ConsentService) -> None:
    begun = consenting.begin(consenting.shop, "standin")
    assert consenting.shop.call("DELETE", f"/imports/{begun['import_id']}")[0] == 204
    async with user_agent() as browser:
        page = await browser.open(begun["url"], "nowhere:")
    assert isinstance(page, VisitedPage)
    assert page.status == 404


async def test_no_secret_of_it_is_anywhere(consenting: ConsentService) -> None:
    begun = consenting.begin(consenting.shop, "standin")
    auth = f"{consenting.running.url.rstrip('/')}/auth"
    async with user_agent() as browser:
        given = dict(await browser.consent(begun["url"], auth, "Allow"))
        await browser.open(f"{auth}?{urlencode(given)}", BACK)
    assert (await asyncio.to_thread(consenting.end, consenting.shop, int(begun["import_id"])))["value"] == 0
    tokens = until(lambda: consenting.package.tokens() or None)
    code = begun["url"].rpartition("/")[2]
    words = [SECRET, emulate_module.SECRET, given["code"], given["state"], code, BACK, *tokens]
    assert len(tokens) >= 2
    assert seen(words, [consenting.running.data, consenting.running.log]) == []
