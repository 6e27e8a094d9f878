"""The pop-up in Chromium as people start it, driven over CDP.

Playwright's own flags keep the two windows together, though the provider's page asks to be apart
(Cross-Origin-Opener-Policy). Here the application's page loses sight of the window.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser

from tests.browser.browsers import stock_chromium
from tests.browser.consent_walk import walk_pop_up
from tests.e2e.consent_site import ConsentSite, consent_site


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
