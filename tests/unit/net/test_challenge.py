from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.net.challenge import Challenge, parse


def schemes(*headers: str) -> list[str]:
    return [challenge.scheme for challenge in parse(headers)]


class TestOneHeader:
    def test_basic(self) -> None:
        assert parse(['Basic realm="Radicale - Password Required"']) == [
            Challenge("basic", {"realm": "Radicale - Password Required"})
        ]

    def test_a_scheme_without_parameters(self) -> None:
        assert parse(["Negotiate"]) == [Challenge("negotiate", {})]

    def test_a_scheme_in_lower_case(self) -> None:
        assert schemes('basic realm="SOGo"') == ["basic"]

    def test_digest_with_a_list_in_quotes(self) -> None:
        (challenge,) = parse(
            ['Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=MD5-sess, stale=true']
        )
        assert challenge["qop"] == "auth,auth-int"
        assert challenge["algorithm"] == "MD5-sess"
        assert challenge["stale"] == "true"

    def test_quotation_marks_and_commas_inside_a_realm(self) -> None:
        (challenge,) = parse([r'Basic realm="say \"hi\", Digest", charset="UTF-8"'])
        assert challenge["realm"] == 'say "hi", Digest'
        assert challenge["charset"] == "UTF-8"

    def test_what_was_not_sent_is_empty(self) -> None:
        assert parse(["Basic realm=x"])[0]["charset"] == ""


class TestSeveral:
    def test_in_one_header(self) -> None:
        found = parse(
            ['X-MobileMe-AuthToken realm="Newcastle", Basic realm="Newcastle", Digest realm="d", nonce="n"']
        )
        assert [challenge.scheme for challenge in found] == ["x-mobileme-authtoken", "basic", "digest"]
        assert found[2]["nonce"] == "n"

    def test_in_several_headers(self) -> None:
        assert schemes('Digest realm="c", nonce="1"', 'Basic realm="c"') == ["digest", "basic"]

    def test_a_blob_is_not_taken_for_a_parameter(self) -> None:
        assert schemes("Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa8=, Basic realm=x") == ["negotiate", "basic"]

    def test_bare_schemes(self) -> None:
        assert schemes("Negotiate, NTLM, Basic realm=x") == ["negotiate", "ntlm", "basic"]

    def test_empty_elements(self) -> None:
        assert schemes(", ,Basic realm=x,,") == ["basic"]


class TestNonsense:
    @pytest.mark.parametrize("header", ["", '"', "=", '="x"', "realm=x", ",,,"])
    def test_gives_no_challenge(self, header: str) -> None:
        assert schemes(header) == []

    def test_an_unfinished_quotation_does_not_hide_the_rest_of_the_headers(self) -> None:
        assert "basic" in schemes('Digest realm="never ends', "Basic realm=x")

    @given(st.lists(st.text(max_size=200), max_size=4))
    def test_is_never_an_error(self, headers: list[str]) -> None:
        parse(headers)

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["Basic", "Digest", "Bearer", "X-Own"]),
                st.dictionaries(
                    st.sampled_from(["realm", "nonce", "opaque", "charset"]),
                    st.text(st.characters(min_codepoint=32, max_codepoint=126)),
                    min_size=1,
                ),
            ),
            max_size=4,
        )
    )
    def test_what_was_written_is_read(self, challenges: list[tuple[str, dict[str, str]]]) -> None:
        def quoted(text: str) -> str:
            return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

        header = ", ".join(
            f"{scheme} " + ", ".join(f"{name}={quoted(value)}" for name, value in parameters.items())
            for scheme, parameters in challenges
        )
        assert parse([header]) == [Challenge(scheme.lower(), parameters) for scheme, parameters in challenges]
