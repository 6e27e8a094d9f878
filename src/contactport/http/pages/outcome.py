"""How far the import of a link has come, as a page or as the way back to the application."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import Connection
from starlette.responses import Response

from contactport.http.origins import with_query
from contactport.http.pages.page import page
from contactport.imports.pending import NEVER_OPENED
from contactport.sources.providers import Providers
from contactport.store import consents, events
from contactport.store.consents import Consent
from contactport.store.vault import Ring, SealBroken

LOOK_AGAIN = {"refresh": "2"}
"""After so many seconds a page of progress asks again, by itself and without a script."""
Stage = Literal["pending", "signing_in", "reading", "complete", "failed"]

_ENDS = {
    262: ("Wait before you try again", ""),
    263: ("The password was not accepted", ""),
    266: ("Your account is locked", ""),
    267: ("{provider} asks you to sign in there first", ""),
    514: (
        "The contacts were not shared",
        "{provider} gives no contacts: you have not agreed to it, or have left the box for the contacts empty.",
    ),
    516: ("The time is over", "The page waited for you as long as it may."),
    517: ("Cancelled", "No contacts were read."),
    1025: ("The file could not be read", ""),
    1026: ("The file could not be read", ""),
}
"""Title and text by the code of a failed import; an empty text is the one that the application reads."""
FILE = "csv"
"""The service of files that no provider's row is about."""
_FAILED = "Your contacts could not be read"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`text` says why a failed import failed, or what a complete one lacks. `count` are the contacts so far.

    `domain` is the name of the application's domain, `service` the provider's code. `return_url` is where the
    application wants the browser next.
    """

    import_id: int
    code: str
    domain: str
    service: str
    stage: Stage
    count: int
    text: str
    error_code: int | None
    return_url: str


def outcome_of(connection: Connection, one: Consent) -> Outcome:
    """The present state of the import that this link is for."""
    found = {event.type: event for event in events.read(connection, one.import_id)}
    first, gathering, last = (found.get(name) for name in ("INITIALIZING", "GATHERING", "COMPLETE"))
    stage: Stage
    if last is not None:
        stage = "failed" if last.status == "ERROR" else "complete"
    elif one.import_state == "pending":
        stage = "pending"
    else:
        stage = "reading" if first is not None and first.status == "COMPLETED" else "signing_in"
    error_code = last.value if stage == "failed" and last is not None else None
    return Outcome(
        import_id=one.import_id,
        code=one.secrets.code,
        domain=one.domain_name,
        service=one.service,
        stage=stage,
        count=gathering.value if gathering is not None else 0,
        text=(last.description or "") if last is not None else "",
        error_code=error_code,
        return_url=_return_url(one, error_code),
    )


def _return_url(one: Consent, error_code: int | None) -> str:
    """The application's own page, with the import and, where it failed, the code; empty where it named none."""
    if not one.secrets.redirect_url:
        return ""
    parameters = {"import_id": str(one.import_id)}
    if error_code is not None:
        parameters["error_code"] = str(error_code)
    return with_query(one.secrets.redirect_url, parameters)


def outcome_at(connection: Connection, ring: Ring, code: str) -> Outcome | None:
    """The same by the code of the link; None where it is not good any more."""
    try:
        one = consents.by_code(connection, ring, code)
    except SealBroken:
        return None
    return None if one is None else outcome_of(connection, one)


def show_outcome(outcome: Outcome, providers: Providers, reference: str) -> Response:
    """The page of progress, or of the end."""
    provider = providers.find(outcome.service)
    # A row that is gone leaves its code.
    name = outcome.service if provider is None else provider.in_a_sentence
    common: dict[str, object] = {
        "domain": outcome.domain,
        "provider": name,
        "sandbox": provider is not None and provider.sandbox,
        "is_file": provider is not None and provider.method == "file",
        "reference": reference,
        "code": outcome.code,
    }
    if outcome.stage in ("pending", "signing_in", "reading"):
        signed_in = outcome.stage == "reading"
        values = common | {
            "title": _reading(outcome, name) if signed_in else f"Signing in to {name}",
            "count": f"{outcome.count:,}" if outcome.count else "",
            "can_close": signed_in,
        }
        return page("progress", values, script="close" if signed_in else "", headers=LOOK_AGAIN)
    if outcome.stage == "complete":
        text = _complete(outcome, name)
        return page("end", common | {"title": "Done", "text": text, "failed": False}, script="close")
    # A link that nobody opened in time was not cancelled by anybody.
    code = 516 if outcome.text == NEVER_OPENED else outcome.error_code
    title, text = _ENDS.get(code or 0, (_FAILED, ""))
    if code == 257 and provider is not None and not provider.self_hosted:
        # The user has named no server whose address could be checked.
        text = "No address book could be read at {provider}. Please try again in a few minutes."
    values = {"title": title.format(provider=name), "text": text.format(provider=name) or outcome.text}
    return page("end", common | values | {"failed": True})


def _complete(outcome: Outcome, name: str) -> str:
    """What the user has given; the text of the event is for the application."""
    lacks = " A part could not be read." if outcome.text else ""
    if not outcome.count:
        where = "in your file" if outcome.service == FILE else f"at {name}"
        return f"No contacts were found {where}.{lacks}"
    contacts = "1 contact is" if outcome.count == 1 else f"{outcome.count:,} contacts are"
    return f"{contacts} ready for {outcome.domain}.{lacks}"


def _reading(outcome: Outcome, provider: str) -> str:
    """A file of any program is nobody's in particular."""
    return "Reading your contacts" if outcome.service == FILE else f"Reading your contacts at {provider}"
