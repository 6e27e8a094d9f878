"""The credentials page in real browsers: a user who mistypes, corrects it, goes back, and closes the window."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import overflow, violations
from tests.browser.browsers import SCHEMES, WIDTHS, window
from tests.contract.live_service import ADA, SECRET, LiveService, live_service
from tests.contract.raw import FORM, form

SIGN_IN = re.compile("Get my contacts")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Generator[LiveService]:
    with live_service(tmp_path_factory.mktemp("credentials")) as made:
        yield made


def begin(app: LiveService) -> tuple[int, str]:
    """An import that waits for its user, and the link."""
    answer = app.ask("POST", "/begin_import/user_consent", FORM, body=form({"service": "carddav"}))
    assert answer.status == 200, answer.body
    begun = answer.json()
    return begun["import_id"], begun["url"]


def sign_in(page: Page, app: LiveService, password: str, username: str = ADA) -> None:
    page.get_by_label("E-mail address or user name").fill(username)
    page.get_by_label("Server").fill(app.books.url)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name=SIGN_IN).click()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_mistyped_password_is_corrected_and_the_contacts_arrive(
    browser: Browser, app: LiveService, script: bool
) -> None:
    import_id, url = begin(app)
    with window(browser, script=script) as user:
        page = user.new_page()
        page.goto(url)
        # Another one each time: what was wrong a moment ago is not tried again.
        sign_in(page, app, f"wrong {secrets.token_hex(4)}")
        # The page asks again by itself until the provider has answered.
        expect(page.get_by_role("alert")).to_contain_text("do not match", timeout=60_000)
        assert page.url == url, "the password is in no address"
        assert page.get_by_label("E-mail address or user name").input_value() == ADA
        assert page.get_by_label("Password").input_value() == ""
        sign_in(page, app, SECRET)
        expect(page.get_by_role("heading")).to_have_text("Done", timeout=60_000)
        expect(page.get_by_role("status")).to_contain_text("2 contacts")
        page.go_back()
        page.reload()
        expect(page.get_by_role("heading")).to_have_text("Done")
    assert app.events(import_id)[-1]["status"] == "COMPLETED"


def test_another_browser_can_t_take_the_link_over(browser: Browser, app: LiveService) -> None:
    _, url = begin(app)
    with window(browser) as first, window(browser) as second:
        page = first.new_page()
        page.goto(url)
        other = second.new_page()
        other.goto(url)
        expect(other.get_by_role("heading")).to_have_text("This link is in use elsewhere")
        tab = first.new_page()
        tab.goto(url)
        expect(tab.get_by_role("button", name=SIGN_IN)).to_be_visible()


def test_every_state_is_accessible_and_fits_its_window(browser: Browser, app: LiveService) -> None:
    for scheme, width in itertools.product(SCHEMES, WIDTHS.values()):
        _, url = begin(app)
        with window(browser, scheme=scheme, width=width) as user:
            page = user.new_page()
            page.goto(url)
            assert (violations(page), overflow(page)) == ([], 0), ("form", scheme, width)
            sign_in(page, app, "wrong", f"{secrets.token_hex(4)}@example.com")
            expect(page.get_by_role("alert")).to_be_visible(timeout=60_000)
            assert (violations(page), overflow(page)) == ([], 0), ("wrong", scheme, width)
            page.get_by_role("button", name="Cancel").click()
            expect(page.get_by_role("heading")).to_have_text("Cancelled")
            assert (violations(page), overflow(page)) == ([], 0), ("end", scheme, width)
