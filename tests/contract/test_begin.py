"""Step 1: all places for arguments, all paths, all refusals."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.contract import expected_keys
from tests.contract.live_service import ADA, SECRET, LiveService
from tests.contract.raw import FORM, RawResponse, ask, form, multipart

SPELLINGS = [
    f"/begin_import/{way}{ending}{slash}"
    for way in ("import", "user_consent")
    for ending in ("", ".json", ".xml")
    for slash in ("", "/")
]
PART_HEADERS = ("Content-Type: text/plain; charset=UTF-8", "Content-Transfer-Encoding: 8bit")


def told(answer: RawResponse) -> tuple[int, int]:
    """Status and code of a refusal."""
    return answer.status, answer.json()["error"]["code"]


@pytest.mark.parametrize("target", SPELLINGS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_spelling_begins_by_get_and_by_post(app: LiveService, target: str, method: str) -> None:
    answer = app.ask(method, f"{target}?{urlencode(app.account())}")
    assert answer.status == 200
    if ".xml" in target:
        assert answer.xml().findtext("status") == "success"
    else:
        expected_keys.check_begun(answer.json())


def test_arguments_may_stand_in_every_place(app: LiveService) -> None:
    account, boundary = app.account(), "x" * 30
    ways: list[tuple[str, list[str], bytes]] = [
        (f"?{urlencode(account)}", [], b""),
        ("", [FORM], form(account)),
        ("", ["Content-Type: application/x-www-form-urlencoded; charset=UTF-8"], form(account)),
        ("", [], form(account)),
        ("", [f"Content-Type: multipart/form-data; boundary={boundary}"], multipart(boundary, account)),
        (
            "",
            [f'Content-Type: multipart/form-data; boundary="{boundary}"'],
            multipart(
                boundary,
                account,
                "Content-Type: text/plain; charset=UTF-8",
                "Content-Transfer-Encoding: 8bit",
            ),
        ),
        (f"?{urlencode(account | {'service': 'icloud'})}", [FORM], form({"service": "carddav"})),
    ]
    for query, headers, body in ways:
        answer = app.ask("POST", f"/begin_import/import{query}", *headers, body=body)
        assert answer.status == 200, (query, headers, answer.body)
        one = app.ended(answer.json()["id"])
        assert app.events(one)[-1]["value"] == 0, "the password has come through, spaces and all"


def test_the_service_is_read_whatever_its_case(app: LiveService) -> None:
    assert app.ended(app.begin(service="CardDAV"))


def test_empty_arguments_are_absent_and_unknown_ones_ignored(app: LiveService) -> None:
    fields = app.account() | {"user_id": "", "echo": "", "include": "", "referrer": "x", "utf8": "✓"}
    body = app.ask("POST", "/begin_import/import", FORM, body=form(fields)).json()
    assert (body["user_id"], body["echo"]) == (None, None)
    empty = app.ask("POST", "/begin_import/import", FORM, body=form(app.account() | {"password": ""}))
    assert told(empty) == (400, 259)


def test_tracking_string_is_user_id(app: LiveService) -> None:
    one = app.begin(tracking_string="t")
    assert app.ask("GET", f"/events/{one}").json()["user_id"] == "t"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"service": ""}, 260),
        ({"service": "no_such_service"}, 261),
        ({"service": "plaxo"}, 261),
        ({"username": ""}, 259),
        ({"password": ""}, 259),
        ({"server": "", "username": "ada"}, 2),
        ({"server": "ftp://dav.example.com/"}, 2),
        ({"server": "https://user:secret@dav.example.com/"}, 2),
        ({"server": "https://dav.example.com/?a=b"}, 2),
        ({"username": "ada\0"}, 2),
        ({"password": "a\nb"}, 2),
        ({"echo": "e" * 2001}, 2),
        ({"user_id": "u" * 2001}, 2),
    ],
)
def test_what_is_refused_at_once(app: LiveService, change: dict[str, str], code: int) -> None:
    answer = app.ask("POST", "/begin_import/import", FORM, body=form(app.account() | change))
    assert answer.status == 400
    expected_keys.check_failure(answer.json(), code)
    message = answer.json()["error"]["message"]
    assert not [secret for secret in (SECRET, ADA, "user:secret") if secret in message]


@pytest.mark.parametrize("ending", ["", ".xml"])
def test_what_is_not_utf_8_is_read_as_windows_1252(app: LiveService, ending: str) -> None:
    ways: list[tuple[str, list[str], bytes]] = [
        ("", [FORM], form(app.account()) + b"&echo=caf%E9&user_id=%80"),
        (f"?{urlencode(app.account())}&echo=caf%E9&user_id=%80", [], b""),
        (
            "",
            ["Content-Type: multipart/form-data; boundary=xyz"],
            multipart("xyz", app.account() | {"echo": "caf?", "user_id": "?"})
            .replace(b"caf?", b"caf\xe9")
            .replace(b"\r\n?\r\n", b"\r\n\x80\r\n"),
        ),
    ]
    for query, headers, body in ways:
        answer = app.ask("POST", f"/begin_import/import{ending}{query}", *headers, body=body)
        assert answer.status == 200, answer.body
        if ending:
            told = answer.xml().findtext("echo"), answer.xml().findtext("user-id")
        else:
            told = answer.json()["echo"], answer.json()["user_id"]
        assert told == ("café", "€")


def test_a_body_of_another_kind_is_refused(app: LiveService) -> None:
    answer = app.ask(
        "POST", "/begin_import/import", "Content-Type: application/json", body=b'{"service":"carddav"}'
    )
    assert told(answer) == (400, 2)


def test_a_file_in_place_of_an_argument_is_refused(app: LiveService) -> None:
    body = multipart("xyz", app.account()).replace(b'name="password"', b'name="password"; filename="p.txt"')
    answer = app.ask(
        "POST", "/begin_import/import", "Content-Type: multipart/form-data; boundary=xyz", body=body
    )
    assert told(answer) == (400, 2)


@pytest.mark.parametrize("headers", [[FORM], ["Content-Type: multipart/form-data; boundary=xyz"]])
def test_a_body_past_the_limit_is_413(app: LiveService, headers: list[str]) -> None:
    answer = app.ask("POST", "/begin_import/import", *headers, body=b"echo=" + b"x" * 70_000)
    assert told(answer) == (413, 2)
    assert answer.header("Connection") == "close"


def test_a_query_past_the_limit_is_413(app: LiveService) -> None:
    assert told(app.ask("GET", "/begin_import/import?echo=" + "x" * 61_000)) == (413, 2)


def test_the_applet_gives_the_link_of_the_upload_page(app: LiveService) -> None:
    for ending in ("", ".json", "/"):
        target = f"/begin_import/desktop_applet{ending}"
        answer = app.ask("POST", target, FORM, body=form({"service": "outlook"}))
        assert answer.status == 200
        assert "/n/" in answer.json()["url"]


def test_the_answer_does_not_wait_for_the_provider(app: LiveService) -> None:
    """A host that nobody answers at: the import begins all the same, and fails as an event."""
    one = app.begin(server="http://127.0.0.1:1/")
    assert app.events(app.ended(one))[-1]["status"] == "ERROR"


def test_nothing_of_a_user_is_in_the_log(app: LiveService) -> None:
    canary = "canary-5d1f"
    fields = app.account() | {
        "username": f"{canary}@example.com",
        "password": canary,
        "echo": canary,
        "user_id": canary,
    }
    ask(app.port, "GET", f"/begin_import/import?{urlencode(fields | app.pair.arguments)}")
    ask(app.port, "GET", f"/{canary}?{canary}={canary}")
    app.ask(
        "POST", "/begin_import/import", FORM, body=form(fields | {"server": f"https://{canary}.invalid/"})
    )
    log = app.running.stderr
    assert "/begin_import/import" in log
    assert not [secret for secret in (canary, app.pair.key, app.pair.password) if secret in log]
