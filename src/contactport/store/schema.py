"""The tables. Times are milliseconds since 1970 in UTC; a column named `sealed_*` holds `vault` boxes.

Everything that came from a user is sealed under the import's own data key, and the data key under the ring:
destroying `sealed_key` makes the rest unreadable.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    false,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ring = Table(
    "ring",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("newest_key", Integer, nullable=False),
)
"""One row: which key ring this database belongs to, and the number of its newest key that has sealed anything."""

domain = Table(
    "domain",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("secret", LargeBinary(32), nullable=False),
    Column("former_secret", LargeBinary(32)),
    Column("former_until", BigInteger),
    Column("sources", String(4000)),
    Column("origins", String(4000)),
    Column("retention", Integer),
    Column("created_at", BigInteger, nullable=False),
)
"""An application. `secret` is the SHA-256 of its password; `sources` and `origins` are comma lists.

NULL in `sources` is any source, NULL in `origins` no origin.
"""

oauth_client = Table(
    "oauth_client",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("domain_id", Integer, ForeignKey("domain.id", ondelete="CASCADE")),
    Column("provider", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("client_id", String(1000), nullable=False),
    Column("method", String(32), nullable=False),
    Column("tenant", String(100), nullable=False),
    Column("switches", String(200), nullable=False),
    Column("fault", String(64)),
    Column("fault_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("sealed_secret", LargeBinary),
    Column("redirect_uri", String(2000), nullable=False, server_default=""),
)
"""What an operator registered at a provider: for one domain, or with NULL in `domain_id` for all that have none.

`sealed_secret` is sealed under the ring's lasting key; NULL where the client has none, or the ring that opened it is
lost. `redirect_uri` is the page of an application that relays to `/auth`, empty for `/auth` itself. `switches` is a
comma list; `fault` is the last set-up fault that a sign-in met, gone with the next good one.
"""

import_ = Table(
    "import",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("domain_id", Integer, ForeignKey("domain.id", ondelete="CASCADE"), nullable=False),
    Column("service", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("way", String(16), nullable=False, server_default="password"),
    Column("epoch", Integer, nullable=False),
    Column("include", String(64), nullable=False),
    Column("found", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("merged", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("notes", Integer, nullable=False, server_default="0"),
    Column("incomplete", Boolean, nullable=False, server_default=false()),
    Column("code", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("deadline", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("retention", BigInteger, nullable=False, server_default="900"),
    Column("purge_at", BigInteger),
    Column("job", Integer, nullable=False),
    Column("not_before", BigInteger),
    Column("token_at", BigInteger),
    Column("backoffs", Integer, nullable=False),
    Column("provider_key", LargeBinary(16)),
    Column("account_key", LargeBinary(16)),
    Column("key_number", Integer),
    Column("erased_at", BigInteger),
    Column("erased_by", String(16)),
    Column("sealed_key", LargeBinary),
    Column("sealed_user_id", LargeBinary),
    Column("sealed_username", LargeBinary),
    Column("sealed_owner", LargeBinary),
    CheckConstraint("found = delivered + merged + rejected", name="ledger"),
    CheckConstraint("repeats <= merged", name="repeats"),
    Index("ix_import_domain_created", "domain_id", "created_at"),
    Index("ix_import_domain_state", "domain_id", "state"),
    Index("ix_import_state_purge", "state", "purge_at"),
    Index("ix_import_account", "account_key"),
)
"""`repeats` is the part of `merged` that one attempt counted by itself, taken back when the next one begins. `notes`
counts all notes; `incomplete` says that an address book was not read to its end though the import is complete.

`way` is "password", "consent" or "file". `deadline` is until when a pending import's user has to be done, and then
until when the attempts have to be. `started_at` is when the grant came and the import was queued. `retention` is the
time from the end to the purge in seconds, as it was settled when the import was created.

`job` counts the jobs that have carried it, one for each time it was deferred; `not_before` is until when it is.
`token_at` is when the token that it has taken in advance is due; `backoffs` how often its provider asked to be left
alone. `provider_key` and `account_key` are truncated HMACs of the provider's host and of the account there, gone with
the import's end. `key_number` is the ring's key that seals its data key. `erased_at` and `erased_by` ("request",
"operator", "retention", "lost") are the receipt of its erasure: with `delivered` and `key_number` they say when, how
many, and under which key.
"""

event = Table(
    "event",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("type", String(16), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("value", Integer, nullable=False),
    Column("description", String(2000)),
    Column("created_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
)
"""One row a type. `version` counts the changes of the import's events, so that a stream can say where it is."""

contact_chunk = Table(
    "contact_chunk",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("sealed_contacts", LargeBinary, nullable=False),
    Column("sealed_groups", LargeBinary),
    Column("sealed_fingerprints", LargeBinary, nullable=False),
    Column("sealed_origins", LargeBinary),
)
"""One page of an import: its contacts, its group cards, the marks of every card that it accounts for, and where its
contacts came from."""

reject = Table(
    "reject",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sealed_reject", LargeBinary, nullable=False),
    Column("sealed_record", LargeBinary),
)
"""The first 1,000 rejects; their number is in the ledger. `sealed_record` is the record as it came, where it is kept:
16 MiB of them at most."""

note = Table(
    "note",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sealed_note", LargeBinary, nullable=False),
)
"""The first 1,000 notes on delivered cards; their number is in the import's row."""

merge = Table(
    "merge",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sealed_merge", LargeBinary, nullable=False),
)
"""The first 1,000 merges: which card was taken for which."""

book = Table(
    "book",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("place_mark", LargeBinary(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("sealed_book", LargeBinary, nullable=False),
)
"""What became of an account's address books, 1,000 at most. `place_mark` is a keyed hash of the book's place under
the import's own key: a later attempt's word on a book replaces an earlier one's."""

secret = Table(
    "secret",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed_grant", LargeBinary, nullable=False),
)
"""The user's grant (`contactport/grant.py`): gone with the job, whatever its end."""

upload_piece = Table(
    "upload_piece",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sealed_data", LargeBinary, nullable=False),
)
"""The file that a user uploaded, in pieces: gone with the job, whatever its end."""

consent = Table(
    "consent",
    metadata,
    Column("import_id", Integer, ForeignKey("import.id", ondelete="CASCADE"), primary_key=True),
    Column("client_key", Integer, nullable=False),
    Column("code_mark", LargeBinary(16), nullable=False, unique=True),
    Column("state_mark", LargeBinary(16)),
    Column("cookie_mark", LargeBinary(16)),
    Column("opened_at", BigInteger),
    Column("returned_at", BigInteger),
    Column("claimed_at", BigInteger),
    Column("sealed_secrets", LargeBinary, nullable=False),
    Column("sealed_response", LargeBinary),
)
"""A user's consent to an import: what was sent with the browser, as truncated HMACs under the ring's lasting key, and
sealed what the flow needs again. `client_key` is the OAuth client's row, 0 for the one of the settings; the times are
when the short URL was opened first, when the browser came back, and when its response was taken up."""

login_failure = Table(
    "login_failure",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_mark", LargeBinary(16), nullable=False),
    Column("password_mark", LargeBinary(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_login_failure_account", "account_mark", "at"),
)
"""Wrong passwords of late, as truncated HMACs under a key that lives a day."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("domain_id", Integer, ForeignKey("domain.id", ondelete="CASCADE"), primary_key=True),
    Column("key_mark", LargeBinary(16), primary_key=True),
    Column("arguments_mark", LargeBinary(16), nullable=False),
    Column("import_id", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The Idempotency-Keys of the last 24 hours, as truncated HMACs under the ring's lasting key."""

host = Table(
    "host",
    metadata,
    Column("mark", LargeBinary(16), primary_key=True),
    Column("facts", String(1000), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""What a provider's host was found to do. Its name is a truncated HMAC: a family's own domain names people."""

budget = Table(
    "budget",
    metadata,
    Column("mark", LargeBinary(16), primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("paused_until", BigInteger),
)
"""The token bucket of a provider's host or of an account there, by its mark. `tokens` were there `at` that time;
below zero they are promised to imports that wait for theirs. `paused_until` is a provider's own Retry-After."""

breaker = Table(
    "breaker",
    metadata,
    Column("mark", LargeBinary(16), primary_key=True),
    Column("service", String(64)),
    Column("failures", Integer, nullable=False),
    Column("openings", Integer, nullable=False),
    Column("retry_at", BigInteger),
    Column("trial", Integer),
    Column("changed_at", BigInteger, nullable=False),
)
"""A provider's circuit breaker. `service` is the code of a known provider, NULL for a host of a user's own.
`failures` in a row, `openings` since it last was closed; open while `retry_at` is set, half-open while it is past
and `trial` is the import that tries."""
