"""`python -m tests.browser.pictures [NAME…]`: a picture of each state of each page into docs/pictures.

What changes from one run to the next is shown as a fixed text, so that a picture changes only with its page.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.browsers import WIDTHS, Scheme, browser, window
from tests.browser.states import STATES, Stage, State, hold, reach, stage

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_LIST = """\
# Every state of the pages that users see

`python -m tests.browser.pictures` takes these pictures, in the [sandbox](../howto/sandbox.md), and writes this list.
"""
_WIDTH = 520
"""CSS pixels of the usual picture."""
_STEADY = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode;
    text.data = text.data
      .replace(/^[0-9a-f]{16}$/, "0123456789abcdef")
      .replace(/127\\.0\\.0\\.1:[0-9]+/, "127.0.0.1:8321")
      .replace(/imports\\/[0-9]+/, "imports/1234567");
  }
  for (const field of document.querySelectorAll("input[value*='@example.com']")) field.value = "ada@example.com";
  document.activeElement?.blur();
}"""


_TO_WEBP = """async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/webp", 0.9).split(",")[1];
}"""
"""A fifth of the bytes."""


def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    chosen = [state for state in STATES if not names or state.name in names]
    with (
        tempfile.TemporaryDirectory() as folder,
        stage(Path(folder)) as scene,
        browser("chromium") as chromium,
    ):
        darkroom = chromium.new_page()
        for state in chosen:
            for name, png in _take(chromium, scene, state):
                webp = darkroom.evaluate(_TO_WEBP, base64.b64encode(png).decode())
                picture = FOLDER / f"{name}.webp"
                picture.write_bytes(base64.b64decode(webp))
                sys.stdout.write(f"{picture}\n")
    (FOLDER / "README.md").write_text(listed(), "utf-8")


def listed() -> str:
    """The page with all pictures."""
    return _LIST + "".join(f"\n{_pictures(state)}\n" for state in STATES)


def _pictures(state: State) -> str:
    names = [state.name, *(f"{state.name}-{more}" for more in ("dark", "narrow") if state.picture == "both")]
    pictures = " ".join(f"![{name.replace('-', ' ')}]({name}.webp)" for name in names)
    return f"## {state.name.replace('-', ' ').capitalize()}\n\n{pictures}"


def _take(chromium: Browser, scene: Stage, state: State) -> Iterator[tuple[str, bytes]]:
    with window(chromium) as user:
        page = user.new_page()
        reach(state, scene, page)
        hold(page)
        yield state.name, _picture(page, _WIDTH, "light")
        if state.picture == "both":
            yield f"{state.name}-narrow", _picture(page, WIDTHS["narrow"], "light")
            yield f"{state.name}-dark", _picture(page, _WIDTH, "dark")


def _picture(page: Page, width: int, scheme: Scheme) -> bytes:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 200})
    page.evaluate(_STEADY)
    return page.screenshot(full_page=True)


if __name__ == "__main__":
    main(sys.argv[1:])
