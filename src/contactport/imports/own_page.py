"""The link of an import that waits on a page of the service's own: whose it is, how long it is good, and its end."""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from contactport.errors import Code
from contactport.imports import pending
from contactport.imports.consent import ConsentRefused, opened
from contactport.store import consents
from contactport.store.clock import now_ms
from contactport.store.consents import Consent
from contactport.store.open import Store

log = structlog.get_logger()

CANCELLED = (
    "The user has cancelled the import before any contact was read. Begin it again if the user wants it."
)


def visited(connection: Connection, store: Store, code: str, cookie: str) -> Consent | None:
    """A browser opens the page, for the first time or again; None where the import waits for nobody any more.

    The first browser owns the link from then on. Raises ConsentRefused for another one, and for a code that is not
    valid.
    """
    one = opened(consents.by_code, connection, store, code)
    if one.opened_at is None:
        consents.open_(connection, store.ring, one, state="", verifier="", cookie=cookie)
        log.info("page_opened", import_id=one.import_id)
    elif not consents.is_cookie(store.ring, one, cookie):
        raise ConsentRefused("another_browser")
    return one if _is_waiting(connection, store, one) else None


def owned(connection: Connection, store: Store, code: str, cookie: str) -> Consent | None:
    """The browser that owns the link sends a form; None where the import waits for nobody any more.

    Raises ConsentRefused.
    """
    one = opened(consents.by_code, connection, store, code)
    if not consents.is_cookie(store.ring, one, cookie):
        raise ConsentRefused("another_browser")
    return one if _is_waiting(connection, store, one) else None


def cancel(connection: Connection, store: Store, code: str, cookie: str) -> None:
    """The user does not want to. Raises ConsentRefused."""
    one = owned(connection, store, code, cookie)
    if one is not None:
        fail(connection, store, one, Code.ABANDONED, CANCELLED)


def fail(connection: Connection, store: Store, one: Consent, code: Code, text: str = "") -> None:
    """End the import with this code, and with words for the application where the code's own don't fit."""
    pending.end(connection, store, one.import_id, code, text)
    log.info("page_ended", import_id=one.import_id, code=int(code))


def _is_waiting(connection: Connection, store: Store, one: Consent) -> bool:
    """Whether the import waits for its user still. It ends here if its time is over."""
    if one.import_state != "pending":
        return False
    if one.deadline <= now_ms():
        fail(connection, store, one, Code.CONSENT_TIMEOUT)
        return False
    return True
