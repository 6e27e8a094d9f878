"""OAuth 2.1 messages: what is built is read by another library's parser, what is read never raises."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.oauth import messages
from contactport.oauth.messages import (
    AuthorizationCode,
    ErrorResponse,
    FormRequest,
    MalformedResponse,
    OAuthClient,
    TokenResponse,
    authorization_url,
    challenge,
    code_request,
    issuer_fits,
    new_verifier,
    read_authorization_response,
    read_token_response,
    refresh_request,
    revocation_request,
)

SECRET = "canary-secret"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def form(request: FormRequest) -> dict[str, str]:
    pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def exchange(client: OAuthClient) -> FormRequest:
    return code_request(client, code="SplxlO", redirect_uri="https://a.example/auth", verifier=VERIFIER)


def token(answer: object, status: int = 200, asked: tuple[str, ...] = ()) -> Any:
    return read_token_response(status, json.dumps(answer).encode(), asked)


# Requests


def test_a_challenge_is_that_of_the_rfc() -> None:
    assert challenge(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_are_of_the_rfc_s_form_and_never_the_same() -> None:
    verifiers = {new_verifier() for _ in range(200)}
    assert len(verifiers) == 200
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier) for verifier in verifiers)


@given(client_id=TEXTS, redirect_uri=TEXTS, scopes=st.lists(VISIBLE, max_size=3), state=TEXTS, hint=st.text())
def test_an_authorization_url_holds_what_went_in(
    client_id: str, redirect_uri: str, scopes: list[str], state: str, hint: str
) -> None:
    hint = hint.encode("utf-8", "ignore").decode()
    url = authorization_url(
        "https://login.example/common/authorize?p=a%2Bb&p=2",
        OAuthClient(client_id, SECRET),
        redirect_uri=redirect_uri,
        scopes=scopes,
        state=state,
        verifier=VERIFIER,
        extra={"login_hint": hint},
    )
    assert url.isascii()
    assert "+" not in url
    assert SECRET not in url
    assert VERIFIER not in url
    parts = urlsplit(url)
    assert parts.path == "/common/authorize"
    assert parse_qs(parts.query, keep_blank_values=True) == {
        "p": ["a+b", "2"],
        "response_type": ["code"],
        "client_id": [client_id],
        "redirect_uri": [redirect_uri],
        "scope": [" ".join(scopes)],
        "state": [state],
        "code_challenge": [challenge(VERIFIER)],
        "code_challenge_method": ["S256"],
        "login_hint": [hint],
    }


@pytest.mark.parametrize(
    ("endpoint", "extra"),
    [
        ("https://a.example/auth?state=fixed", {}),
        ("https://a.example/auth?prompt=", {"prompt": "consent"}),
        ("https://a.example/auth", {"redirect_uri": "https://b.example"}),
        ("https://a.example/auth#fragment", {}),
    ],
)
def test_no_parameter_of_an_authorization_url_comes_twice(endpoint: str, extra: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="authorization endpoint"):
        authorization_url(
            endpoint,
            OAuthClient("id"),
            redirect_uri="https://a.example",
            scopes=["s"],
            state="x",
            verifier=VERIFIER,
            extra=extra,
        )


@pytest.mark.parametrize("endpoint", ["https://a.example/auth", "https://a.example/auth?"])
def test_an_endpoint_without_a_query_gets_one(endpoint: str) -> None:
    url = authorization_url(
        endpoint, OAuthClient("id"), redirect_uri="https://a.example", scopes=[], state="x", verifier=VERIFIER
    )
    assert url.startswith("https://a.example/auth?response_type=code&client_id=id&")


def test_a_secret_by_basic_is_that_of_the_rfc() -> None:
    request = exchange(OAuthClient("s6BhdRkqt3", "gX1fBat3bV", "client_secret_basic"))
    assert request.headers["Authorization"] == "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"
    assert form(request) == {
        "grant_type": "authorization_code",
        "code": "SplxlO",
        "redirect_uri": "https://a.example/auth",
        "code_verifier": VERIFIER,
    }


@given(client_id=TEXTS, secret=TEXTS)
def test_ids_and_secrets_by_basic_are_form_encoded(client_id: str, secret: str) -> None:
    header = exchange(OAuthClient(client_id, secret, "client_secret_basic")).headers["Authorization"]
    pair = base64.b64decode(header.removeprefix("Basic ")).decode("ascii").split(":")
    assert [unquote_plus(part) for part in pair] == [client_id, secret]


@given(client_id=TEXTS, secret=TEXTS)
def test_a_secret_in_the_body_is_nowhere_else(client_id: str, secret: str) -> None:
    request = exchange(OAuthClient(client_id, secret, "client_secret_post"))
    assert "Authorization" not in request.headers
    assert form(request)["client_id"] == client_id
    assert form(request)["client_secret"] == secret


def test_a_public_client_sends_its_id_alone() -> None:
    request = exchange(OAuthClient("public", SECRET, "none"))
    assert "Authorization" not in request.headers
    assert form(request)["client_id"] == "public"
    assert SECRET.encode() not in request.body


def test_a_refresh_and_a_revocation() -> None:
    client = OAuthClient("id", SECRET, "client_secret_basic")
    assert form(refresh_request(client, "r")) == {"grant_type": "refresh_token", "refresh_token": "r"}
    assert form(refresh_request(client, "r", ["a", "b"]))["scope"] == "a b"
    assert form(revocation_request(client, "r+/=", "refresh_token")) == {
        "token": "r+/=",
        "token_type_hint": "refresh_token",
    }


# The authorization response


def test_a_code_comes_with_its_state_and_its_issuer() -> None:
    answer = read_authorization_response(
        [
            ("code", "4/0Ab"),
            ("state", "import_id=7&n=x"),
            ("iss", "https://a.example"),
            ("scope", "s"),
            ("x", ""),
        ]
    )
    assert answer == AuthorizationCode("4/0Ab", "import_id=7&n=x", "https://a.example")


def test_a_denial_is_an_answer_like_any_other() -> None:
    # One library raises a mismatch of the state instead, another an error of its own.
    answer = read_authorization_response(
        [("error", "access_denied"), ("error_description", "AADSTS65004: declined\r\nTrace"), ("state", "s")]
    )
    assert answer == ErrorResponse("access_denied", "AADSTS65004: declined  Trace", "s")


def test_an_error_wins_over_a_code() -> None:
    answer = read_authorization_response([("code", "c"), ("error", "server_error"), ("state", "s")])
    assert answer == ErrorResponse("server_error", "", "s")


def test_a_relaying_page_of_the_older_service_sends_error_code() -> None:
    answer = read_authorization_response([("code", ""), ("error", ""), ("error_code", "200"), ("state", "s")])
    assert answer == ErrorResponse("200", "", "s")


@pytest.mark.parametrize(
    "parameters",
    [
        [],
        [("state", "s")],
        [("code", ""), ("state", "s")],
        [("code", "a"), ("code", "b"), ("state", "s")],
        [("code", "a"), ("state", "s"), ("state", "t")],
        [("code", "a\r\nHost: b"), ("state", "s")],
        [("code", "a" * 20_000), ("state", "s")],
        [("code", "a"), ("state", "s" * 5_000)],
        [("code", "ä"), ("state", "s")],
        [("code", "a"), ("state", "\udcff")],
    ],
)
def test_what_is_no_authorization_response(parameters: list[tuple[str, str]]) -> None:
    assert isinstance(read_authorization_response(parameters), MalformedResponse)


NAMES = st.sampled_from(["code", "state", "iss", "error", "error_code", "error_description", "scope"])


@given(st.lists(st.tuples(NAMES | st.text(), st.text(st.characters()))))
def test_every_authorization_response_is_read_and_bounded(parameters: list[tuple[str, str]]) -> None:
    answer = read_authorization_response(parameters)
    if isinstance(answer, AuthorizationCode):
        assert (answer.code + answer.state + answer.issuer).isprintable()
        assert answer.code
    elif isinstance(answer, ErrorResponse):
        assert answer.error
        assert (answer.error + answer.state).isascii()
        assert answer.description.isprintable()


def test_an_issuer_is_checked_only_where_it_comes() -> None:
    assert issuer_fits("", "https://a.example")
    assert issuer_fits("https://a.example", "https://a.example")
    assert not issuer_fits("https://a.example/", "https://a.example")
    assert not issuer_fits("https://b.example", "https://a.example")


# The token response


def test_a_token_response_of_the_rfc() -> None:
    answer = {"access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "example", "expires_in": 3600}
    assert isinstance(token(answer), MalformedResponse)
    answer |= {"token_type": "bearer", "refresh_token": "tGzv3JOkF0XG5Qx2TlKWIA", "scope": "a b"}
    assert token(answer) == TokenResponse(
        "2YotnFZFEjr1zCsicMWpAA", "tGzv3JOkF0XG5Qx2TlKWIA", 3600, ("a", "b")
    )


def test_a_partial_consent_is_an_answer_like_any_other() -> None:
    # One library raises a Warning where the scopes differ from those that were asked for.
    answer = token({"access_token": "t", "scope": "email"}, asked=("email", "contacts.readonly"))
    assert answer.scopes == ("email",)


@pytest.mark.parametrize("scope", [None, "", " ", 7, {}, [None]])
def test_a_missing_scope_is_the_one_that_was_asked_for(scope: object) -> None:
    assert token({"access_token": "t", "scope": scope}, asked=("a", "b")).scopes == ("a", "b")
    assert token({"access_token": "t"}, asked=("a", "b")).scopes == ("a", "b")


def test_scopes_are_bounded_and_told_once() -> None:
    assert token({"access_token": "t", "scope": "a b a"}).scopes == ("a", "b")
    assert token({"access_token": "t", "scope": ["a", "b"]}).scopes == ("a", "b")
    assert len(token({"access_token": "t", "scope": " ".join(map(str, range(9999)))}).scopes) == 200
    assert token({"access_token": "t", "scope": "x" * 9999}, asked=("a",)).scopes == ("a",)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("3600", 3600),
        ('"3600"', 3600),
        ("3599.9", 3599),
        ('"3599.5"', 3599),
        ("1e3", 1000),
        ("0", None),
        ("-1", None),
        ('"-5"', None),
        ("NaN", None),
        ('"NaN"', None),
        ('"nan"', None),
        ("-Infinity", None),
        ("Infinity", messages.YEAR),
        ("1e400", messages.YEAR),
        ("9" * 5000, messages.YEAR),
        ('"' + "9" * 20 + '"', messages.YEAR),
        ('"' + "9" * 500 + '"', None),
        ('"soon"', None),
        ('"٣"', None),
        ("null", None),
        ("true", None),
        ("[1]", None),
        ('{"a":1}', None),
    ],
)
def test_a_lifetime_of_any_kind(raw: str, seconds: int | None) -> None:
    answer = read_token_response(200, f'{{"access_token":"t","expires_in":{raw}}}'.encode())
    assert answer == TokenResponse("t", "", seconds)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 500])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"access_token"',
        b"true",
        b"<!DOCTYPE html><title>Sign in</title>",
        b"access_token=t&token_type=bearer",
        b"\xff\xfe\x00",
        b'{"access_token":"t"',
        b'{"access_token":null}',
        b'{"access_token":""}',
        b'{"access_token":7}',
        b'{"access_token":["t"]}',
        b'{"access_token":"t","access_token":"u"}',
        b'{"access_token":"t","error":null,"error":"invalid_grant"}',
        b'{"access_token":"t\\r\\nX: y"}',
        b'{"access_token":"a b"}',
        b'{"access_token":"\\ud800"}',
        b'{"access_token":"t","refresh_token":["r"]}',
        b'{"access_token":"t","refresh_token":"r\\n"}',
        b'{"access_token":"t","token_type":"mac"}',
        b'{"access_token":"t","token_type":["bearer"]}',
        b'{"error":{"code":401,"status":"UNAUTHENTICATED"}}',
        b'{"access_token":"' + b"t" * 20_000 + b'"}',
        b'{"access_token":"t","x":"' + b"t" * 300_000 + b'"}',
        b"[" * 100_000,
        b'{"a":' * 40_000,
    ],
)
def test_what_is_no_token_response(body: bytes, status: int) -> None:
    answer = read_token_response(status, body)
    assert isinstance(answer, MalformedResponse)
    assert answer.reason


@pytest.mark.parametrize("status", [200, 400, 401, 503])
def test_an_error_is_one_with_any_status(status: int) -> None:
    answer = token({"error": "invalid_grant", "error_description": "gone", "access_token": "t"}, status)
    assert answer == ErrorResponse("invalid_grant", "gone")


def test_an_error_s_words_are_bounded() -> None:
    answer = token({"error": "x" * 5000, "error_description": "\x00‮" + "y" * 5000}, 400)
    assert answer == ErrorResponse("unknown", "y" * 998)


@pytest.mark.parametrize("status", [204, 302, 400, 500])
def test_a_token_counts_with_the_status_of_a_success_alone(status: int) -> None:
    answer = token({"access_token": "t"}, status)
    assert isinstance(answer, TokenResponse) == (status < 300)


def test_an_answer_in_another_unicode_encoding_or_with_a_mark_is_read() -> None:
    text = '{"access_token":"t"}'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert read_token_response(200, text.encode(encoding)) == TokenResponse("t")


MEMBERS = ("access_token", "refresh_token", "token_type", "expires_in", "scope", "error", "error_description")


@given(st.integers(100, 599), st.dictionaries(st.sampled_from(MEMBERS), JSON | VISIBLE) | JSON)
def test_every_json_answer_is_read_and_bounded(status: int, answer: object) -> None:
    check(read_token_response(status, json.dumps(answer).encode(), ("asked",)), status)


@given(st.integers(100, 599), st.binary())
def test_every_answer_of_bytes_is_read(status: int, body: bytes) -> None:
    check(read_token_response(status, body, ("asked",)), status)


@given(VISIBLE, VISIBLE, st.integers(1, messages.YEAR), st.lists(VISIBLE))
def test_what_a_sound_server_says_is_kept(access: str, refresh: str, seconds: int, scopes: list[str]) -> None:
    scopes = [scope for scope in scopes if '"' not in scope and "\\" not in scope]
    answer = token(
        {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": " ".join(scopes),
        },
        asked=("asked",),
    )
    assert answer == TokenResponse(access, refresh, seconds, tuple(dict.fromkeys(scopes)) or ("asked",))


def check(answer: TokenResponse | ErrorResponse | MalformedResponse, status: int) -> None:
    if isinstance(answer, TokenResponse):
        assert 200 <= status < 300
        assert answer.access_token
        assert all("!" <= letter <= "~" for letter in answer.access_token + answer.refresh_token)
        assert answer.expires_in is None or 0 < answer.expires_in <= messages.YEAR
        assert answer.scopes
    elif isinstance(answer, ErrorResponse):
        assert answer.error
        assert answer.error.isascii()
        assert answer.description.isprintable()
        assert len(answer.description) <= messages.DESCRIPTION_LENGTH
    else:
        assert answer.reason


# Secrets


def test_no_repr_shows_a_secret() -> None:
    client = OAuthClient("id", SECRET, "client_secret_post")
    things: list[object] = [
        client,
        exchange(client),
        refresh_request(client, SECRET),
        revocation_request(client, SECRET, "access_token"),
        AuthorizationCode(SECRET, SECRET, SECRET),
        ErrorResponse("e", SECRET, SECRET),
        TokenResponse(SECRET, SECRET, 1, ("a",)),
        read_token_response(200, json.dumps({"access_token": [SECRET], SECRET: SECRET}).encode()),
        read_authorization_response([("code", SECRET + "\n"), ("state", SECRET)]),
    ]
    for thing in things:
        assert SECRET not in repr(thing)
        assert SECRET not in str([thing])
