"""The browsers of the tests: Debian's Chromium and Firefox, as users have them, driven by Playwright."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.needs import needs

Name = Literal["chromium", "firefox"]
Scheme = Literal["light", "dark"]
NAMES: tuple[Name, ...] = ("chromium", "firefox")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = {"narrow": 320, "wide": 1280}
"""CSS pixels. 320 is the least that a page has to be readable at (WCAG 1.4.10)."""

_PROGRAMS: dict[Name, str] = {"chromium": "chromium", "firefox": "firefox-esr"}
_CHROMIUM = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""It runs as root in containers, and asks nothing of the outside."""


@contextmanager
def browser(name: Name) -> Generator[Browser]:
    """A running browser, without a window. The calling test is left out where it is not installed."""
    program = shutil.which(_PROGRAMS[name])
    if program is None:
        needs(_PROGRAMS[name], f"apt-get install {_PROGRAMS[name]}")
    with sync_playwright() as playwright:
        launched = _launch(playwright, name, program)
        try:
            yield launched
        finally:
            launched.close()


@contextmanager
def stock_chromium() -> Generator[Browser]:
    """Chromium as people start it: Playwright's own flags change how windows know each other. Driven over CDP."""
    program = shutil.which("chromium")
    if program is None:
        needs("chromium", "apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        flags = [*_CHROMIUM, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={folder}"]
        process = subprocess.Popen(
            [program, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            # It says where it listens, and ends its output where it can't start.
            found = next((line for line in process.stderr if line.startswith("DevTools listening on ")), "")
            assert found, "Chromium did not start"
            launched = playwright.chromium.connect_over_cdp(
                found.removeprefix("DevTools listening on ").strip()
            )
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield launched
            launched.close()
        finally:
            process.terminate()
            process.wait()


def _launch(playwright: Playwright, name: Name, program: str) -> Browser:
    if name == "chromium":
        return playwright.chromium.launch(executable_path=program, args=_CHROMIUM)
    # Debian's own, by WebDriver BiDi: not a build that only Playwright has.
    # A page that it has kept aside comes back without a word over BiDi, and Playwright waits for it in vain.
    preferences: dict[str, str | float | bool] = {"browser.sessionhistory.max_total_viewers": 0}
    return playwright.firefox.launch(
        channel="moz-firefox", executable_path=program, firefox_user_prefs=preferences
    )


def window(
    browser: Browser, *, scheme: Scheme = "light", width: int = WIDTHS["wide"], script: bool = True
) -> BrowserContext:
    """A browser of a user of its own: cookies, history, the preferred colours, and the width of its pages."""
    return browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, java_script_enabled=script
    )
