"""What every page that people see keeps to, judged by axe and by the browser itself."""

from __future__ import annotations

from typing import Any, cast

from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from playwright.sync_api import Page

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe finds wrong with the page, one line a rule: its name, what to do, and the elements."""
    axe = cast(Any, Axe())
    found = cast(dict[str, Any], axe.run(page, options={"runOnly": _TAGS}).response)
    return [
        f"{rule['id']}: {rule['help']}: {', '.join(str(node['target']) for node in rule['nodes'])}"
        for rule in found["violations"]
    ]


def overflow(page: Page) -> int:
    """How many CSS pixels of the page lie to the right of the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
