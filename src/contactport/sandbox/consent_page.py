"""The sandbox's pages: one that asks for consent, with a button for each way in which that can go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast, get_args
from urllib.parse import urlencode

import msgspec
from starlette.responses import RedirectResponse, Response

from contactport.http.pages.page import page
from contactport.sandbox.accounts import USER
from contactport.sandbox.authorization import AuthorizationServer, Decision, Untrusted
from contactport.sandbox.sample_cards import COUNT

_FIELDS = (
    *("response_type", "client_id", "redirect_uri", "scope", "state"),
    *("code_challenge", "code_challenge_method"),
)
_CLOSE = "close"


class _Choice(msgspec.Struct, frozen=True):
    decision: str
    label: str
    text: str


_CHOICES = (
    _Choice("allow", "Allow", f"The import goes on and delivers {COUNT} contacts."),
    _Choice("deny", "Deny", "You refuse: the import ends with error 514."),
    _Choice(
        "without_contacts",
        "Allow without contacts",
        "You sign in and leave the box for the contacts empty: the import ends with error 514.",
    ),
    _Choice(
        _CLOSE,
        "Close",
        "You go away without an answer: the import ends with error 516 when its time is over.",
    ),
    _Choice(
        "crash", "Crash", "The provider fails while your answer is used: the import ends with error 518."
    ),
)


class ConsentPage:
    """Answers of the authorization endpoint."""

    def __init__(self, server: AuthorizationServer, issuer: str) -> None:
        self._server = server
        self._issuer = issuer

    def show(self, parameters: Mapping[str, str]) -> Response:
        """GET: the service sends a browser here."""
        try:
            request = self._server.read_request(parameters)
        except Untrusted:
            return _refuse()
        if request.error:
            return self._back(self._server.decide(request, "deny"))
        values = {
            "client": "contactport",
            "sandbox": True,
            "user": USER,
            "count": COUNT,
            "redirect_uri": self._server.redirect_uri,
            "fields": {name: parameters.get(name, "") for name in _FIELDS},
            "choices": _CHOICES,
        }
        # Browsers hold every redirect after a form to this policy. The application knows where the last one leads.
        return page("sandbox_consent", values, form_action="*")

    def take(self, form: Mapping[str, str]) -> Response:
        """POST: a button of the page."""
        decision = form.get("decision", "")
        if decision == _CLOSE:
            return _message(
                "You have closed the page",
                "Nothing was sent back. Close this window too: the import ends with error 516 when its time is over.",
                closes=True,
            )
        try:
            request = self._server.read_request(form)
        except Untrusted:
            return _refuse()
        if decision not in get_args(Decision):
            return _message("There is no such answer", "Go back and choose one of the buttons.", status=400)
        return self._back(self._server.decide(request, cast(Decision, decision)))

    def _back(self, response: Mapping[str, str]) -> Response:
        """With who has answered (RFC 9207)."""
        query = urlencode({**response, "iss": self._issuer})
        return RedirectResponse(f"{self._server.redirect_uri}?{query}", 303)


def _refuse() -> Response:
    return _message(
        "This request can't be trusted",
        "The client or its redirect URI is not the one that this sandbox was started for. Begin the import again.",
        status=400,
    )


def _message(title: str, text: str, *, status: int = 200, closes: bool = False) -> Response:
    return page(
        "sandbox_message",
        {"title": title, "text": text, "sandbox": True},
        status=status,
        script="close" if closes else "",
    )
