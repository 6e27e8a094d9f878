"""The sandbox's page in real browsers: each button, accessible and readable, with and without script."""

from __future__ import annotations

import itertools
import json
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.accessibility import overflow, violations
from tests.browser.browsers import SCHEMES, WIDTHS, window
from tests.e2e.service_process import WireClient, service


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Generator[WireClient]:
    # Made before any browser runs: a command needs an event loop of its own.
    with service(tmp_path_factory.mktemp("sandbox") / "data", "--sandbox", networks=()) as started:
        yield started.application("shop")


def begin(app: WireClient) -> dict[str, Any]:
    return json.loads(app.call("POST", "/begin_import/user_consent", service="sandbox_oauth")[1])


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_allow_brings_the_contacts(app: WireClient, browser: Browser, script: bool) -> None:
    begun = begin(app)
    with window(browser, script=script) as user:
        page = user.new_page()
        page.goto(begun["url"])
        page.get_by_role("button", name="Allow", exact=True).click()
        # The page asks again by itself until the contacts are there.
        expect(page.get_by_role("status")).to_contain_text("25 contacts", timeout=60_000)
    assert app.end(begun["import_id"])["value"] == 0


def test_every_page_is_accessible_and_fits_its_window(app: WireClient, browser: Browser) -> None:
    for scheme, width in itertools.product(SCHEMES, WIDTHS.values()):
        begun = begin(app)
        with window(browser, scheme=scheme, width=width) as user:
            page = user.new_page()
            page.goto(begun["url"])
            expect(page.get_by_text("This is a sandbox: no real account")).to_be_visible()
            assert (violations(page), overflow(page)) == ([], 0), ("consent", scheme, width)
            page.get_by_role("button", name="Close").click()
            expect(page.get_by_role("heading")).to_have_text("You have closed the page")
            expect(page.get_by_text("This is a sandbox: no real account")).to_be_visible()
            assert (violations(page), overflow(page)) == ([], 0), ("closed", scheme, width)
