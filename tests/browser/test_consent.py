"""Consent in real browsers: every way that people go, and what the application learns of it."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browsers import window
from tests.browser.consent_walk import expect_heading, expect_return, press, walk_pop_up
from tests.e2e.consent_site import COMPLETE, PENDING, ConsentSite, consent_site, failed
from tests.e2e.shop import RELAYS, Relay


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[ConsentSite]:
    with consent_site(tmp_path_factory.mktemp("consent")) as made:
        yield made


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_user_allows(browser: Browser, site: ConsentSite, script: bool) -> None:
    begun = site.begin()
    assert site.told(begun) == PENDING
    with window(browser, script=script) as user:
        page = user.new_page()
        page.goto(begun["url"])
        expect_heading(page, "Consent")
        assert page.url.startswith(site.oidc.url)
        assert site.told(begun) == PENDING
        press(page, "Allow")
        expect_return(page, begun)
    assert site.end(begun) == COMPLETE
    (contact,) = site.app.contacts(int(begun["import_id"]))
    assert contact["first_name"] in ("Kept", "Refreshed")


@pytest.mark.parametrize("button", ["Deny", "Allow without contacts"])
def test_a_user_refuses(browser: Browser, site: ConsentSite, button: str) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = user.new_page()
        page.goto(begun["url"])
        press(page, button)
        expect_return(page, begun, 514)
    assert site.end(begun) == failed(514)


@pytest.mark.parametrize("button", ["Deny", "Allow without contacts"])
def test_a_user_refuses_in_a_window_of_its_own(browser: Browser, site: ConsentSite, button: str) -> None:
    begun = site.begin(returns=False)
    with window(browser) as user:
        page = user.new_page()
        page.goto(begun["url"])
        press(page, button)
        expect_heading(page, "The contacts were not shared")
        page.reload()
        expect_heading(page, "The contacts were not shared")
    assert site.end(begun) == failed(514)


def test_a_user_closes_the_page_and_comes_again(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = user.new_page()
        page.goto(begun["url"])
        expect_heading(page, "Consent")
        page.close()
        assert site.told(begun) == PENDING
        page = user.new_page()
        page.goto(begun["url"])
        press(page, "Allow")
        expect_return(page, begun)
    assert site.end(begun) == COMPLETE


def test_a_user_closes_the_page_for_good(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = user.new_page()
        page.goto(begun["url"])
        expect_heading(page, "Consent")
        page.close()
        assert site.app.call("DELETE", f"/imports/{begun['import_id']}")[0] == 204
        page = user.new_page()
        page.goto(begun["url"])
        expect_heading(page, "This link is not valid")
    assert site.end(begun)[-1] == ("COMPLETE", "ERROR", 517)


def test_the_provider_breaks_and_the_user_goes_back(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = user.new_page()
        page.goto(begun["url"])
        press(page, "Crash")
        expect(page).to_have_title("500")
        assert site.told(begun) == PENDING
        page.go_back()
        press(page, "Allow")
        expect_return(page, begun)
    assert site.end(begun) == COMPLETE


def test_back_and_forward(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin(returns=False)
    with window(browser) as user:
        page = user.new_page()
        page.goto(site.shop.launch(begun))
        page.get_by_role("link", name="Go there").click()
        expect_heading(page, "Consent")
        page.go_back()
        expect(page).to_have_title("Shop")
        page.go_forward()
        press(page, "Allow")
        expect_heading(page, "Done")
        # To the provider's page, whose question is answered, and forward again.
        page.go_back()
        page.go_forward()
        expect_heading(page, "Done")
        page.goto(begun["url"])
        expect_heading(page, "Done")
    assert site.end(begun) == COMPLETE


def test_every_page_may_be_reloaded(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin(returns=False)
    with window(browser) as user:
        page = user.new_page()
        page.goto(begun["url"])
        expect_heading(page, "Consent")
        page.reload()
        press(page, "Allow")
        expect_heading(page, "Done")
        page.reload()
        expect_heading(page, "Done")
    assert site.end(begun) == COMPLETE


def test_an_answer_is_good_once(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin(returns=False)
    answers: list[str] = []
    with window(browser) as user, window(browser) as other:
        page = user.new_page()
        page.on("request", lambda asked: answers.append(asked.url) if "/auth?code=" in asked.url else None)
        page.goto(begun["url"])
        press(page, "Allow")
        expect_heading(page, "Done")
        (answer,) = [one for one in answers if one.startswith(site.url)]
        page.goto(answer)
        expect_heading(page, "Done")
        thief = other.new_page()
        thief.goto(answer)
        expect_heading(thief, "This link is in use elsewhere")
    assert site.end(begun) == COMPLETE


def test_two_tabs(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        first, second = user.new_page(), user.new_page()
        for tab in (first, second):
            tab.goto(begun["url"])
            expect_heading(tab, "Consent")
        press(first, "Allow")
        expect_return(first, begun)
        assert site.end(begun) == COMPLETE
        # The other tab's answer comes too late, and harms nothing.
        press(second, "Deny")
        expect_return(second, begun)
    assert site.told(begun) == COMPLETE


def test_another_browser(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin()
    with window(browser) as user, window(browser) as stranger:
        page, other = user.new_page(), stranger.new_page()
        page.goto(begun["url"])
        expect_heading(page, "Consent")
        other.goto(begun["url"])
        expect_heading(other, "This link is in use elsewhere")
        press(page, "Allow")
        expect_return(page, begun)
    assert site.end(begun) == COMPLETE


def test_a_browser_that_keeps_no_cookies_is_told_so(browser: Browser, site: ConsentSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = user.new_page()
        page.goto(begun["url"])
        expect_heading(page, "Consent")
        user.clear_cookies(domain="contacts.localhost")
        press(page, "Allow")
        expect_heading(page, "This link is in use elsewhere")
        expect(page.get_by_role("alert")).to_contain_text("cookies")
    assert site.told(begun) == PENDING


@pytest.mark.parametrize("button", ["Allow", "Deny"])
@pytest.mark.parametrize("way", RELAYS)
def test_the_application_s_own_page_relays(
    browser: Browser, site: ConsentSite, way: Relay, button: str
) -> None:
    begun = site.begin(app=site.relaying)
    site.shop.relays[str(begun["import_id"])] = way
    with window(browser) as user:
        page = user.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(begun["url"])
        press(page, button)
        expect_return(page, begun, None if button == "Allow" else 514)
        assert len([url for url in asked if url.startswith(site.shop.relay)]) == 1
    assert site.end(begun, site.relaying) == (COMPLETE if button == "Allow" else failed(514))


@pytest.mark.parametrize("button", ["Allow", "Deny"])
def test_a_pop_up(browser: Browser, site: ConsentSite, button: str) -> None:
    walk_pop_up(browser, site, button)
