"""The pop-up in Chromium as people start it, driven over CDP.

Playwright's own flags keep the two windows together, though the provider's page asks to be apart
(Cross-Origin-Opener-Policy). Here the application's page loses sight of the window.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browsers import stock_chromium, window
from tests.browser.consent_walk import expect_heading, press, walk_pop_up
from tests.e2e.consent_site import ConsentSite, consent_site
from tests.e2e.service_process import WireClient, command, service
from tests.e2e.shop import Shop


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with stock_chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[ConsentSite]:
    with consent_site(tmp_path_factory.mktemp("consent")) as made:
        yield made


@pytest.mark.parametrize("button", ["Allow", "Deny"])
def test_a_pop_up(browser: Browser, site: ConsentSite, button: str) -> None:
    walk_pop_up(browser, site, button)


class SandboxSite:
    """An application whose page opens a link of the sandbox, which asks to be apart in every answer."""

    def __init__(self, app: WireClient, shop: Shop) -> None:
        self.app = app
        self.shop = shop

    def begin(self) -> dict[str, Any]:
        """A new import that waits for its user."""
        status, body = self.app.call("POST", "/begin_import/user_consent", service="sandbox_oauth")
        assert status == 200, body
        return json.loads(body)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Generator[SandboxSite]:
    data = tmp_path_factory.mktemp("sandbox") / "data"
    with service(data, "--sandbox", networks=()) as running:
        # By a process of its own: Playwright keeps an event loop running in this one.
        made = command("domain", "add", "shop", "--create", "--json", data=data)
        pair = json.loads(made.stdout)
        app = running.client(pair["domain_key"], pair["domain_password"])
        with Shop(lambda import_id: app.events(import_id)[-1], f"{running.url}/auth") as shop:
            yield SandboxSite(app, shop)


@pytest.mark.parametrize(
    ("button", "told"), [("Allow", "COMPLETE COMPLETED 0"), ("Deny", "COMPLETE ERROR 514")]
)
def test_the_sandbox_cuts_its_pop_up_off_and_the_events_tell_all(
    browser: Browser, sandbox: SandboxSite, button: str, told: str
) -> None:
    begun = sandbox.begin()
    with window(browser) as user:
        page = user.new_page()
        page.goto(sandbox.shop.launch(begun))
        with user.expect_page() as opened:
            page.evaluate("url => { window.asked = window.open(url, 'contacts', 'popup') }", begun["url"])
        popup = opened.value
        expect_heading(popup, "contactport asks to read your contacts")
        assert popup.evaluate("window.opener") is None
        # It is open, and the page that opened it is told that it is not.
        assert page.evaluate("window.asked.closed") is True
        press(popup, button)
        expect(page.get_by_role("status")).to_have_text(told, timeout=60_000)
        if button == "Deny":
            expect_heading(popup, "The contacts were not shared")
