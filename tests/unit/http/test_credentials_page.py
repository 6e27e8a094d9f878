"""The credentials page: what it asks, whom it believes, and what it leaves behind. No worker runs here."""

from __future__ import annotations

import re
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest
from starlette.applications import Starlette

from contactport.store import domains, endings, events, login_failures, sealed_grants
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from tests.unit.http.asgi import AsgiResponse, ask, basic
from tests.unit.http.browser import BrowserWithCookies
from tests.unit.http.conftest import Build

TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')
BACK = "https://shop.example/done"


class Opened(msgspec.Struct):
    """A link that a browser has opened, and the form's token."""

    application: Starlette
    import_id: int
    path: str
    browser: BrowserWithCookies
    page: AsgiResponse

    @property
    def token(self) -> str:
        found = TOKEN.search(self.page.body.decode())
        assert found is not None
        return found[1]

    async def submit(self, **fields: str) -> AsgiResponse:
        """The form as the browser sends it; fields that are not given are typed well."""
        form = {"token": self.token, "username": "ada@icloud.com", "password": "p", "action": "sign_in"}
        return await self.browser.send(self.path, form | fields)


async def opened(wire: Build, pair: KeyPair, **arguments: str) -> Opened:
    application = wire()
    given = {"service": "icloud"} | arguments
    answer = await ask(
        application, "POST", "/begin_import/user_consent", query=urlencode(given), headers=basic(pair)
    )
    assert answer.status == 200, answer.body
    body = answer.json()
    assert list(body) == ["status", "url", "echo", "import_type", "import_id", "user_id", "id"]
    assert re.fullmatch(r"http://127\.0\.0\.1:8321/n/[A-Z0-9]{7}", body["url"])
    path = urlsplit(str(body["url"])).path
    browser = BrowserWithCookies(application)
    return Opened(application, body["import_id"], path, browser, await browser.get(path))


def told(store: Store, import_id: int) -> list[tuple[str, str, int]]:
    return [(one.type, one.status, one.value) for one in store.database.read_now(events.read, import_id)]


PENDING = [("INITIALIZING", "INPROGRESS", 0)]


async def test_the_page_says_who_asks_for_what_and_what_to_type(
    wire: Build, store: Store, pair: KeyPair
) -> None:
    link = await opened(wire, pair)
    text = link.page.body.decode()
    assert (link.page.status, link.page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Sign in to iCloud" in text
    assert "<strong>shop</strong> asks for your contacts" in text
    assert "shop gets your contacts once" in text
    assert text.index("app-specific password") < text.index("<input")
    assert "make one at <a href=" in text
    assert ">account.apple.com/account/manage (opens a new window)</a>" in text
    assert 'autocomplete="current-password"' in text
    assert "form-action 'self';" in f"{link.page.headers['content-security-policy']};"
    assert "script" not in text
    assert told(store, link.import_id) == PENDING


async def test_signing_in_keeps_the_import_waiting_until_the_password_works(
    wire: Build, store: Store, pair: KeyPair
) -> None:
    link = await opened(wire, pair)
    answer = await link.submit(username=" ada@icloud.com ", password=" with blanks ")
    assert (answer.status, answer.headers["Location"]) == (303, link.path)
    assert told(store, link.import_id) == PENDING
    grant = store.database.read_now(sealed_grants.read, store.ring, link.import_id)
    assert (grant.username, grant.password) == ("ada@icloud.com", " with blanks ")  # pyright: ignore
    page = await link.browser.get(link.path)
    assert (page.status, page.headers["refresh"]) == (200, "2")
    assert b"Signing in" in page.body
    assert b"with blanks" not in page.body


async def test_the_same_idempotency_key_is_the_same_import_and_link(
    wire: Build, store: Store, pair: KeyPair
) -> None:
    application = wire()

    async def begin(**given: str) -> AsgiResponse:
        headers = basic(pair) | {"Idempotency-Key": "order 7"}
        return await ask(application, "POST", "/begin_import/user_consent", form=given, headers=headers)

    first = await begin(service="icloud", user_id="7")
    assert first.status == 200
    assert (await begin(service="icloud", user_id="7")).body == first.body
    for other in ({"service": "yahoo", "user_id": "7"}, {"service": "icloud", "user_id": "8"}):
        refused = await begin(**other)
        assert (refused.status, refused.json()["error"]["code"]) == (400, 2)
    store.database.write_now(endings.erase, first.json()["import_id"], "")
    gone = await begin(service="icloud", user_id="7")
    assert (gone.status, gone.json()["error"]["code"]) == (400, 2)
    assert "new key" in gone.json()["error"]["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"token": "0" * 64},
        {"token": ""},
        {"token": "é"},
    ],
)
async def test_a_form_without_its_token_does_nothing(
    wire: Build, store: Store, pair: KeyPair, fields: dict[str, str]
) -> None:
    link = await opened(wire, pair)
    answer = await link.submit(**fields)
    assert answer.status == 403
    assert told(store, link.import_id) == PENDING
    assert b'name="password"' in (await link.browser.get(link.path)).body


async def test_another_browser_can_neither_see_nor_send_the_form(
    wire: Build, store: Store, pair: KeyPair
) -> None:
    link = await opened(wire, pair)
    other = BrowserWithCookies(link.application)
    assert (await other.get(link.path)).status == 403
    form = {"token": link.token, "username": "ada", "password": "p", "action": "sign_in"}
    assert (await other.send(link.path, form)).status == 403
    assert (await other.send(link.path, form | {"action": "cancel"})).status == 403
    assert told(store, link.import_id) == PENDING
    # Nor does another site's page, which can make the right browser send: its cookie stays at home.
    assert (await link.browser.post(link.path, form)).status == 403


@pytest.mark.parametrize(
    "fields", [{"username": " "}, {"password": ""}, {"username": "a\nb"}, {"password": "x" * 1001}]
)
async def test_what_is_missing_or_can_t_be_is_asked_again(
    wire: Build, store: Store, pair: KeyPair, fields: dict[str, str]
) -> None:
    link = await opened(wire, pair)
    assert (await link.submit(**fields)).status == 303
    assert b'name="password"' in (await link.browser.get(link.path)).body
    assert told(store, link.import_id) == PENDING


async def test_a_password_that_was_wrong_a_moment_ago_is_not_tried_again(
    wire: Build, store: Store, pair: KeyPair
) -> None:
    link = await opened(wire, pair)
    (domain,) = store.database.read_now(domains.all_domains)
    who = (store.ring, domain.id, "icloud", "ada@icloud.com")
    store.database.write_now(login_failures.record, *who, "wrong")
    for _ in range(2):
        await link.submit(password="wrong")
        page = (await link.browser.get(link.path)).body.decode()
        assert "These credentials failed a short while ago" in page
        assert 'value="ada@icloud.com"' in page, "the address is kept"
        assert "wrong" not in page
        assert told(store, link.import_id) == PENDING
    await link.submit(password="wrong")
    assert told(store, link.import_id)[-1] == ("COMPLETE", "ERROR", 262)
    assert b"Wait before you try again" in (await link.browser.get(link.path)).body


async def test_the_user_can_cancel(wire: Build, store: Store, pair: KeyPair) -> None:
    link = await opened(wire, pair)
    await link.submit(action="cancel", username="", password="")
    assert told(store, link.import_id)[-1] == ("COMPLETE", "ERROR", 517)
    page = await link.browser.get(link.path)
    assert b"Cancelled" in page.body
    assert b"<strong>shop</strong>" in page.body
    # What comes late changes nothing.
    await link.submit()
    assert told(store, link.import_id)[-1] == ("COMPLETE", "ERROR", 517)


async def test_the_end_leads_back_where_the_application_asked_for_it(
    wire: Build, store: Store, pair: KeyPair
) -> None:
    store.database.write_now(domains.change, "shop", origins=("https://shop.example",))
    link = await opened(wire, pair, redirect_url=BACK)
    assert "form-action 'self' https://shop.example" in link.page.headers["content-security-policy"]
    await link.submit(action="cancel")
    answer = await link.browser.get(link.path)
    wanted = f"{BACK}?import_id={link.import_id}&error_code=517"
    assert (answer.status, answer.headers["Location"]) == (302, wanted)


@pytest.mark.parametrize("url", [BACK, "https://evil.example/", "javascript:alert(1)", "/done"])
async def test_a_page_of_an_unlisted_origin_is_no_place_to_go_back_to(
    wire: Build, pair: KeyPair, url: str
) -> None:
    query = urlencode({"service": "icloud", "redirect_url": url})
    answer = await ask(wire(), "GET", "/begin_import/user_consent", query=query, headers=basic(pair))
    assert (answer.status, answer.json()["error"]["code"]) == (400, 2)
    assert "redirect_url" in answer.json()["error"]["message"]


async def test_a_server_that_people_host_is_asked_for(wire: Build, store: Store, pair: KeyPair) -> None:
    link = await opened(wire, pair, service="nextcloud")
    assert b'name="server"' in link.page.body
    await link.submit(username="ada", server="")
    page = await link.browser.get(link.path)
    assert b'role="alert"' in page.body
    assert told(store, link.import_id) == PENDING
    await link.submit(username="ada", server="cloud.example")
    assert b"Signing in" in (await link.browser.get(link.path)).body


async def test_nothing_of_the_user_is_in_the_log(
    wire: Build, store: Store, pair: KeyPair, capsys: pytest.CaptureFixture[str]
) -> None:
    link = await opened(wire, pair)
    await link.submit(username="canary@icloud.com", password="canary-7f3a")
    heard = capsys.readouterr()
    assert "/n/{code}" in heard.out + heard.err
    for secret in ("canary", link.path, link.token, *link.browser.cookies.values()):
        assert secret not in heard.out + heard.err
