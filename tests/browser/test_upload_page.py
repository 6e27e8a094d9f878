"""The upload page in real browsers: files of every kind, columns to correct, and users who go back or away."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import overflow, violations
from tests.browser.browsers import SCHEMES, WIDTHS, window
from tests.browser.upload_walk import (
    CARDS,
    LARGE,
    PDF,
    STATES,
    TABLE,
    TWO_SETS,
    UNKNOWN,
    BrowserFile,
    heading,
    press,
    upload,
)
from tests.e2e.upload_site import UploadSite, upload_site

COMPLETE = ("COMPLETE", "COMPLETED", 0)
PENDING = ("INITIALIZING", "INPROGRESS", 0)
IMPORT = "Import these contacts"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[UploadSite]:
    with upload_site(tmp_path_factory.mktemp("upload")) as made:
        yield made


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def script(request: pytest.FixtureRequest) -> bool:
    return request.param


def drop(page: Page, one: BrowserFile) -> None:
    """A file is dropped on the page, as the browser reports it."""
    page.evaluate(
        """([name, text]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], name));
            const init = {dataTransfer: transfer, bubbles: true, cancelable: true};
            const frame = document.querySelector(".drop");
            frame.dispatchEvent(new DragEvent("dragover", init));
            frame.dispatchEvent(new DragEvent("drop", init));
        }""",
        [one["name"], one["buffer"].decode()],
    )


def tab(user: BrowserContext) -> Page:
    """A page that no script can close. Firefox takes all pages of a test for such as a script has opened."""
    page = user.new_page()
    page.route("**/assets/close-*.js", lambda route: route.abort())
    return page


def emails(contacts: list[dict[str, Any]]) -> list[str]:
    return [one["email"][0]["address"] for one in contacts if one["email"]]


def test_cards_are_imported_at_once(browser: Browser, site: UploadSite, script: bool) -> None:
    begun = site.begin()
    with window(browser, script=script) as user:
        page = tab(user)
        page.goto(begun["url"])
        assert site.last(begun) == PENDING
        upload(page, CARDS)
        heading(page, "Done")
        expect(page.get_by_role("status")).to_contain_text("3 contacts")
        page.reload()
        heading(page, "Done")
        page.goto(begun["url"])
        heading(page, "Done")
    assert emails(site.contacts(begun)) == ["ada@example.org", "grace@example.org", "emmy@example.org"]


def test_a_dropped_file(browser: Browser, site: UploadSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = tab(user)
        page.goto(begun["url"])
        drop(page, CARDS)
        heading(page, "Done")
    assert len(site.contacts(begun)) == 3


def test_by_the_keyboard_alone(browser: Browser, site: UploadSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = tab(user)
        page.goto(begun["url"])
        page.get_by_label("Your file of contacts").set_input_files(TABLE)
        page.get_by_role("button", name="Upload").press("Enter")
        heading(page, "Is this right?")
        page.get_by_role("link", name="Change the columns").press("Enter")
        page.get_by_label("Loyalty").focus()
        page.keyboard.type("Nickname")
        page.get_by_role("button", name=IMPORT).press("Enter")
        heading(page, "Done")
    assert len(site.contacts(begun)) == 3


def test_a_table_is_confirmed(browser: Browser, site: UploadSite, script: bool) -> None:
    begun = site.begin()
    with window(browser, script=script) as user:
        page = tab(user)
        page.goto(begun["url"])
        upload(page, TABLE)
        heading(page, "Is this right?")
        expect(page.get_by_text("6 of 7 columns are understood")).to_be_visible()
        assert site.last(begun) == PENDING
        page.reload()
        press(page, IMPORT)
        heading(page, "Done")
    ada = site.contacts(begun)[0]
    assert (ada["first_name"], ada["companies"]) == ("Ada", ["Analytical Engines"])


def test_columns_are_changed(browser: Browser, site: UploadSite, script: bool) -> None:
    begun = site.begin(include="mailing_address")
    with window(browser, script=script) as user:
        page = tab(user)
        page.goto(begun["url"])
        upload(page, UNKNOWN)
        heading(page, "What are these columns?")
        assert site.last(begun) == PENDING
        # Nothing about anybody: what was chosen stays.
        page.get_by_label("Column 1").select_option("")
        page.get_by_label("Column 3").select_option("address.street")
        press(page, IMPORT)
        expect(page.get_by_role("alert")).to_contain_text("Say which column")
        assert page.get_by_label("Column 3").input_value() == "address.street"
        page.get_by_label("Column 1").select_option("full_name")
        page.get_by_label("The first row has headings").check()
        press(page, IMPORT)
        heading(page, "Done")
    contacts = site.contacts(begun)
    assert [one["last_name"] for one in contacts] == ["Lovelace", "Hopper", "Noether"]
    assert contacts[0]["address"][0]["street"] == "London 5"


def test_the_user_chooses_between_two_spellings(browser: Browser, site: UploadSite, script: bool) -> None:
    begun = site.begin()
    with window(browser, script=script) as user:
        page = tab(user)
        page.goto(begun["url"])
        upload(page, TWO_SETS)
        expect(page.get_by_text("Şahin, Gül")).to_be_visible()
        page.get_by_role("link", name="Žahin, Gül").click()
        expect(page.get_by_text("(shown below)")).to_contain_text("Žahin")
        press(page, IMPORT)
        heading(page, "Done")
    assert site.contacts(begun)[0]["first_name"] + site.contacts(begun)[0]["last_name"] == "Žahin"


@pytest.mark.parametrize(
    ("one", "text"), [(PDF, "This is a PDF document"), (LARGE, "too large")], ids=["PDF", "large"]
)
def test_a_wrong_file_and_then_the_right_one(
    browser: Browser, site: UploadSite, script: bool, one: BrowserFile, text: str
) -> None:
    begun = site.begin()
    with window(browser, script=script) as user:
        page = tab(user)
        page.goto(begun["url"])
        upload(page, one)
        expect(page.get_by_role("alert")).to_contain_text(text, timeout=60_000)
        assert site.last(begun) == PENDING
        upload(page, CARDS)
        heading(page, "Done")
    assert len(site.contacts(begun)) == 3


def test_another_file_takes_the_place_of_the_first(browser: Browser, site: UploadSite, script: bool) -> None:
    begun = site.begin()
    with window(browser, script=script) as user:
        page = tab(user)
        page.goto(begun["url"])
        upload(page, TABLE)
        heading(page, "Is this right?")
        press(page, "Choose another file")
        heading(page, "Your contacts for Shop")
        upload(page, CARDS)
        heading(page, "Done")
    assert "companies" in site.contacts(begun)[0]
    assert site.contacts(begun)[0]["companies"] == []


def test_back_and_forward(browser: Browser, site: UploadSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = tab(user)
        page.goto(site.shop.launch(begun))
        page.get_by_role("link", name="Go there").click()
        heading(page, "Your contacts for Shop")
        page.go_back()
        expect(page).to_have_title("Shop")
        page.go_forward()
        upload(page, TABLE)
        heading(page, "Is this right?")
        page.get_by_role("link", name="Change the columns").click()
        heading(page, "What are these columns?")
        page.go_back()
        heading(page, "Is this right?")
        press(page, IMPORT)
        heading(page, "Done")
    assert site.end(begun) == COMPLETE


def test_another_browser_can_t_take_the_link_over(browser: Browser, site: UploadSite) -> None:
    begun = site.begin()
    with window(browser) as first, window(browser) as second:
        page, other, again = tab(first), tab(second), tab(first)
        page.goto(begun["url"])
        other.goto(begun["url"])
        heading(other, "This link is in use elsewhere")
        again.goto(begun["url"])
        upload(again, CARDS)
        heading(again, "Done")
    assert site.end(begun) == COMPLETE


@pytest.mark.parametrize("one", [None, TABLE], ids=["at first", "at the columns"])
def test_cancel(browser: Browser, site: UploadSite, script: bool, one: BrowserFile | None) -> None:
    begun = site.begin(returns=True)
    with window(browser, script=script) as user:
        page = tab(user)
        page.goto(begun["url"])
        if one is not None:
            upload(page, one)
            heading(page, "Is this right?")
        press(page, "Cancel")
        expect(page.get_by_role("status")).to_have_text(
            f"lang=en&import_id={begun['import_id']}&error_code=517"
        )
    assert site.end(begun) == ("COMPLETE", "ERROR", 517)


def test_the_browser_goes_back_to_the_application(browser: Browser, site: UploadSite, script: bool) -> None:
    begun = site.begin(returns=True)
    with window(browser, script=script) as user:
        page = tab(user)
        page.goto(begun["url"])
        upload(page, CARDS)
        expect(page.get_by_role("status")).to_have_text(
            f"lang=en&import_id={begun['import_id']}", timeout=60_000
        )
    assert site.end(begun) == COMPLETE


def test_a_pop_up_closes_itself(browser: Browser, site: UploadSite) -> None:
    begun = site.begin()
    with window(browser) as user:
        page = user.new_page()
        page.goto(site.shop.launch(begun))
        with user.expect_page() as opened:
            page.get_by_role("button", name="Find my friends").click()
        popup = opened.value
        heading(popup, "Your contacts for Shop")
        with popup.expect_event("close", timeout=60_000):
            upload(popup, CARDS)
        expect(page.get_by_role("status")).to_have_text("COMPLETE COMPLETED 0", timeout=60_000)


def test_a_link_whose_time_is_over(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    # It would be a service of its own for each browser: one is enough, for no script has a part in it.
    if browser.browser_type.name != "chromium":
        return
    with upload_site(tmp_path_factory.mktemp("late"), pending_seconds="2") as site, window(browser) as user:
        begun = site.begin()
        page = tab(user)
        page.goto(begun["url"])
        assert site.end(begun) == ("COMPLETE", "ERROR", 516)
        upload(page, CARDS)
        heading(page, "The time is over")


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_and_fits_its_window(
    browser: Browser, site: UploadSite, state: str
) -> None:
    service, reach = STATES[state]
    for scheme, width in itertools.product(SCHEMES, WIDTHS.values()):
        begun = site.begin(service)
        with window(browser, scheme=scheme, width=width) as user:
            page = tab(user)
            page.goto(begun["url"])
            reach(page)
            for details in page.locator("summary").all():
                details.click()
            assert (violations(page), overflow(page)) == ([], 0), (state, scheme, width)


def test_it_asks_nobody_else_and_breaks_no_rule_of_its_own(browser: Browser, site: UploadSite) -> None:
    begun = site.begin()
    asked: list[str] = []
    complaints: list[str] = []
    with window(browser) as user:
        page = user.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        answer = page.goto(begun["url"])
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        upload(page, TABLE)
        heading(page, "Is this right?")
    assert all(url.startswith((f"{site.url}/", "data:")) for url in asked)
    assert complaints == []
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
