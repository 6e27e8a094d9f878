"""Every state of the hosted pages: accessible and readable everywhere, without script, and closed to other sites."""

from __future__ import annotations

import itertools
import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Response

from tests.browser import browsers
from tests.browser.accessibility import overflow, violations
from tests.browser.browsers import SCHEMES, WIDTHS, window
from tests.browser.pictures import FOLDER, listed
from tests.browser.states import STATES, Stage, State, hold, reach, stage

_CHANGING = re.compile(
    r"[0-9a-f]{16}|127\.0\.0\.1:[0-9]+|\S+@example\.com|[0-9]+ contacts? so far|This can take a minute for large .*|"
    r"You can also drop the file here\.\s+"
)
"""The reference, ports, made-up users, what is counted, and what a script alone can do: they differ between walks."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stage]:
    with stage(tmp_path_factory.mktemp("states")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(scene: Stage) -> Generator[Browser]:
    # axe and the rules of pages are the same in each browser; test_pages and the walks run in Firefox too.
    with browsers.browser("chromium") as launched:
        yield launched


class Walk:
    """What the browser was sent and has said on its way to a state."""

    def __init__(self, page: Page) -> None:
        self.pages: list[Response] = []
        self.complaints: list[str] = []
        page.on("response", self._answered)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _said(self, message: ConsoleMessage) -> None:
        # What is asked for is a page that answers 4xx, which is no fault of the page's.
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def _answered(self, answer: Response) -> None:
        if answer.request.is_navigation_request() and answer.status not in (302, 303):
            self.pages.append(answer)


@pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
def test_a_state_keeps_to_the_rules_of_pages(browser: Browser, scene: Stage, state: State) -> None:
    with window(browser) as user:
        page = user.new_page()
        walk = Walk(page)
        reach(state, scene, page)
        hold(page)
        for scheme, width in itertools.product(SCHEMES, WIDTHS.values()):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            assert (violations(page), overflow(page)) == ([], 0), (scheme, width)
        text = page.inner_text("main")
        headers = [answer.all_headers() for answer in walk.pages]
    assert all(name in text for name in state.names), text
    assert "Reference: " in text or state.name == "front" or state.name.startswith("sandbox-")
    assert walk.complaints == []
    assert headers
    for given in headers:
        _check(given)
    with window(browser, script=False) as user:
        page = user.new_page()
        reach(state, scene, page)
        assert _CHANGING.sub("", page.inner_text("main")) == _CHANGING.sub("", text)


def _check(headers: dict[str, str]) -> None:
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


def test_no_two_states_have_one_name() -> None:
    assert len({state.name for state in STATES}) == len(STATES)


def test_each_state_has_its_pictures() -> None:
    assert (FOLDER / "README.md").read_text("utf-8") == listed(), "run python -m tests.browser.pictures"
    assert all((FOLDER / name).is_file() for name in re.findall(r"\((\S+\.webp)\)", listed()))
