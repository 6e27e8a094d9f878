"""Every state of the pages that people see, and the way to each. Pictures and tests are made from this one list.

A way walks a browser to the state, as a user would, in the sandbox: no state is made up. Whatever is added to
`STATES` is judged by `test_states.py` and gets its picture.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from urllib.request import urlopen

from playwright.sync_api import Page, expect

from contactport.sandbox.accounts import APP_PASSWORD, APP_USER, PASSWORD, USER
from contactport.store.beside import DATABASE
from tests.browser.upload_walk import STATES as UPLOADS
from tests.e2e.service_process import RunningService, WireClient, service

DOMAIN = "Shop"
PATIENCE = 30_000
"""Milliseconds until a page that does not come is given up."""
SETTINGS = """\
# Users who fail on purpose must not make the sandbox rest for the others.
breaker_failures = 1000
"""


class Stage:
    """A service with its sandbox, and an application of it."""

    def __init__(self, running: RunningService, app: WireClient) -> None:
        self.running = running
        self.app = app

    def link(self, service: str) -> str:
        """The link of a new import that waits for its user."""
        status, body = self.app.call("POST", "/begin_import/user_consent", service=service)
        assert status == 200, body
        return json.loads(body)["url"]

    def let_time_pass(self) -> None:
        """The time of every import that waits is over."""
        with closing(sqlite3.connect(self.running.data / DATABASE, timeout=60)) as database:
            database.execute("UPDATE import SET deadline = 1 WHERE state = 'pending'")
            database.commit()


@contextmanager
def stage(folder: Path) -> Generator[Stage]:
    """Started before any browser: its commands need an event loop of their own."""
    folder.mkdir(exist_ok=True)
    config = folder / "settings.toml"
    config.write_text(SETTINGS, "utf-8")
    with service(folder / "data", "--sandbox", "--config", str(config), networks=()) as running:
        yield Stage(running, running.application(DOMAIN))


Way = Callable[[Stage, Page], None]


class State(NamedTuple):
    """A page in one state. `heading` is how it is known; `names` what it has to name.

    `picture`: how it is shown in docs/pictures: "both" schemes and widths where it matters, else "one".
    """

    name: str
    heading: str
    way: Way
    names: tuple[str, ...] = ()
    picture: str = "one"


def reach(state: State, scene: Stage, page: Page) -> None:
    """Walk the page to the state."""
    state.way(scene, page)
    expect(page.get_by_role("heading", level=1)).to_have_text(state.heading, timeout=PATIENCE)


def hold(page: Page) -> None:
    """Keep the page as it is: those of progress would load themselves again."""
    page.route("**/*", lambda route: route.abort("aborted"))


def _open(path: str) -> Way:
    def way(scene: Stage, page: Page) -> None:
        page.goto(scene.running.url + path)

    return way


def _form(service: str) -> Way:
    def way(scene: Stage, page: Page) -> None:
        page.goto(scene.link(service))

    return way


def _type(page: Page, username: str, password: str) -> None:
    page.get_by_label("E-mail address or user name").fill(username)
    page.locator("#password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Get my contacts").click()


def _sign_in(username: str, password: str = PASSWORD, service: str = "sandbox") -> Way:
    def way(scene: Stage, page: Page) -> None:
        page.goto(scene.link(service))
        _type(page, username, password)

    return way


def _wrong(times: int, *, same: bool = False, service: str = "sandbox") -> Way:
    def way(scene: Stage, page: Page) -> None:
        page.goto(scene.link(service))
        username = f"{secrets.token_hex(4)}@example.com"
        for number in range(times):
            if number:
                # The page asks again by itself until the provider has answered.
                expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
            _type(page, username, f"wrong {0 if same else number}")
        if times < 3:
            expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)

    return way


def _cancel(scene: Stage, page: Page) -> None:
    page.goto(scene.link("sandbox"))
    page.get_by_role("button", name="Cancel").click()


def _come_late(service: str) -> Way:
    def way(scene: Stage, page: Page) -> None:
        link = scene.link(service)
        page.goto(link)
        scene.let_time_pass()
        page.goto(link)

    return way


def _another_browser(scene: Stage, page: Page) -> None:
    link = scene.link("sandbox")
    with urlopen(link, timeout=60) as answer:
        answer.read()
    page.goto(link)


def _press(button: str) -> Way:
    def way(scene: Stage, page: Page) -> None:
        page.goto(scene.link("sandbox_oauth"))
        page.get_by_role("button", name=button, exact=True).click()

    return way


def _forged_client(scene: Stage, page: Page) -> None:
    page.goto(scene.link("sandbox_oauth"))
    page.goto(page.url.replace("client_id=", "client_id=another"))


def _again(scene: Stage, page: Page) -> None:
    """A link that has done its work is opened once more."""
    link = scene.link("sandbox")
    page.goto(link)
    _type(page, "user_empty", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Done", timeout=PATIENCE)
    page.goto(link)


def _upload(name: str) -> Way:
    def way(scene: Stage, page: Page) -> None:
        service, steps = UPLOADS[name]
        page.goto(scene.link(service))
        steps(page)

    return way


_OURS = (DOMAIN, "Sandbox")
_FILE = f"Your contacts for {DOMAIN}"
_COLUMNS = "What are these columns?"
_LOST = "Your contacts could not be read"
_FORM = "Sign in to Sandbox"
_APP_FORM = "Sign in to Sandbox"
_SHARED = "contactport asks to read your contacts"

STATES = (
    State("credentials", _FORM, _form("sandbox"), _OURS, "both"),
    State("app-password", _APP_FORM, _form("sandbox_app"), (*_OURS, APP_PASSWORD), "both"),
    State("credentials-server", "Sign in to your CardDAV server", _form("carddav"), (DOMAIN, "Server")),
    State("wrong-password-1", _FORM, _wrong(1), _OURS, "both"),
    State("wrong-password-2", _FORM, _wrong(2), _OURS),
    State("wrong-password-3", "The password was not accepted", _wrong(3), _OURS),
    State("wrong-app-password", _APP_FORM, _wrong(1, service="sandbox_app"), (*_OURS, APP_PASSWORD)),
    State("same-password-again", _FORM, _wrong(2, same=True), _OURS),
    State("wait-before-trying", "Wait before you try again", _wrong(3, same=True), _OURS),
    State("account-locked", "Your account is locked", _sign_in(USER, "error_account_locked"), _OURS),
    State("signing-in", "Signing in to Sandbox", _sign_in("user_hang"), _OURS),
    State("reading", "Reading your contacts at Sandbox", _sign_in("user_slow_120"), _OURS, "both"),
    State("done", "Done", _sign_in(APP_USER, APP_PASSWORD, "sandbox_app"), _OURS, "both"),
    State("done-empty", "Done", _sign_in("user_empty"), _OURS),
    State("done-partly", "Done", _sign_in(USER, "error_partial"), _OURS),
    State("used-again", "Done", _again, _OURS),
    State("provider-down", _LOST, _sign_in(USER, "error_provider_down"), _OURS),
    State("provider-changed", _LOST, _sign_in(USER, "error_provider_changed"), _OURS),
    State("connection-lost", _LOST, _sign_in("user_drop_7"), _OURS),
    State("cancelled", "Cancelled", _cancel, _OURS, "both"),
    State("expired", "The time is over", _come_late("sandbox"), _OURS),
    State("expired-consent", "The time is over", _come_late("sandbox_oauth"), _OURS),
    State("sandbox-consent", _SHARED, _form("sandbox_oauth"), (USER,), "both"),
    State("sandbox-closed", "You have closed the page", _press("Close")),
    State("sandbox-forged", "This request can't be trusted", _forged_client),
    State("consent-denied", "The contacts were not shared", _press("Deny"), _OURS),
    State("consent-unticked", "The contacts were not shared", _press("Allow without contacts"), _OURS),
    State("consent-failed", _LOST, _press("Crash"), _OURS),
    State("consent-done", "Done", _press("Allow"), _OURS),
    State("another-browser", "This link is in use elsewhere", _another_browser),
    State("upload", _FILE, _upload("upload-any-program"), (DOMAIN,), "both"),
    State("upload-outlook", _FILE, _upload("upload-outlook"), (DOMAIN,)),
    State("upload-unreadable", _FILE, _upload("upload-unreadable"), (DOMAIN, "a PDF document")),
    State("upload-table", "Is this right?", _upload("upload-table"), (DOMAIN,), "both"),
    State("upload-columns", _COLUMNS, _upload("upload-columns"), (DOMAIN,), "both"),
    State("upload-no-column", _COLUMNS, _upload("upload-no-column"), (DOMAIN,)),
    State("upload-two-spellings", _COLUMNS, _upload("upload-two-spellings"), (DOMAIN,)),
    State("upload-done", "Done", _upload("upload-done"), (DOMAIN,)),
    State("unknown-link", "This link is not valid", _open("/n/Abc1234"), (), "both"),
    State(
        "forged-state",
        "This link is not valid",
        _open(f"/auth?code=x&state={quote('import_id=1234567&n=' + 'x' * 43)}"),
    ),
    State("malformed-answer", "The provider's answer can't be read", _open("/auth")),
    State("not-found", "Page not found", _open("/docs/of/nothing")),
    State("front", "contactport", _open("/")),
)
