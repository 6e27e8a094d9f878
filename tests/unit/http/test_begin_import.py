"""Step 1 at the wire: what reaches `begin`, and what never does."""

from __future__ import annotations

import pytest

from contactport.errors import Code, Refusal
from contactport.grant import Password
from contactport.imports.begin import Request
from contactport.store import domains
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build


class Begun:
    """A `begin` that remembers what it was given."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> int:
        self.requests.append(request)
        return 2_147_483_647


FORM = {"service": "ICloud", "username": "ada", "password": " p "}


async def test_the_arguments_reach_begin_as_they_came(wire: Build, pair: KeyPair) -> None:
    begin = Begun()
    form = FORM | {
        "server": "dav.example.com",
        "include": "mailing_address",
        "tracking_string": "u1",
        "echo": "e",
    }
    answer = await ask(wire(begin), "POST", "/begin_import/import", form=form, headers=basic(pair))
    assert answer.status == 200
    assert list(answer.json().items()) == [
        ("status", "success"),
        ("url", None),
        ("echo", "e"),
        ("import_id", 2_147_483_647),
        ("user_id", "u1"),
        ("id", 2_147_483_647),
    ]
    (request,) = begin.requests
    assert request.domain.key == pair.domain_key
    assert (request.service, request.grant) == ("ICloud", Password("ada", " p ", "dav.example.com"))
    assert (request.include, request.user_id) == ({"mailing_address"}, "u1")


async def test_the_idempotency_key_reaches_begin(wire: Build, pair: KeyPair) -> None:
    begin = Begun()
    for headers in ({"Idempotency-Key": "one-key"}, {}):
        await ask(wire(begin), "POST", "/begin_import/import", form=FORM, headers=basic(pair) | headers)
    assert [request.idempotency_key for request in begin.requests] == ["one-key", ""]


@pytest.mark.parametrize("key", ["k" * 256, "caf\u00e9", "a\tb"])
async def test_an_idempotency_key_that_is_none_is_refused(wire: Build, pair: KeyPair, key: str) -> None:
    begin = Begun()
    headers = basic(pair) | {"Idempotency-Key": key}
    answer = await ask(wire(begin), "POST", "/begin_import/import", form=FORM, headers=headers)
    assert (answer.status, answer.json()["error"]["code"]) == (400, 2)
    assert begin.requests == []


async def test_user_id_wins_over_its_other_name(wire: Build, pair: KeyPair) -> None:
    begin = Begun()
    form = FORM | {"tracking_string": "t", "user_id": "u"}
    await ask(wire(begin), "POST", "/begin_import/import", form=form, headers=basic(pair))
    assert begin.requests[0].user_id == "u"


async def test_what_is_missing_is_left_to_begin_to_say(wire: Build, pair: KeyPair) -> None:
    begin = Begun()
    await ask(wire(begin), "POST", "/begin_import/import", headers=basic(pair))
    assert (begin.requests[0].service, begin.requests[0].grant.username, begin.requests[0].user_id) == (
        "",
        "",
        None,
    )


async def test_consent_with_a_name_and_a_password_is_a_password_import(wire: Build, pair: KeyPair) -> None:
    begin = Begun()
    answer = await ask(wire(begin), "POST", "/begin_import/user_consent", form=FORM, headers=basic(pair))
    assert answer.status == 200
    assert len(begin.requests) == 1


@pytest.mark.parametrize("way", ["user_consent", "desktop_applet"])
@pytest.mark.parametrize(
    "form",
    [
        {"csv": "true"},
        {"service": "csv"},
        {"service": "outlook"},
        {"service": "addressbook"},
        {"service": "LinkedIn"},
        {"service": "gmail", "csv": "true"},
        {"service": "icloud", "username": "ada"},
    ],
)
async def test_both_ways_give_the_link_of_a_page(
    wire: Build, pair: KeyPair, way: str, form: dict[str, str]
) -> None:
    begin = Begun()
    answer = await ask(wire(begin), "POST", f"/begin_import/{way}", form=form, headers=basic(pair))
    assert answer.status == 200
    assert "/n/" in answer.json()["url"]
    assert begin.requests == []


@pytest.mark.parametrize("way", ["user_consent", "desktop_applet"])
@pytest.mark.parametrize(
    ("form", "code", "words"),
    [
        ({"service": "plaxo"}, 261, "service=csv"),
        ({"service": "no such"}, 261, "service=carddav"),
        ({"echo": "e"}, 260, "/services.json"),
    ],
)
async def test_a_service_without_a_way_names_one_that_works(
    wire: Build, pair: KeyPair, way: str, form: dict[str, str], code: int, words: str
) -> None:
    begin = Begun()
    answer = await ask(wire(begin), "POST", f"/begin_import/{way}", form=form, headers=basic(pair))
    assert (answer.status, answer.json()["error"]["code"]) == (400, code)
    assert words in answer.json()["error"]["message"]
    assert begin.requests == []


@pytest.mark.parametrize("service", ["windowslive", "office365"])
@pytest.mark.parametrize("way", ["user_consent", "desktop_applet"])
async def test_a_provider_by_consent_that_has_no_client_says_so(
    wire: Build, pair: KeyPair, service: str, way: str
) -> None:
    form = {"service": service}
    answer = await ask(wire(Begun()), "POST", f"/begin_import/{way}", form=form, headers=basic(pair))
    assert (answer.status, answer.json()["error"]["code"]) == (400, 513)
    assert "contactport oauth set microsoft" in answer.json()["error"]["message"]


async def test_a_way_that_is_not_built_is_refused_to_a_domain_that_may_not_use_the_service(
    wire: Build, store: Store
) -> None:
    pair = store.database.write_now(domains.add, "gmx alone", sources=("gmx",))
    for way in ("user_consent", "desktop_applet"):
        answer = await ask(
            wire(), "POST", f"/begin_import/{way}", form={"service": "icloud"}, headers=basic(pair)
        )
        assert (answer.status, answer.json()["error"]["code"]) == (400, 513)


async def test_every_way_to_begin_wants_the_key_pair_first(wire: Build) -> None:
    begin = Begun()
    for way in ("import", "user_consent", "desktop_applet"):
        answer = await ask(wire(begin), "POST", f"/begin_import/{way}", form=FORM)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Basic realm="contactport"')
    assert begin.requests == []


async def test_to_look_is_not_to_begin(wire: Build, pair: KeyPair) -> None:
    begin = Begun()
    query = "service=icloud&username=ada&password=p"
    for method, status in (("HEAD", 405), ("OPTIONS", 200), ("PUT", 405)):
        answer = await ask(wire(begin), method, "/begin_import/import", query=query, headers=basic(pair))
        assert (answer.status, answer.headers["allow"]) == (status, "GET, POST, OPTIONS")
    assert begin.requests == []


async def test_a_refusal_of_begin_is_told_with_its_code_its_words_and_its_wait(
    wire: Build, pair: KeyPair
) -> None:
    async def refuse(_request: Request) -> int:
        raise Refusal(Code.INVALID_PARAMETERS, "Wait a little.", http=429, retry_after=30)

    form = FORM | {"echo": "e", "user_id": "u"}
    answer = await ask(wire(refuse), "POST", "/begin_import/import", form=form, headers=basic(pair))
    assert (answer.status, answer.headers["retry-after"]) == (429, "30")
    assert answer.json() == {
        "status": "failure",
        "error": {"code": 2, "message": "Wait a little."},
        "import_id": None,
        "user_id": "u",
        "echo": "e",
        "id": None,
    }
