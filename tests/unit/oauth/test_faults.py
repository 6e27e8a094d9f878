"""What a provider's error means: a refusal is the user's, a wrong set-up the operator's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.oauth.faults import SENTENCES, Meaning, meaning, sentence
from contactport.oauth.messages import ErrorResponse

URI = "https://contacts.example.com/auth"


def microsoft(number: int, error: str = "invalid_request") -> ErrorResponse:
    return ErrorResponse(error, f"AADSTS{number}: words that name ann@example.com. Trace ID: 1")


@pytest.mark.parametrize(
    "error",
    [
        ErrorResponse("access_denied"),
        ErrorResponse("access_denied", "The user did not consent."),
        ErrorResponse("consent_required"),
        microsoft(65001, "consent_required"),
        microsoft(65004, "access_denied"),
    ],
    ids=str,
)
def test_a_refusal_is_no_fault(error: ErrorResponse) -> None:
    assert meaning(error) == Meaning("refused")


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ErrorResponse("redirect_uri_mismatch"), "redirect_uri"),
        (microsoft(50011), "redirect_uri"),
        (ErrorResponse("invalid_client", "Unauthorized"), "secret_wrong"),
        (microsoft(7000215, "invalid_client"), "secret_wrong"),
        (microsoft(7000222, "invalid_client"), "secret_expired"),
        (microsoft(700016, "unauthorized_client"), "client_unknown"),
        (ErrorResponse("deleted_client"), "client_unknown"),
        (ErrorResponse("unauthorized_client"), "client_kind"),
        (ErrorResponse("org_internal"), "account_types"),
        (microsoft(50020, "interaction_required"), "account_types"),
        (microsoft(90094, "access_denied"), "administrator"),
        (microsoft(900941, "access_denied"), "administrator"),
        (ErrorResponse("admin_policy_enforced"), "administrator"),
        (ErrorResponse("disallowed_useragent"), "browser"),
        (ErrorResponse("invalid_scope"), "scopes"),
        (ErrorResponse("INVALID_CLIENT"), "secret_wrong"),
    ],
    ids=str,
)
def test_a_wrong_set_up_is_no_refusal(error: ErrorResponse, fault: str) -> None:
    assert meaning(error) == Meaning("fault", fault)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("server_error", "provider"),
        ("temporarily_unavailable", "provider"),
        ("invalid_grant", "expired"),
        ("something_new", "unknown"),
    ],
)
def test_the_rest_is_the_provider_s_or_nobody_s(word: str, kind: str) -> None:
    assert meaning(ErrorResponse(word)).kind == kind


@given(error=st.text(), description=st.text())
def test_any_error_has_a_meaning_and_a_fault_has_a_sentence(error: str, description: str) -> None:
    found = meaning(ErrorResponse(error, description))
    assert (found.fault is not None) == (found.kind == "fault")


@pytest.mark.parametrize("fault", SENTENCES)
def test_a_fault_is_told_in_one_sentence(fault: str) -> None:
    told = sentence(fault, URI)
    assert told
    assert "\n" not in told
    assert "{" not in told
    assert (URI in told) == (fault == "redirect_uri")


def test_a_word_that_is_no_fault_has_no_sentence() -> None:
    assert sentence("strange", URI) == ""
