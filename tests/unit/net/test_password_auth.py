from __future__ import annotations

import base64
from collections.abc import Sequence

from yarl import URL

from contactport.net.password_auth import ATTEMPTS, PasswordAuth, Sent
from contactport.net.trusted_hosts import TrustedHosts

TLS = URL("https://dav.example.com/")
PLAIN = URL("http://127.0.0.1:5232/")
BASIC = ['Basic realm="x"']
DIGEST = ['Digest realm="x", nonce="n", qop="auth", algorithm=SHA-256']


def auth(username: str = "alice", password: str = "secret", *, local_part: bool = False) -> PasswordAuth:
    hosts = TrustedHosts(["dav.example.com", "127.0.0.1"])
    return PasswordAuth(username, password, hosts, local_part=local_part)


def pair(header: str, charset: str = "utf-8") -> str:
    scheme, _, blob = header.partition(" ")
    assert scheme == "Basic"
    return base64.b64decode(blob).decode(charset)


def tries(found: PasswordAuth, url: URL, challenges: Sequence[str]) -> list[str]:
    """The Authorization headers that are tried, one after the other, when every one is refused."""
    headers: list[str] = []
    sent = None
    while found.retry(url, sent, challenges):
        authorised = found.authorise("PROPFIND", url)
        assert authorised is not None
        header, sent = authorised
        headers.append(header)
    return headers


class TestWhatIsSent:
    def test_nothing_before_the_server_asks(self) -> None:
        assert auth().authorise("PROPFIND", TLS) is None

    def test_basic_over_tls_whatever_else_is_offered(self) -> None:
        (header,) = tries(auth(), TLS, DIGEST + BASIC)
        assert pair(header) == "alice:secret"

    def test_digest_in_the_clear_before_basic(self) -> None:
        first, second = tries(auth(), PLAIN, BASIC + DIGEST)
        assert first.startswith("Digest ")
        assert second.startswith("Basic ")

    def test_digest_over_tls_where_nothing_else_is_offered(self) -> None:
        (header,) = tries(auth(), TLS, DIGEST)
        assert header.startswith("Digest ")

    def test_basic_unasked_where_a_server_refuses_and_asks_for_nothing(self) -> None:
        (header,) = tries(auth(), TLS, [])
        assert pair(header) == "alice:secret"

    def test_nothing_in_the_clear_to_a_server_that_asks_for_nothing(self) -> None:
        assert tries(auth(), PLAIN, []) == []

    def test_nothing_to_a_server_that_wants_another_form(self) -> None:
        found = auth()
        assert tries(found, TLS, ["Negotiate", "Bearer"]) == []
        assert found.unsupported

    def test_the_right_one_of_several_in_one_header(self) -> None:
        (header,) = tries(auth(), TLS, ['X-MobileMe-AuthToken realm="a", Basic realm="a"'])
        assert pair(header) == "alice:secret"

    def test_what_was_offered_once_though_a_refusal_offers_less(self) -> None:
        found = auth()
        assert found.retry(PLAIN, None, DIGEST + BASIC)
        first = found.authorise("PROPFIND", PLAIN)
        assert first is not None
        assert found.retry(PLAIN, first[1], DIGEST)
        second = found.authorise("PROPFIND", PLAIN)
        assert second is not None
        assert pair(second[0]) == "alice:secret"


class TestSpellings:
    def test_latin_1_after_utf_8_where_no_character_set_is_named(self) -> None:
        first, second = tries(auth("jürgen", "groß"), TLS, BASIC)
        assert pair(first) == "jürgen:groß"
        assert pair(second, "latin-1") == "jürgen:groß"

    def test_utf_8_alone_where_the_server_names_it(self) -> None:
        (header,) = tries(auth("jürgen"), TLS, ['Basic realm="x", charset="UTF-8"'])
        assert pair(header) == "jürgen:secret"

    def test_utf_8_alone_for_what_latin_1_lacks(self) -> None:
        assert len(tries(auth("мария"), TLS, BASIC)) == 1

    def test_the_local_part_as_a_second_try(self) -> None:
        found = tries(auth("alice@example.com", local_part=True), TLS, BASIC)
        assert [pair(header) for header in found] == ["alice@example.com:secret", "alice:secret"]

    def test_no_local_part_where_the_provider_has_none(self) -> None:
        assert len(tries(auth("alice@example.com"), TLS, BASIC)) == 1

    def test_no_account_is_locked_by_guessing(self) -> None:
        found = tries(auth("jürgen@example.com", local_part=True), PLAIN, BASIC + DIGEST)
        assert len(found) == ATTEMPTS


class TestAfterward:
    def test_what_worked_is_sent_unasked(self) -> None:
        found = auth()
        self.sign_in(found, TLS)
        authorised = found.authorise("REPORT", TLS / "book/")
        assert authorised is not None
        assert pair(authorised[0]) == "alice:secret"

    def test_to_a_trusted_host_of_the_same_owner_too(self) -> None:
        found = auth()
        self.sign_in(found, TLS)
        other = URL("https://p07.example.com:8443/")
        assert found.hosts.trusts(other)
        assert found.authorise("PROPFIND", other) is not None

    def test_in_the_clear_only_where_it_was_asked_for(self) -> None:
        found = auth()
        self.sign_in(found, TLS)
        assert found.authorise("PROPFIND", PLAIN) is None

    def test_a_refusal_later_is_final(self) -> None:
        found = auth("jürgen@example.com", local_part=True)
        sent = self.sign_in(found, TLS)
        assert not found.retry(TLS, sent, BASIC)

    def test_a_stale_nonce_is_no_refusal(self) -> None:
        found = auth()
        assert found.retry(PLAIN, None, DIGEST)
        authorised = found.authorise("PROPFIND", PLAIN)
        assert authorised is not None
        assert found.retry(PLAIN, authorised[1], ['Digest realm="x", nonce="new", qop="auth", stale=TRUE'])
        again = found.authorise("PROPFIND", PLAIN)
        assert again is not None
        assert 'nonce="new"' in again[0]

    def test_the_next_nonce_is_taken_from_the_answer(self) -> None:
        found = auth()
        assert found.retry(PLAIN, None, DIGEST)
        authorised = found.authorise("PROPFIND", PLAIN)
        assert authorised is not None
        found.accept(PLAIN, authorised[1], 'nextnonce="second", qop=auth')
        again = found.authorise("PROPFIND", PLAIN)
        assert again is not None
        assert 'nonce="second"' in again[0]

    def test_insisting_sends_basic_to_a_server_that_does_not_ask(self) -> None:
        found = auth()
        assert found.insist(TLS)
        assert not found.insist(TLS)
        assert not found.insist(PLAIN)
        assert found.authorise("PROPFIND", TLS) is not None

    @staticmethod
    def sign_in(found: PasswordAuth, url: URL) -> Sent:
        assert found.retry(url, None, BASIC)
        authorised = found.authorise("PROPFIND", url)
        assert authorised is not None
        found.accept(url, authorised[1])
        return authorised[1]


def test_nothing_shows_the_password() -> None:
    assert "secret" not in repr(auth())
