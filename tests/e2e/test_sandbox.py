"""The sandbox as operators start it: each button of its page, and who may reach its port."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.e2e.service_process import RunningService, WireClient, command, service
from tests.servers.user_agent import VisitedPage, user_agent

BACK = "https://shop.example/back"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningService]:
    with service(tmp_path_factory.mktemp("sandbox") / "data", "--sandbox", networks=()) as started:
        yield started


@pytest.fixture(scope="module")
def shop(running: RunningService) -> WireClient:
    return running.application("shop", "--origins", "https://shop.example")


def begin(app: WireClient, **form: str) -> tuple[int, str]:
    status, body = app.call("POST", "/begin_import/user_consent", service="sandbox_oauth", **form)
    assert status == 200, body
    begun = json.loads(body)
    return begun["import_id"], begun["url"]


def sandbox_url(running: RunningService) -> str:
    found = re.search(r"the sandbox, which has no real account, is at (\S+)", running.stderr)
    assert found, running.stderr
    return found[1]


@pytest.mark.parametrize(
    ("button", "code"), [("Allow", 0), ("Deny", 514), ("Allow without contacts", 514), ("Crash", 518)]
)
async def test_a_button_ends_the_import_as_it_says(shop: WireClient, button: str, code: int) -> None:
    import_id, url = begin(shop, redirect_url=BACK, include="mailing_address,photo")
    async with user_agent() as browser:
        back = dict(await browser.consent(url, BACK, button))
    assert back == {"import_id": str(import_id)} | ({"error_code": str(code)} if code else {})
    assert (await asyncio.to_thread(shop.end, import_id))["value"] == code
    if not code:
        contacts = shop.contacts(import_id)
        assert len(contacts) == 25
        assert {group for contact in contacts for group in contact["groups"]} == {"Friends", "Family", "Work"}
        assert all(contact["email"] and contact["phone"] and contact["address"] for contact in contacts)
        assert any(contact["photos"] for contact in contacts)


async def test_a_window_that_was_closed_ends_the_import_when_its_time_is_over(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    # Enough to open the link; on a machine so slow that it is not, the link counts as never opened (517).
    config.write_text("pending_seconds = 3\n")
    with service(tmp_path / "data", "--sandbox", "--config", str(config), networks=()) as running:
        app = await asyncio.to_thread(running.application, "shop")
        import_id, url = begin(app)
        async with user_agent() as browser:
            page = await browser.open(url, BACK)
            assert isinstance(page, VisitedPage)
            form = next(form for form in page.forms if form.text.strip() == "Close")
            closed = await browser.open(
                f"{sandbox_url(running)}{form.action}", BACK, method=form.method, data=form.fields
            )
        assert isinstance(closed, VisitedPage)
        assert "You have closed the page" in closed.body
        assert (await asyncio.to_thread(app.end, import_id))["value"] in (516, 517)


async def test_its_page_cuts_a_pop_up_off(shop: WireClient, running: RunningService) -> None:
    _, url = begin(shop)
    async with user_agent() as browser:
        page = await browser.open(url, BACK)
    assert isinstance(page, VisitedPage)
    assert page.url.startswith(f"{sandbox_url(running)}/authorize?")
    assert "This is a sandbox: no real account" in page.body


def test_no_caller_reaches_its_port_by_naming_it(shop: WireClient, running: RunningService) -> None:
    url = sandbox_url(running)
    import_id = shop.begin(service="carddav", server=f"{url}/carddav/", username="user_good", password="x")
    assert shop.end(import_id)["value"] == 257


def test_only_a_service_on_loopback_has_one(tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('public_url = "https://contacts.example.com"\n')
    for options in (("--host", "0.0.0.0"), ("--config", str(config))):
        done = command("serve", "--sandbox", "--port", "0", *options, data=tmp_path / "data")
        assert done.returncode == 2
        assert "the sandbox is for one machine" in done.stderr
    assert not (tmp_path / "data").exists()
