"""Imports as rows: beginning one, claiming an attempt, and reading its state."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update

from contactport.grant import Grant, account_name
from contactport.store import data_keys, events, sealed_grants, vault
from contactport.store.clock import now_ms
from contactport.store.receipts import ErasedBy
from contactport.store.schema import domain, import_
from contactport.store.vault import context

State = Literal["waiting", "running", "complete", "failed", "purged"]


class Fenced(Exception):
    """Another attempt has begun, or the import has ended: this attempt may write nothing more."""


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """An import to be made. `seconds` is how long its attempts may take in all."""

    domain_id: int
    service: str
    include: frozenset[str]
    user_id: str | None
    grant: Grant
    seconds: float
    provider_key: bytes
    account_key: bytes


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """An import's row with its sealed words opened: None after the purge, and where they can't be opened any more."""

    id: int
    domain_id: int
    service: str
    state: State
    epoch: int
    include: frozenset[str]
    found: int
    delivered: int
    merged: int
    rejected: int
    notes: int
    incomplete: bool
    code: int | None
    created_at: int
    deadline: int
    ended_at: int | None
    purge_at: int | None
    user_id: str | None
    username: str | None
    key: bytes | None
    """The open data key: never logged, never stored in clear."""
    job: int
    not_before: int | None
    provider_key: bytes | None
    account_key: bytes | None
    key_number: int | None
    erased_at: int | None
    erased_by: ErasedBy | None
    lost: bool
    """Whether the ring's key is gone that sealed its data key."""

    def __repr__(self) -> str:
        return f"Import({self.id}, {self.state})"


def insert_import(connection: Connection, ring: vault.Ring, beginning: Beginning) -> int:
    """The import's row, its sealed words and its first events; its id: random, positive, 31 bits."""
    import_id = secrets.randbelow(2**31 - 1) + 1
    while connection.execute(select(import_.c.id).where(import_.c.id == import_id)).first():
        import_id = secrets.randbelow(2**31 - 1) + 1
    key, box = data_keys.new_data_key(connection, ring, context(import_id, "import", "key"))
    now = now_ms()
    connection.execute(
        insert(import_).values(
            id=import_id,
            domain_id=beginning.domain_id,
            service=beginning.service,
            state="waiting",
            epoch=0,
            include=",".join(sorted(beginning.include)),
            found=0,
            delivered=0,
            merged=0,
            rejected=0,
            repeats=0,
            created_at=now,
            deadline=now + int(beginning.seconds * 1000),
            job=0,
            backoffs=0,
            provider_key=beginning.provider_key,
            account_key=beginning.account_key,
            key_number=vault.key_number(box),
            sealed_key=box,
            sealed_user_id=None
            if beginning.user_id is None
            else vault.seal(key, beginning.user_id.encode(), context(import_id, "import", "user_id")),
            sealed_username=vault.seal(
                key, account_name(beginning.grant).encode(), context(import_id, "import", "username")
            ),
        )
    )
    sealed_grants.put(connection, key, import_id, beginning.grant)
    events.put(connection, import_id, "INITIALIZING", "COMPLETED", 0)
    events.put(connection, import_id, "GATHERING", "INPROGRESS", 0)
    return import_id


class Candidate(msgspec.Struct, frozen=True):
    """An import that has not ended, as its admission sees it: nothing of it is opened."""

    id: int
    domain_id: int
    service: str
    state: Literal["waiting", "running"]
    job: int
    deadline: int
    token_at: int | None
    backoffs: int
    provider_key: bytes
    account_key: bytes


def candidate(connection: Connection, import_id: int) -> Candidate | None:
    """An import that has not ended, its row held until the transaction ends; None where there is none."""
    row = connection.execute(
        select(
            import_.c.id,
            import_.c.domain_id,
            import_.c.service,
            import_.c.state,
            import_.c.job,
            import_.c.deadline,
            import_.c.token_at,
            import_.c.backoffs,
            import_.c.provider_key,
            import_.c.account_key,
        )
        .where(import_.c.id == import_id, import_.c.state.in_(("waiting", "running")))
        .with_for_update()
    ).first()
    return None if row is None else Candidate(*row)


def others_running(connection: Connection, one: Candidate) -> list[int]:
    """The other imports of the same account that are running."""
    return list(
        connection.execute(
            select(import_.c.id).where(
                import_.c.account_key == one.account_key,
                import_.c.state == "running",
                import_.c.id != one.id,
            )
        ).scalars()
    )


def defer(connection: Connection, one: Candidate, until: int, *, token_at: int | None, backoffs: int) -> int:
    """Let an import wait again, until a time in ms; the number of the job that is to carry it then.

    Who carries it now can write nothing more. Its password stays sealed with it.
    """
    connection.execute(
        update(import_)
        .where(import_.c.id == one.id)
        .values(state="waiting", job=one.job + 1, not_before=until, token_at=token_at, backoffs=backoffs)
    )
    return one.job + 1


def claim(connection: Connection, ring: vault.Ring, import_id: int) -> tuple[Import, Grant] | None:
    """Begin an attempt: raise the epoch and take back what the last attempt counted by itself.

    None when there is nothing left to do. Raises vault.SealBroken when the ring no longer opens it.
    """
    row = connection.execute(select(import_).where(import_.c.id == import_id).with_for_update()).first()
    if row is None or row.state not in ("waiting", "running"):
        return None
    connection.execute(
        update(import_)
        .where(import_.c.id == import_id)
        .values(
            state="running",
            epoch=row.epoch + 1,
            found=row.found - row.repeats,
            merged=row.merged - row.repeats,
            repeats=0,
            not_before=None,
            token_at=None,
        )
    )
    fresh = connection.execute(select(import_).where(import_.c.id == import_id)).one()
    opened = _open(fresh, _data_key(fresh, ring))
    assert opened.key is not None
    return opened, sealed_grants.read(connection, ring, import_id)


def check_epoch(connection: Connection, import_id: int, epoch: int) -> None:
    """Raises Fenced unless this attempt is still the import's own; holds its row until the transaction ends."""
    row = connection.execute(
        select(import_.c.id)
        .where(import_.c.id == import_id, import_.c.epoch == epoch, import_.c.state == "running")
        .with_for_update()
    ).first()
    if row is None:
        raise Fenced


def count_since(connection: Connection, domain_id: int, since: int) -> int:
    """How many imports a domain has begun since `since` (ms)."""
    return connection.execute(
        select(func.count()).where(import_.c.domain_id == domain_id, import_.c.created_at >= since)
    ).scalar_one()


def count_in_flight(connection: Connection, domain_id: int) -> int:
    """How many imports of a domain have begun and not ended."""
    return connection.execute(
        select(func.count()).where(
            import_.c.domain_id == domain_id, import_.c.state.in_(("waiting", "running"))
        )
    ).scalar_one()


def rank(connection: Connection, domain_id: int, provider_key: bytes, states: Collection[State]) -> int:
    """How late an import comes among all that wait: the more its domain has in these states, above all from the same
    host, the later.
    """
    everywhere, here = connection.execute(
        select(func.count(), func.count().filter(import_.c.provider_key == provider_key)).where(
            import_.c.domain_id == domain_id, import_.c.state.in_(states)
        )
    ).one()
    return here + everywhere // 8


def running_at(connection: Connection, provider_key: bytes) -> int:
    """How many imports of a host are running, over all domains that are judged together."""
    return connection.execute(
        select(func.count()).where(import_.c.state == "running", import_.c.provider_key == provider_key)
    ).scalar_one()


class Queued(msgspec.Struct, frozen=True):
    """An import that a job is to carry, before its admission."""

    domain_id: int
    provider_key: bytes
    deadline: int


def queued(connection: Connection, import_id: int, job: int) -> Queued | None:
    """The import that this job is to carry; None where it has nothing to do any more."""
    row = connection.execute(
        select(import_.c.domain_id, import_.c.provider_key, import_.c.deadline).where(
            import_.c.id == import_id,
            import_.c.job == job,
            import_.c.state.in_(("waiting", "running")),
        )
    ).first()
    return None if row is None else Queued(*row)


class Unfinished(msgspec.Struct, frozen=True):
    """An import that has not ended, and how long its domain keeps what it brings (None: the default)."""

    id: int
    job: int
    provider_key: bytes
    created_at: int
    deadline: int
    retention: int | None
    not_before: int | None


def unfinished(connection: Connection) -> list[Unfinished]:
    """Every import that has not ended."""
    rows = connection.execute(
        select(
            import_.c.id,
            import_.c.job,
            import_.c.provider_key,
            import_.c.created_at,
            import_.c.deadline,
            domain.c.retention,
            import_.c.not_before,
        )
        .join(domain, domain.c.id == import_.c.domain_id)
        .where(import_.c.state.in_(("waiting", "running")))
    )
    return [Unfinished(*row) for row in rows]


def ended(connection: Connection, import_ids: Collection[int]) -> list[int]:
    """Those of these imports that are over: complete, failed, erased or gone."""
    live = connection.execute(
        select(import_.c.id).where(import_.c.id.in_(import_ids), import_.c.state.in_(("waiting", "running")))
    ).scalars()
    return sorted(set(import_ids) - set(live))


def _data_key(row: Row[Any], ring: vault.Ring) -> bytes | None:
    """None after the purge. Raises vault.SealBroken, RingError."""
    if row.sealed_key is None:
        return None
    return ring.open_data_key(row.sealed_key, context(row.id, "import", "key"))


def _open(row: Row[Any], key: bytes | None) -> Import:
    """The row with its words in clear. Raises vault.SealBroken."""

    def word(field: str, box: bytes | None) -> str | None:
        if key is None or box is None:
            return None
        return vault.unseal(key, box, context(row.id, "import", field)).decode()

    return Import(
        id=row.id,
        domain_id=row.domain_id,
        service=row.service,
        state=row.state,
        epoch=row.epoch,
        include=frozenset(filter(None, row.include.split(","))),
        found=row.found,
        delivered=row.delivered,
        merged=row.merged,
        rejected=row.rejected,
        notes=row.notes,
        incomplete=row.incomplete,
        code=row.code,
        created_at=row.created_at,
        deadline=row.deadline,
        ended_at=row.ended_at,
        purge_at=row.purge_at,
        job=row.job,
        not_before=row.not_before,
        provider_key=row.provider_key,
        account_key=row.account_key,
        key_number=row.key_number,
        erased_at=row.erased_at,
        erased_by=row.erased_by,
        user_id=word("user_id", row.sealed_user_id),
        username=word("username", row.sealed_username),
        key=key,
        lost=key is None and row.sealed_key is not None,
    )


def get(connection: Connection, ring: vault.Ring, import_id: int, domain_id: int) -> Import | None:
    """One domain's import; None when there is none of this id, or it is another's. Raises RingError."""
    row = connection.execute(
        select(import_).where(import_.c.id == import_id, import_.c.domain_id == domain_id)
    ).first()
    if row is None:
        return None
    try:
        return _open(row, _data_key(row, ring))
    except vault.SealBroken:
        return _open(row, None)
