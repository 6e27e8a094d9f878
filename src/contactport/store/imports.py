"""Imports as rows: claiming an attempt, counting them, and reading their state."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, func, select, update

from contactport.grant import Grant, Way
from contactport.store import sealed_grants, vault
from contactport.store.receipts import ErasedBy
from contactport.store.schema import import_
from contactport.store.vault import context

State = Literal["pending", "waiting", "running", "complete", "failed", "purged"]
QUEUED: tuple[State, ...] = ("waiting", "running")
"""The states of an import that a job carries."""
UNFINISHED: tuple[State, ...] = ("pending", *QUEUED)


class Fenced(Exception):
    """Another attempt has begun, or the import has ended: this attempt may write nothing more."""


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """An import's row with its sealed words opened: None after the purge, and where they can't be opened any more."""

    id: int
    domain_id: int
    service: str
    state: State
    way: Way
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
    key_number: int | None
    erased_at: int | None
    erased_by: ErasedBy | None
    lost: bool
    """Whether the ring's key is gone that sealed its data key."""

    def __repr__(self) -> str:
        return f"Import({self.id}, {self.state})"


class RunningImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import whose attempt has begun, with its key open. `key` is never logged, and never stored in clear."""

    id: int
    domain_id: int
    service: str
    way: Way
    epoch: int
    include: frozenset[str]
    started_at: int
    deadline: int
    key: bytes
    provider_key: bytes

    def __repr__(self) -> str:
        return f"RunningImport({self.id})"


AnyImport = Import | RunningImport


class Candidate(msgspec.Struct, frozen=True):
    """An import that has not ended, as its admission sees it: nothing of it is opened."""

    id: int
    domain_id: int
    service: str
    way: Way
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
            import_.c.way,
            import_.c.state,
            import_.c.job,
            import_.c.deadline,
            import_.c.token_at,
            import_.c.backoffs,
            import_.c.provider_key,
            import_.c.account_key,
        )
        .where(import_.c.id == import_id, import_.c.state.in_(QUEUED))
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


def claim(connection: Connection, ring: vault.Ring, import_id: int) -> tuple[RunningImport, Grant] | None:
    """Begin an attempt: raise the epoch and take back what the last attempt counted by itself.

    None when there is nothing left to do. Raises vault.SealBroken when the ring no longer opens it.
    """
    row = connection.execute(select(import_).where(import_.c.id == import_id).with_for_update()).first()
    if row is None or row.state not in QUEUED:
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
    return RunningImport(
        id=row.id,
        domain_id=row.domain_id,
        service=row.service,
        way=row.way,
        epoch=row.epoch + 1,
        include=_include(row.include),
        started_at=row.started_at,
        deadline=row.deadline,
        key=ring.open_data_key(row.sealed_key, context(row.id, "import", "key")),
        provider_key=row.provider_key,
    ), sealed_grants.read(connection, ring, import_id)


def check_epoch(connection: Connection, import_id: int, epoch: int) -> None:
    """Raises Fenced unless this attempt is still the import's own; holds its row until the transaction ends."""
    row = connection.execute(
        select(import_.c.id)
        .where(import_.c.id == import_id, import_.c.epoch == epoch, import_.c.state == "running")
        .with_for_update()
    ).first()
    if row is None:
        raise Fenced


def replace_grant(connection: Connection, one: RunningImport, grant: Grant) -> None:
    """Seal another grant in the place of an attempt's own: a token that was refreshed or rotated.

    Commit this before the new token is used. A token that is used and then lost can't be had again. Raises Fenced
    when the attempt is no longer the import's own: then the new token must not be used.
    """
    check_epoch(connection, one.id, one.epoch)
    sealed_grants.replace(connection, one.key, one.id, grant)


def count_since(connection: Connection, domain_id: int, since: int) -> int:
    """How many imports a domain has begun since `since` (ms)."""
    return connection.execute(
        select(func.count()).where(import_.c.domain_id == domain_id, import_.c.created_at >= since)
    ).scalar_one()


def count_in_flight(connection: Connection, domain_id: int) -> int:
    """How many imports of a domain are queued or running."""
    return _count(connection, domain_id, QUEUED)


def count_pending(connection: Connection, domain_id: int) -> int:
    """How many imports of a domain wait for their users."""
    return _count(connection, domain_id, ("pending",))


def _count(connection: Connection, domain_id: int, states: Collection[State]) -> int:
    return connection.execute(
        select(func.count()).where(import_.c.domain_id == domain_id, import_.c.state.in_(states))
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
    way: Way
    provider_key: bytes
    deadline: int


def queued(connection: Connection, import_id: int, job: int) -> Queued | None:
    """The import that this job is to carry; None where it has nothing to do any more."""
    row = connection.execute(
        select(import_.c.domain_id, import_.c.way, import_.c.provider_key, import_.c.deadline).where(
            import_.c.id == import_id,
            import_.c.job == job,
            import_.c.state.in_(QUEUED),
        )
    ).first()
    return None if row is None else Queued(*row)


class Unfinished(msgspec.Struct, frozen=True):
    """An import that is queued or running."""

    id: int
    way: Way
    job: int
    provider_key: bytes
    started_at: int
    deadline: int
    not_before: int | None


def unfinished(connection: Connection) -> list[Unfinished]:
    """Every import that is queued or running."""
    rows = connection.execute(
        select(
            import_.c.id,
            import_.c.way,
            import_.c.job,
            import_.c.provider_key,
            import_.c.started_at,
            import_.c.deadline,
            import_.c.not_before,
        ).where(import_.c.state.in_(QUEUED))
    )
    return [Unfinished(*row) for row in rows]


def ended(connection: Connection, import_ids: Collection[int]) -> list[int]:
    """Those of these imports that are over: complete, failed, erased or gone."""
    live = connection.execute(
        select(import_.c.id).where(import_.c.id.in_(import_ids), import_.c.state.in_(QUEUED))
    ).scalars()
    return sorted(set(import_ids) - set(live))


def _include(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


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
        way=row.way,
        epoch=row.epoch,
        include=_include(row.include),
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
