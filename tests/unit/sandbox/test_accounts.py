"""The sandbox's scripted users: who signs in, and what their books hold."""

from __future__ import annotations

from base64 import b64encode

import pytest
from starlette.applications import Starlette

from contactport.sandbox.accounts import (
    APP_PASSWORD,
    ERRORS,
    MOST_CARDS,
    PASSWORD,
    USERS,
    Account,
    UserRow,
    sign_in,
)
from contactport.sandbox.address_book import Dropped
from contactport.sandbox.authorization import AuthorizationServer
from contactport.sandbox.server import application
from tests.unit.http.asgi import AsgiResponse, ask

URL = "http://127.0.0.1:4711"


@pytest.fixture
def sandbox() -> Starlette:
    return application(URL, AuthorizationServer("http://127.0.0.1:8321/auth", "x"))


async def asked(
    sandbox: Starlette,
    user: str,
    password: str,
    method: str = "PROPFIND",
    path: str = "/dav/",
    body: str = "",
) -> AsgiResponse:
    basic = b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Depth": "1"}
    return await ask(sandbox, method, path, headers=headers, content=body.encode())


def account(user: str, password: str = PASSWORD) -> Account:
    found = sign_in(user, password)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("user", "password"),
    [
        ("user_good", "wrong"),
        ("user_good", ""),
        ("user_good", "error_"),
        ("user_good", "error_unknown"),
        ("user_good", "error_garbage"),
        ("user_good", "error_invalid_credentials"),
        ("user_empty", "error_timeout"),
        ("user_good", APP_PASSWORD),
        ("user_app", PASSWORD),
        ("user_app", f"{APP_PASSWORD} "),
        ("user_10001", PASSWORD),
        ("user_99999999", PASSWORD),
        ("user_slow_121", PASSWORD),
        ("user_drop_10000", PASSWORD),
        ("user_good_1", PASSWORD),
        ("user_", PASSWORD),
        ("USER_GOOD", PASSWORD),
        ("nobody", PASSWORD),
        ("", ""),
    ],
)
async def test_anything_else_is_a_wrong_password(sandbox: Starlette, user: str, password: str) -> None:
    answer = await asked(sandbox, user, password)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic ???", "Bearer x", "Basic /w=="])
async def test_what_is_no_password_opens_nothing(sandbox: Starlette, authorization: str) -> None:
    headers = {"Authorization": authorization}
    assert (await ask(sandbox, "PROPFIND", "/dav/", headers=headers)).status == 401


async def test_a_password_is_no_token_and_the_other_way_round(sandbox: Starlette) -> None:
    assert (await asked(sandbox, "user_good", PASSWORD, path="/carddav/")).status == 401


@pytest.mark.parametrize("row", USERS, ids=[row.name for row in USERS])
def test_each_user_signs_in_as_the_docs_say(row: UserRow) -> None:
    assert account(row.example, row.password).user == row.example


@pytest.mark.parametrize("count", [0, 1, 470, MOST_CARDS])
def test_a_number_is_so_many_cards_and_the_same_each_time(count: int) -> None:
    first, again = account(f"user_{count}").cards, account(f"user_{count}").cards
    assert first.count == count
    for number in {0, count // 2, count - 1} if count else set[int]():
        assert first.card(number) == again.card(number)
        assert b"@example.com" in first.card(number)


async def test_a_book_lists_and_gives_its_own_cards_alone(sandbox: Starlette) -> None:
    book = "/dav/user_3/books/contacts/"
    listed = await asked(sandbox, "user_3", PASSWORD, path=book)
    assert listed.body.count(b".vcf</D:href>") == 3
    query = '<C:addressbook-query xmlns:C="urn:ietf:params:xml:ns:carddav"/>'
    assert (await asked(sandbox, "user_3", PASSWORD, "REPORT", book, query)).body.count(b"BEGIN:VCARD") == 3
    for path, status in ((f"{book}00003.vcf", 200), (f"{book}00004.vcf", 404), (f"{book}3.vcf", 404)):
        assert (await asked(sandbox, "user_3", PASSWORD, "GET", path)).status == status
    # Another user's book is not there.
    assert (await asked(sandbox, "user_4", PASSWORD, path=book)).status == 404


async def test_a_connection_breaks_after_so_many_cards(sandbox: Starlette) -> None:
    book = "/dav/user_drop_2/books/contacts/"
    whole = f"{book}00002.vcf"
    assert (await asked(sandbox, "user_drop_2", PASSWORD, "GET", whole)).body.startswith(b"BEGIN:VCARD")
    with pytest.raises(Dropped):
        await asked(sandbox, "user_drop_2", PASSWORD, "GET", f"{book}00003.vcf")


@pytest.mark.parametrize(
    ("fault", "status"),
    [("account_locked", 403), ("provider_down", 503), ("rate_limited", 429), ("provider_changed", 200)],
)
async def test_an_error_is_the_server_s_own(sandbox: Starlette, fault: str, status: int) -> None:
    assert fault in ERRORS
    assert (await asked(sandbox, "user_good", f"error_{fault}")).status == status


async def test_a_part_of_the_books_is_refused(sandbox: Starlette) -> None:
    home = "/dav/user_good/books/"
    listed = await asked(sandbox, "user_good", "error_partial", path=home)
    assert listed.body.count(b"<C:addressbook/>") == 2
    assert (await asked(sandbox, "user_good", "error_partial", path=f"{home}more/")).status == 403
    assert (await asked(sandbox, "user_good", "error_partial", path=f"{home}contacts/")).status == 207
