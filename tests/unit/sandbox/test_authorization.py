"""The sandbox's authorization server refuses what a provider refuses."""

from __future__ import annotations

import pytest

from contactport.oauth.messages import challenge, new_verifier
from contactport.sandbox.authorization import (
    CLIENT_ID,
    CODE_SECONDS,
    MOST,
    SCOPE,
    TOKEN_SECONDS,
    AuthorizationServer,
    Decision,
    ServerCrash,
    TokenRefusal,
    Untrusted,
)

BACK = "http://127.0.0.1:8321/auth"
SECRET = "not-a-secret"
VERIFIER = new_verifier()


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> AuthorizationServer:
    return AuthorizationServer(BACK, SECRET, clock)


def asked(**others: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": BACK,
        "scope": SCOPE,
        "state": "import_id=7&n=abc",
        "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
        **others,
    }


def code_of(server: AuthorizationServer, decision: Decision = "allow") -> str:
    return server.decide(server.read_request(asked()), decision)["code"]


def form(code: str, **others: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **others,
    }


def refusal(server: AuthorizationServer, given: dict[str, str]) -> str:
    with pytest.raises(TokenRefusal) as refused:
        server.exchange(given)
    return refused.value.error


def test_a_user_who_allows_gives_a_token_for_contacts(server: AuthorizationServer) -> None:
    response = server.decide(server.read_request(asked()), "allow")
    assert response["state"] == "import_id=7&n=abc"
    tokens = server.exchange(form(response["code"]))
    assert tokens["scope"] == SCOPE
    assert server.scope_of(str(tokens["access_token"])) == SCOPE


def test_a_user_who_denies_gives_no_code(server: AuthorizationServer) -> None:
    response = server.decide(server.read_request(asked()), "deny")
    assert response == {"error": "access_denied", "state": "import_id=7&n=abc"}


def test_a_user_who_leaves_the_contacts_out_gives_a_token_without_them(server: AuthorizationServer) -> None:
    tokens = server.exchange(form(code_of(server, "without_contacts")))
    assert tokens["scope"] == "profile"
    assert server.scope_of(str(tokens["access_token"])) == "profile"


def test_a_crash_uses_the_code_up(server: AuthorizationServer) -> None:
    code = code_of(server, "crash")
    with pytest.raises(ServerCrash):
        server.exchange(form(code))
    assert refusal(server, form(code)) == "invalid_grant"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"redirect_uri": f"{BACK}/"},
        {"redirect_uri": "http://evil.example/auth"},
        {"redirect_uri": ""},
        {"state": "x" * 5000},
    ],
)
def test_a_browser_is_sent_to_no_unknown_place(server: AuthorizationServer, wrong: dict[str, str]) -> None:
    with pytest.raises(Untrusted):
        server.read_request(asked(**wrong))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_a_wrong_request_is_told_to_the_client(
    server: AuthorizationServer, wrong: dict[str, str], error: str
) -> None:
    request = server.read_request(asked(**wrong))
    # Whatever a page that holds on to it would decide.
    assert server.decide(request, "allow") == {"error": error, "state": "import_id=7&n=abc"}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"code_verifier": new_verifier()}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://evil.example/auth"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"code": "unknown"}, "invalid_grant"),
    ],
)
def test_a_code_is_not_exchanged_for_others(
    server: AuthorizationServer, wrong: dict[str, str], error: str
) -> None:
    assert refusal(server, form(code_of(server)) | wrong) == error


def test_a_wrong_verifier_uses_the_code_up(server: AuthorizationServer) -> None:
    code = code_of(server)
    assert refusal(server, form(code, code_verifier=new_verifier())) == "invalid_grant"
    assert refusal(server, form(code)) == "invalid_grant"


def test_a_code_that_comes_twice_takes_its_token_back(server: AuthorizationServer) -> None:
    code = code_of(server)
    token = str(server.exchange(form(code))["access_token"])
    assert refusal(server, form(code)) == "invalid_grant"
    assert server.scope_of(token) is None


def test_codes_and_tokens_end(server: AuthorizationServer, clock: Clock) -> None:
    late, code = code_of(server), code_of(server)
    token = str(server.exchange(form(code))["access_token"])
    clock.now += CODE_SECONDS
    assert refusal(server, form(late)) == "invalid_grant"
    clock.now += TOKEN_SECONDS
    assert server.scope_of(token) is None


def test_a_revoked_token_is_good_no_more(server: AuthorizationServer) -> None:
    token = str(server.exchange(form(code_of(server)))["access_token"])
    server.revoke(token)
    server.revoke("unknown")
    assert server.scope_of(token) is None


def test_the_oldest_codes_give_way(server: AuthorizationServer) -> None:
    first = code_of(server)
    last = [code_of(server) for _ in range(MOST)][-1]
    assert refusal(server, form(first)) == "invalid_grant"
    assert server.exchange(form(last))["scope"] == SCOPE


@pytest.mark.parametrize("pair", [("another", SECRET), (CLIENT_ID, ""), (CLIENT_ID, "wrong")])
def test_another_client_is_refused(server: AuthorizationServer, pair: tuple[str, str]) -> None:
    with pytest.raises(TokenRefusal) as refused:
        server.check_client(*pair)
    assert refused.value.error == "invalid_client"
    server.check_client(CLIENT_ID, SECRET)
