"""The sandbox over HTTP: its pages, its token endpoint, and its address book."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from starlette.applications import Starlette

from contactport.oauth.messages import challenge, new_verifier
from contactport.sandbox.authorization import CLIENT_ID, SCOPE, AuthorizationServer
from contactport.sandbox.server import application
from tests.unit.http.asgi import AsgiResponse, ask

URL = "http://127.0.0.1:4711"
BACK = "http://127.0.0.1:8321/auth"
SECRET = "a+secret & more"
VERIFIER = new_verifier()
ASKED = {
    "response_type": "code",
    "client_id": CLIENT_ID,
    "redirect_uri": BACK,
    "scope": SCOPE,
    "state": 'import_id=7&n="><script>',
    "code_challenge": challenge(VERIFIER),
    "code_challenge_method": "S256",
}
BASIC = "Basic " + b64encode(f"{CLIENT_ID}:a%2Bsecret+%26+more".encode()).decode()


@pytest.fixture
def sandbox() -> Starlette:
    return application(URL, AuthorizationServer(BACK, SECRET))


async def decide(sandbox: Starlette, decision: str) -> AsgiResponse:
    return await ask(sandbox, "POST", "/authorize", form={**ASKED, "decision": decision})


async def token(sandbox: Starlette, decision: str = "allow", **others: str) -> AsgiResponse:
    answer = await decide(sandbox, decision)
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"{BACK}?")
    given = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (given["state"], given["iss"]) == (ASKED["state"], URL)
    form = {
        "grant_type": "authorization_code",
        "code": given["code"],
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **others,
    }
    return await ask(sandbox, "POST", "/token", headers={"Authorization": BASIC}, form=form)


async def test_the_page_shows_every_button_and_says_what_it_is(sandbox: Starlette) -> None:
    page = await ask(sandbox, "GET", "/authorize", query=urlencode(ASKED))
    assert page.status == 200
    text = page.body.decode()
    assert "This is a sandbox: no real account" in text
    assert text.count("<button") == 5
    assert "<script" not in text
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    style = text.partition('<link rel="stylesheet" href="')[2].partition('"')[0]
    assert (await ask(sandbox, "GET", style)).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("wrong", [{"client_id": "x"}, {"redirect_uri": "http://evil.example/"}])
async def test_no_browser_is_sent_to_an_unknown_place(sandbox: Starlette, wrong: dict[str, str]) -> None:
    shown = await ask(sandbox, "GET", "/authorize", query=urlencode({**ASKED, **wrong}))
    decided = await ask(sandbox, "POST", "/authorize", form={**ASKED, **wrong, "decision": "allow"})
    for page in (shown, decided):
        assert page.status == 400
        assert "location" not in page.headers
        assert "This is a sandbox: no real account" in page.body.decode()


async def test_a_wrong_request_leads_back_with_an_error(sandbox: Starlette) -> None:
    answer = await ask(sandbox, "GET", "/authorize", query=urlencode({**ASKED, "scope": "x"}))
    assert answer.status == 303
    assert "error=invalid_scope" in answer.headers["location"]


async def test_close_sends_nothing_back(sandbox: Starlette) -> None:
    page = await decide(sandbox, "close")
    assert (page.status, "location" in page.headers) == (200, False)
    assert "You have closed the page" in page.body.decode()


async def test_an_unknown_answer_is_none(sandbox: Starlette) -> None:
    assert (await decide(sandbox, "maybe")).status == 400


async def test_a_crash_is_no_answer_of_a_token_endpoint(sandbox: Starlette) -> None:
    answer = await token(sandbox, "crash")
    assert answer.status == 500
    assert b"error" not in answer.body.lower().replace(b"internal server error", b"")


async def test_a_wrong_verifier_is_refused(sandbox: Starlette) -> None:
    answer = await token(sandbox, code_verifier=new_verifier())
    assert (answer.status, json.loads(answer.body)) == (400, {"error": "invalid_grant"})


async def test_another_client_gets_no_token(sandbox: Starlette) -> None:
    for header in ("", "Basic !", "Basic " + b64encode(b"x:y").decode(), "Bearer x"):
        answer = await ask(sandbox, "POST", "/token", headers={"Authorization": header}, form={"code": "x"})
        assert (answer.status, json.loads(answer.body)) == (401, {"error": "invalid_client"})


async def test_a_long_form_is_not_read(sandbox: Starlette) -> None:
    answer = await ask(sandbox, "POST", "/token", form={"code": "x" * 100_000})
    assert answer.status == 413


async def test_the_book_wants_a_token_for_contacts_that_was_not_revoked(sandbox: Starlette) -> None:
    async def status(bearer: str) -> int:
        headers = {"Authorization": bearer, "Depth": "1"}
        return (await ask(sandbox, "PROPFIND", "/carddav/user_good/books/contacts/", headers=headers)).status

    good = json.loads((await token(sandbox)).body)["access_token"]
    without = json.loads((await token(sandbox, "without_contacts")).body)["access_token"]
    assert [await status(one) for one in (f"Bearer {good}", f"Bearer {without}", "Bearer x", BASIC, "")] == [
        *(207, 403, 401, 401, 401)
    ]
    unknown = await ask(sandbox, "POST", "/revoke", form={"token": good})
    assert unknown.status == 401
    revoked = await ask(sandbox, "POST", "/revoke", headers={"Authorization": BASIC}, form={"token": good})
    assert revoked.status == 200
    assert await status(f"Bearer {good}") == 401


@pytest.mark.parametrize(
    ("body", "status", "cards"),
    [
        ('<C:addressbook-query xmlns:C="urn:ietf:params:xml:ns:carddav"/>', 207, 25),
        (
            '<C:addressbook-multiget xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:D="DAV:">'
            "<D:href>/carddav/user_good/books/contacts/00001.vcf</D:href><D:href>/x&amp;y</D:href>"
            "</C:addressbook-multiget>",
            207,
            1,
        ),
        ('<D:sync-collection xmlns:D="DAV:"/>', 403, 0),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', 400, 0),
        ("<x", 400, 0),
        ("", 400, 0),
    ],
)
async def test_the_book_s_reports(sandbox: Starlette, body: str, status: int, cards: int) -> None:
    good = json.loads((await token(sandbox)).body)["access_token"]
    answer = await ask(
        sandbox,
        "REPORT",
        "/carddav/user_good/books/contacts/",
        headers={"Authorization": f"Bearer {good}"},
        content=body.encode(),
    )
    assert answer.status == status
    assert answer.body.count(b"BEGIN:VCARD") == cards
