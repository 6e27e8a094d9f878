"""The examples are those of RFC 7616 section 3.9 and RFC 2617 section 3.5."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from contactport.net.challenge import Challenge, parse
from contactport.net.digest import Digest, strength


def challenge(**parameters: str) -> Challenge:
    return Challenge("digest", {"realm": "http-auth@example.org", "nonce": NONCE, **parameters})


NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


def fixed(cnonce: str) -> Callable[[int], str]:
    def token(_: int) -> str:
        return cnonce

    return token


def answer(asked: Challenge, monkeypatch: pytest.MonkeyPatch, cnonce: str = CNONCE) -> dict[str, str]:
    monkeypatch.setattr("secrets.token_hex", fixed(cnonce))
    header = Digest(asked).header("GET", "/dir/index.html", "Mufasa", "Circle of Life", "utf-8")
    (read,) = parse([header])
    return read.parameters


class TestTheStandardsExamples:
    def test_md5(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = answer(challenge(qop="auth, auth-int", algorithm="MD5"), monkeypatch)
        assert found["response"] == "8ca523f5e9506fed4657c9700eebdbec"
        assert found["nc"] == "00000001"

    def test_sha_256(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = answer(challenge(qop="auth, auth-int", algorithm="SHA-256"), monkeypatch)
        assert found["response"] == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"

    def test_rfc_2617(self, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = Challenge(
            "digest",
            {
                "realm": "testrealm@host.com",
                "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                "qop": "auth",
                "opaque": "5ccc069c403ebaf9f0171e9517f40e41",
            },
        )
        monkeypatch.setattr("secrets.token_hex", fixed("0a4f113b"))
        header = Digest(asked).header("GET", "/dir/index.html", "Mufasa", "Circle Of Life", "utf-8")
        (read,) = parse([header])
        assert read["response"] == "6629fae49393a05397450978507c4ef1"
        assert read["opaque"] == "5ccc069c403ebaf9f0171e9517f40e41"
        assert read["algorithm"] == ""


class TestForms:
    def test_without_quality_of_protection_nothing_is_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = answer(challenge(), monkeypatch)
        assert not {"qop", "nc", "cnonce"} & set(found)

    def test_a_session_key_differs_from_a_plain_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        plain = answer(challenge(qop="auth", algorithm="MD5"), monkeypatch)
        session = answer(challenge(qop="auth", algorithm="MD5-sess"), monkeypatch)
        assert plain["response"] != session["response"]

    def test_the_count_goes_up_and_begins_again_with_a_new_nonce(self) -> None:
        digest = Digest(challenge(qop="auth", algorithm="MD5"))
        headers = [digest.header("GET", "/", "u", "p", "utf-8") for _ in range(2)]
        digest.renew("another")
        headers.append(digest.header("GET", "/", "u", "p", "utf-8"))
        assert [re.findall(r"nc=(\d+)", header) for header in headers] == [
            ["00000001"],
            ["00000002"],
            ["00000001"],
        ]
        assert 'nonce="another"' in headers[2]

    def test_quotation_marks_in_a_name_are_escaped(self) -> None:
        header = Digest(challenge(qop="auth")).header("GET", "/", 'a"b\\c', "p", "utf-8")
        assert parse([header])[0]["username"] == 'a"b\\c'


class TestStrength:
    def test_sha_256_is_before_md5(self) -> None:
        strong, weak = strength(challenge(algorithm="SHA-256")), strength(challenge(algorithm="md5"))
        assert strong is not None
        assert weak is not None
        assert strong < weak

    @pytest.mark.parametrize(
        "asked",
        [
            challenge(algorithm="SHA-512-256"),
            challenge(qop="auth-int"),
            Challenge("digest", {"realm": "no nonce"}),
            Challenge("basic", {"realm": "r", "nonce": "n"}),
        ],
    )
    def test_what_cannot_be_answered_has_none(self, asked: Challenge) -> None:
        assert strength(asked) is None
