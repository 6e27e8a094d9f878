"""The ends of imports that wait for their users: by them, and where they never come back."""

from __future__ import annotations

from sqlalchemy import Connection

from contactport.errors import ROWS, Code
from contactport.store import consents, endings, pending_imports
from contactport.store.clock import now_ms
from contactport.store.open import Store

LOST_MS = 60_000
"""A response that was taken up so long ago, and has led to nothing, is lost with the process that had it."""
NEVER_OPENED = (
    "The user did not open the page of this import in time, so it was ended. Please begin the import again."
)


def end(connection: Connection, store: Store, import_id: int, code: Code, text: str = "") -> bool:
    """End a pending import with a code (514, 516, 517, 518, 512 …), its events in the same transaction.

    `text` is fit for strangers; empty is the code's own. False where the import is not pending: it was started, it
    has ended, or there is none.
    """
    if pending_imports.find(connection, import_id) is None:
        return False
    endings.fail(connection, import_id, code, text or ROWS[code].text)
    store.signals.announce(connection, import_id)
    return True


def end_overdue(connection: Connection, store: Store) -> int:
    """End the pending imports whose time is over: 516 where the page was opened, 517 where it never was; how many.

    518 where the user's answer was lost: nobody waits for the rest of the time.
    """
    ended = 0
    lost = consents.lost(connection, now_ms() - LOST_MS)
    for import_id in dict.fromkeys([*pending_imports.overdue(connection), *lost]):
        ended += end_late(connection, store, import_id)
    return ended


def end_late(connection: Connection, store: Store, import_id: int) -> bool:
    """End a pending import whose time is over. False where it is not pending.

    518 where the user has come back, and the process that took the answer up did not live to use it.
    """
    one = pending_imports.find(connection, import_id)
    if one is None:
        return False
    stage = consents.stage_of(connection, import_id)
    if stage is not None and stage.claimed_at is not None:
        return end(connection, store, import_id, Code.PROVIDER_UNREACHABLE)
    if one.opened:
        return end(connection, store, import_id, Code.CONSENT_TIMEOUT)
    return end(connection, store, import_id, Code.ABANDONED, NEVER_OPENED)
