"""Steps of a user who is asked for consent, and the walk through a window that the application opens."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.browsers import window
from tests.e2e.consent_site import COMPLETE, ConsentSite, failed


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def expect_return(page: Page, begun: dict[str, Any], code: int | None = None) -> None:
    """The browser is back at the application, whose own query is kept."""
    told = f"lang=en&import_id={begun['import_id']}" + ("" if code is None else f"&error_code={code}")
    expect(page.get_by_role("status")).to_have_text(told, timeout=60_000)


def expect_heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=60_000)


def walk_pop_up(browser: Browser, site: ConsentSite, button: str) -> None:
    """The application's page learns from the events how it went; the window closes itself where all is well."""
    begun = site.begin(returns=False)
    with window(browser) as user:
        page = user.new_page()
        page.goto(site.shop.launch(begun))
        with user.expect_page() as opened:
            page.get_by_role("button", name="Find my friends").click()
        popup = opened.value
        expect_heading(popup, "Consent")
        expect(page.get_by_role("status")).to_have_text("INITIALIZING INPROGRESS 0")
        if button == "Allow":
            with popup.expect_event("close", timeout=60_000):
                press(popup, button)
            expect(page.get_by_role("status")).to_have_text("COMPLETE COMPLETED 0", timeout=60_000)
        else:
            press(popup, button)
            # It has something to say, and stays.
            expect_heading(popup, "The contacts were not shared")
            expect(popup.get_by_text(re.compile("close this window"))).to_be_visible()
            expect(page.get_by_role("status")).to_have_text("COMPLETE ERROR 514", timeout=60_000)
    assert site.end(begun) == (COMPLETE if button == "Allow" else failed(514))
