"""What an error of a provider means: the user refused, the operator's set-up is wrong, or the provider is at fault.

A user can't mend a wrong set-up, and a refusal is no reason to call the operator. What tells them apart is the word
of RFC 6749, and the number that Microsoft writes into its descriptions. Nothing of a description is kept or shown.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from contactport.oauth.messages import ErrorResponse

Fault = Literal[
    "redirect_uri",
    "client_unknown",
    "secret_wrong",
    "secret_expired",
    "client_kind",
    "account_types",
    "api_disabled",
    "unverified",
    "administrator",
    "scopes",
    "browser",
    "request",
]

SENTENCES: dict[Fault, str] = {
    "redirect_uri": "The redirect URI is not registered at the provider: register it to the letter, {redirect_uri}",
    "client_unknown": "The provider does not know the client id, or has deleted or disabled the client: compare it "
    "with the provider's console.",
    "secret_wrong": "The client secret is not the one that the provider has: make a new one there, and set it with "
    "`contactport oauth set`.",
    "secret_expired": "The client secret has expired: make a new one at the provider, and set it with `contactport "
    "oauth set`.",
    "client_kind": "The client is registered as another kind of application: register it as a web application with "
    "a secret.",
    "account_types": "The client is not open to this kind of account: let the provider's console allow accounts of "
    "any organisation and personal ones, or name the organisation's directory (`contactport oauth set --tenant`).",
    "api_disabled": "The API of the provider's contacts is not enabled for the client's project: enable it in the "
    "provider's console.",
    "unverified": "The provider has not verified the client, and lets no further user consent: have it verified, or "
    "list the user as a test user.",
    "administrator": "The organisation of a user wants its administrator to approve the client: an administrator "
    "there can grant it for all its users.",
    "scopes": "The client may not ask for the contacts: add the scope to it in the provider's console.",
    "browser": "The provider refuses the browser that an application shows inside itself: the application has to "
    "open the consent page in the system's browser.",
    "request": "The provider refuses the request itself: compare the client with the how-to of this provider.",
}
"""One sentence to the operator. `{redirect_uri}` is filled in by `sentence`."""

_WORDS: dict[str, Fault] = {
    "redirect_uri_mismatch": "redirect_uri",
    "invalid_redirect_uri": "redirect_uri",
    "invalid_client": "secret_wrong",
    "invalid_client_id": "client_unknown",
    "deleted_client": "client_unknown",
    "disabled_client": "client_unknown",
    "unauthorized_client": "client_kind",
    "unsupported_response_type": "client_kind",
    "unsupported_grant_type": "client_kind",
    "org_internal": "account_types",
    "invalid_scope": "scopes",
    "admin_policy_enforced": "administrator",
    "disallowed_useragent": "browser",
    "app_not_verified": "unverified",
    "invalid_request": "request",
    "invalid_resource": "scopes",
}
_MICROSOFT: dict[int, Fault] = {
    50011: "redirect_uri",
    500113: "redirect_uri",
    700016: "client_unknown",
    70001: "client_unknown",
    7000112: "client_unknown",
    7000215: "secret_wrong",
    7000222: "secret_expired",
    7000218: "client_kind",
    9002325: "client_kind",
    9002327: "client_kind",
    700025: "client_kind",
    50020: "account_types",
    50194: "account_types",
    500200: "account_types",
    9002331: "account_types",
    9002332: "account_types",
    9002346: "account_types",
    65005: "scopes",
    70011: "scopes",
    90094: "administrator",
    900941: "administrator",
    90093: "administrator",
    90095: "administrator",
    50105: "administrator",
}
_REFUSED = frozenset(
    {
        "access_denied",
        "consent_required",
        "interaction_required",
        "login_required",
        "account_selection_required",
        "user_cancelled",
        "user_denied",
    }
)
_REFUSED_NUMBERS = frozenset({65001, 65004})
_PROVIDER = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
_NUMBER = re.compile(r"\bAADSTS(\d{4,8})\b")


class Meaning(msgspec.Struct, frozen=True):
    """`fault` is set where `kind` is "fault". "expired" is a code or a token that is not good any more."""

    kind: Literal["refused", "fault", "provider", "expired", "unknown"]
    fault: Fault | None = None


def meaning(error: ErrorResponse) -> Meaning:
    """What an authorization response or a token response with an error means."""
    found = _NUMBER.search(error.description)
    number = int(found[1]) if found is not None else 0
    if number in _MICROSOFT:
        return Meaning("fault", _MICROSOFT[number])
    word = error.error.lower()
    if number in _REFUSED_NUMBERS or word in _REFUSED:
        return Meaning("refused")
    if word in _WORDS:
        return Meaning("fault", _WORDS[word])
    if word in _PROVIDER:
        return Meaning("provider")
    return Meaning("expired") if word == "invalid_grant" else Meaning("unknown")


def sentence(fault: str, redirect_uri: str) -> str:
    """The sentence to the operator; empty for a word that is none."""
    return {str(word): text for word, text in SENTENCES.items()}.get(fault, "").format(
        redirect_uri=redirect_uri
    )
