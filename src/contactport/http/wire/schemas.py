"""The bodies of the wire: a struct's order of fields is the order of its keys.

`id` repeats `import_id`, for some clients read the one and some the other.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from contactport.contact import BookOutcome, Merge, Note
from contactport.formats.cloudsponge import WireOwner


def stamp(ms: int) -> str:
    """A time of the tables as the wire writes it: `2016-04-12T22:22:20.000+00:00`."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


class BegunBody(msgspec.Struct, kw_only=True):
    """The answer of `begin_import`. `url` is where the user consents: null when there is nothing to consent to."""

    status: Literal["success"] = "success"
    url: str | None = None
    echo: str | None
    import_id: int
    user_id: str | None
    id: int


class ConsentBegunBody(msgspec.Struct, kw_only=True):
    """The answer of `begin_import/user_consent`: `url` is to be opened in the user's browser."""

    status: Literal["success"] = "success"
    url: str
    echo: str | None
    import_type: Literal["OAUTH"]
    import_id: int
    user_id: str | None
    id: int


class EventBody(msgspec.Struct, kw_only=True):
    """One event; clients know `import_action_id` under the import's own id."""

    import_action_id: int
    import_id: int
    event_type: str
    value: int
    description: str | None
    status: str
    created_at: str


class EventsBody(msgspec.Struct, kw_only=True):
    """The answer of `events`."""

    events: list[EventBody]
    import_id: int
    user_id: str | None
    id: int
    echo: str | None


class ContactsTail(msgspec.Struct, kw_only=True):
    """What follows the contacts in the answer of `contacts`: the contacts themselves are streamed before it."""

    contacts_owner: WireOwner
    start: int
    count: int
    total: int
    import_id: int
    user_id: str | None
    id: int
    echo: str | None


class ErrorBody(msgspec.Struct):
    """`code` is one of `docs/errors.md`."""

    code: int
    message: str


class FailureBody(msgspec.Struct, kw_only=True):
    """The body of every error."""

    status: Literal["failure"] = "failure"
    error: ErrorBody
    import_id: None = None
    user_id: str | None
    echo: str | None
    id: None = None


class LedgerBody(msgspec.Struct):
    """Always `found = delivered + merged + rejected`."""

    found: int
    delivered: int
    merged: int
    rejected: int


class ErasureBody(msgspec.Struct):
    """The receipt of an erasure. `contacts` is how many were stored, `key_number` the ring's key that sealed theirs.

    `by` is "request", "retention" or "lost". `key_destroyed` is told as it is now: without that key a backup of the
    database can't be read either.
    """

    erased_at: str
    by: str
    contacts: int
    key_number: int
    key_destroyed: bool


class RejectBody(msgspec.Struct):
    """A record that could not be read. `raw` says whether `imports/ID/rejects` has it as it came."""

    place: str
    reason: str
    raw: bool


class ImportBody(msgspec.Struct, kw_only=True):
    """The answer of `imports`. `rejects`, `notes`, `merges` and `books` are the first thousand of each.

    `incomplete` is there, and true, when the import is complete and an address book was not read to its end; `error`
    when the import has failed, `erasure` when its contacts were erased.
    """

    import_id: int
    state: str
    service: str
    include: list[str]
    created_at: str
    ended_at: str | None
    purge_at: str | None
    ledger: LedgerBody
    rejects: list[RejectBody]
    note_count: int
    notes: list[Note]
    merges: list[Merge]
    incomplete: Literal[True] | UnsetType = UNSET
    books: list[BookOutcome]
    error: ErrorBody | UnsetType = UNSET
    erasure: ErasureBody | UnsetType = UNSET
    user_id: str | None
    id: int
    echo: str | None
