"""Every page that can be opened by its address alone: readable, accessible, and of our own origin."""

from __future__ import annotations

import itertools

import pytest
from playwright.sync_api import Browser, Request

from tests.browser.accessibility import overflow, violations
from tests.browser.browsers import SCHEMES, WIDTHS, window
from tests.e2e.service_process import RunningService

PAGES = ["/", "/docs", "/n/Abc1234", "/auth"]


@pytest.mark.parametrize("path", PAGES)
class TestAPage:
    def test_is_accessible_and_fits_its_window(
        self, browser: Browser, running: RunningService, path: str
    ) -> None:
        for scheme, width in itertools.product(SCHEMES, WIDTHS.values()):
            with window(browser, scheme=scheme, width=width) as user:
                page = user.new_page()
                page.goto(running.url + path)
                assert (violations(page), overflow(page)) == ([], 0), (scheme, width)

    def test_says_the_same_without_script(self, browser: Browser, running: RunningService, path: str) -> None:
        with window(browser) as user, window(browser, script=False) as scriptless:
            texts: list[str] = []
            for one in (user, scriptless):
                page = one.new_page()
                page.goto(running.url + path)
                # Each answer has a reference of its own.
                texts.append(page.inner_text("body").partition("Reference:")[0])
            assert texts[0] == texts[1] != ""

    def test_asks_nobody_else_and_breaks_no_rule_of_its_own(
        self, browser: Browser, running: RunningService, path: str
    ) -> None:
        asked: list[Request] = []
        complaints: list[str] = []
        with window(browser) as user:
            page = user.new_page()
            page.on("request", lambda request: asked.append(request))
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            answer = page.goto(running.url + path)
            assert answer is not None
            policy = answer.headers["content-security-policy"]
        assert all(request.url.startswith(f"{running.url}/") for request in asked)
        # A browser says that a page was answered with 404, which is no fault of the page's.
        assert [text for text in complaints if "status of 4" not in text] == []
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
