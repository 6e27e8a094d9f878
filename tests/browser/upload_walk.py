"""The upload page's states, and the files that lead to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from playwright.sync_api import Page, expect

from tests.e2e.upload_site import MOST


class BrowserFile(TypedDict):
    """A file as Playwright gives it to a page."""

    name: str
    mimeType: str
    buffer: bytes


def file(name: str, data: bytes | str) -> BrowserFile:
    return {
        "name": name,
        "mimeType": "application/octet-stream",
        "buffer": data.encode() if isinstance(data, str) else data,
    }


CARDS = file(
    "contacts.vcf",
    "".join(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nN:{family};{given};;;\r\nFN:{given} {family}\r\n"
        f"EMAIL:{given.lower()}@example.org\r\nEND:VCARD\r\n"
        for given, family in (("Ada", "Lovelace"), ("Grace", "Hopper"), ("Emmy", "Noether"))
    ),
)
TABLE = file(
    "contacts.csv",
    "First Name,Last Name,E-mail Address,Mobile Phone,Company,Notes,Loyalty\r\n"
    "Ada,Lovelace,ada@example.org,+44 20 7946 0001,Analytical Engines,met in London,7\r\n"
    "Grace,Hopper,grace@example.org,+1 202 555 0100,Navy,,12\r\n"
    "Emmy,Noether,emmy@example.org,+49 551 39 0,Universität Göttingen,,3\r\n",
)
UNKNOWN = file(
    "members.csv",
    "Wer;Wibble;Wobble;Wabble\n"
    "Ada Lovelace;x-1;London 5;yes\n"
    "Grace Hopper;x-2;Arlington 7;no\n"
    "Emmy Noether;x-3;Göttingen 1;yes\n",
)
TWO_SETS = file(
    "kontakte.csv", "Name;E-mail\nŞahin;sahin@example.org\nGül;gul@example.org\n".encode("cp1254")
)
PDF = file("contacts.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n")
LARGE = file("large.csv", b"Name,E-mail\n" + b"Ada,ada@example.org\n" * (MOST // 20 + 1))

TRIES = 5


def heading(page: Page, text: str) -> None:
    """Wait for a page with this heading."""
    for _ in range(TRIES):
        try:
            return expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=60_000)
        except AssertionError as error:
            # Firefox, over BiDi, where the page asked again by itself at this moment.
            if "session closed" not in str(error):
                raise
    raise AssertionError(f"no page with the heading {text!r} came")


def upload(page: Page, one: BrowserFile) -> None:
    page.get_by_label("Your file of contacts").set_input_files(one)
    page.get_by_role("button", name="Upload").click()


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def _preview(page: Page) -> None:
    upload(page, TABLE)
    heading(page, "Is this right?")


def _columns(page: Page) -> None:
    upload(page, UNKNOWN)
    heading(page, "What are these columns?")


def _nothing(page: Page) -> None:
    _columns(page)
    page.get_by_label("Column 1").select_option("")
    press(page, "Import these contacts")
    expect(page.get_by_role("alert")).to_be_visible()


def _sets(page: Page) -> None:
    upload(page, TWO_SETS)
    heading(page, "What are these columns?")
    expect(page.get_by_text("Which words are spelt correctly?")).to_be_visible()


def _refused(one: BrowserFile) -> Callable[[Page], None]:
    def reach(page: Page) -> None:
        upload(page, one)
        expect(page.get_by_role("alert")).to_be_visible(timeout=60_000)

    return reach


def _done(page: Page) -> None:
    upload(page, CARDS)
    heading(page, "Done")


def _cancelled(page: Page) -> None:
    press(page, "Cancel")
    heading(page, "Cancelled")


STATES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "upload-any-program": ("csv", lambda page: heading(page, "Your contacts for Shop")),
    "upload-outlook": ("outlook", lambda page: expect(page.get_by_text("Open & Export")).to_be_visible()),
    "upload-table": ("csv", _preview),
    "upload-columns": ("csv", _columns),
    "upload-no-column": ("csv", _nothing),
    "upload-two-spellings": ("csv", _sets),
    "upload-unreadable": ("csv", _refused(PDF)),
    "upload-too-large": ("csv", _refused(LARGE)),
    "upload-done": ("csv", _done),
    "upload-cancelled": ("csv", _cancelled),
}
"""The picture's name to the service, and the steps from its page to the state."""
