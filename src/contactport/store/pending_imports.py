"""Imports that wait for their users: made, started with what the user has given, given back, and found overdue."""

from __future__ import annotations

import secrets

import msgspec
from sqlalchemy import Connection, delete, exists, insert, select, update

from contactport.grant import Grant, Way, account_name
from contactport.store import data_keys, events, sealed_grants, vault
from contactport.store.clock import now_ms
from contactport.store.imports import RunningImport, check_epoch
from contactport.store.schema import consent, import_, secret
from contactport.store.vault import context


class NewImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import to be made.

    `seconds` is how long its user may take, `retention` how many seconds it is kept after its end.
    """

    domain_id: int
    service: str
    way: Way = "password"
    include: frozenset[str] = frozenset()
    user_id: str | None = None
    seconds: float
    retention: int


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """What a pending import gets with its grant. `seconds` is how long its attempts may take in all."""

    grant: Grant
    seconds: float
    provider_key: bytes
    account_key: bytes
    signed_in: bool = True
    """Whether the grant is known to be good: a password that was typed a moment ago is not."""


def create(connection: Connection, ring: vault.Ring, new: NewImport) -> int:
    """A pending import's row, its sealed words and its first event; its id: random, positive, 31 bits."""
    import_id = secrets.randbelow(2**31 - 1) + 1
    while connection.execute(select(import_.c.id).where(import_.c.id == import_id)).first():
        import_id = secrets.randbelow(2**31 - 1) + 1
    key, box = data_keys.new_data_key(connection, ring, context(import_id, "import", "key"))
    now = now_ms()
    connection.execute(
        insert(import_).values(
            id=import_id,
            domain_id=new.domain_id,
            service=new.service,
            state="pending",
            way=new.way,
            epoch=0,
            include=",".join(sorted(new.include)),
            found=0,
            delivered=0,
            merged=0,
            rejected=0,
            repeats=0,
            created_at=now,
            deadline=now + int(new.seconds * 1000),
            retention=new.retention,
            job=0,
            backoffs=0,
            key_number=vault.key_number(box),
            sealed_key=box,
            sealed_user_id=None
            if new.user_id is None
            else vault.seal(key, new.user_id.encode(), context(import_id, "import", "user_id")),
        )
    )
    events.put(connection, import_id, "INITIALIZING", "INPROGRESS", 0)
    return import_id


class Pending(msgspec.Struct, frozen=True):
    """An import that waits for its user. `opened`: its page was opened. `job`: the number of its next job."""

    id: int
    domain_id: int
    service: str
    way: Way
    job: int
    deadline: int
    opened: bool


def find(connection: Connection, import_id: int) -> Pending | None:
    """An import that waits for its user, its row held until the transaction ends; None where there is none."""
    columns = (import_.c.id, import_.c.domain_id, import_.c.service, import_.c.way, import_.c.job)
    opened = exists().where(consent.c.import_id == import_.c.id, consent.c.opened_at.is_not(None))
    row = connection.execute(
        select(*columns, import_.c.deadline, opened)
        .where(import_.c.id == import_id, import_.c.state == "pending")
        .with_for_update()
    ).first()
    return None if row is None else Pending(*row)


def overdue(connection: Connection, limit: int = 200) -> list[int]:
    """The imports whose users have not come back in time, `limit` at most."""
    query = select(import_.c.id).where(import_.c.state == "pending", import_.c.deadline <= now_ms())
    return list(connection.execute(query.limit(limit)).scalars())


def start(connection: Connection, ring: vault.Ring, import_id: int, started: Started) -> None:
    """Let a pending import, whose row is held, wait for its attempt: its grant is sealed, and its time begins.

    Raises vault.SealBroken, RingError.
    """
    box = connection.execute(select(import_.c.sealed_key).where(import_.c.id == import_id)).scalar_one()
    key = ring.open_data_key(box, context(import_id, "import", "key"))
    name = account_name(started.grant).encode()
    now = now_ms()
    connection.execute(
        update(import_)
        .where(import_.c.id == import_id)
        .values(
            state="waiting",
            started_at=now,
            deadline=now + int(started.seconds * 1000),
            provider_key=started.provider_key,
            account_key=started.account_key,
            sealed_username=vault.seal(key, name, context(import_id, "import", "username")),
        )
    )
    sealed_grants.put(connection, key, import_id, started.grant)
    if started.signed_in:
        events.put(connection, import_id, "INITIALIZING", "COMPLETED", 0)
        events.put(connection, import_id, "GATHERING", "INPROGRESS", 0)


def give_back(connection: Connection, one: RunningImport, seconds: float) -> None:
    """Let an import wait for its user again, who may give another grant within `seconds`; this one is destroyed.

    Raises Fenced when the attempt is no longer the import's own.
    """
    check_epoch(connection, one.id, one.epoch)
    connection.execute(
        update(import_)
        .where(import_.c.id == one.id)
        .values(
            state="pending",
            job=import_.c.job + 1,
            deadline=now_ms() + int(seconds * 1000),
            started_at=None,
            provider_key=None,
            account_key=None,
            sealed_username=None,
        )
    )
    connection.execute(delete(secret).where(secret.c.import_id == one.id))
