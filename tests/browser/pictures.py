"""`python -m tests.browser.pictures`: a picture of each page, as people see it, into docs/pictures."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.browser.browsers import SCHEMES, WIDTHS, browser, window
from tests.e2e.service_process import RunningService, WireClient, service

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
PAGES = {"docs": "/docs", "unknown-link": "/n/Abc1234"}
"""The picture's name, and the page's address."""


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        service(Path(folder, "data"), "--sandbox") as running,
    ):
        # Before the browser: its event loop is the thread's own.
        app = running.application("shop")
        _take(running, app)


def _take(running: RunningService, app: WireClient) -> None:
    with browser("chromium") as chromium:
        for scheme in SCHEMES:
            for name, width in WIDTHS.items():
                with window(chromium, scheme=scheme, width=width) as user:
                    page = user.new_page()
                    begun = app.call("POST", "/begin_import/user_consent", service="sandbox_oauth")[1]
                    pages = {title: running.url + path for title, path in PAGES.items()}
                    for title, url in {**pages, "sandbox": json.loads(begun)["url"]}.items():
                        page.goto(url)
                        picture = FOLDER / f"{title}-{name}-{scheme}.png"
                        page.screenshot(path=picture)
                        sys.stdout.write(f"{picture}\n")


if __name__ == "__main__":
    main()
