"""Whether an import may begin now: its provider's and its account's token buckets, and the provider's breaker.

How many imports of one host run at once, and that no host's keep another's from running, is the job engine's (see
`imports/jobs.py` and docs/decisions/0009-what-the-queue-limits-and-what-we-do.md). Everything else is decided here,
in the transaction that claims the import. One that has to wait is deferred: it holds no worker, no connection and no
password in memory, and a job of its own brings it back.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Literal

import msgspec
import structlog
from sqlalchemy import Connection

from contactport import backoff
from contactport.errors import Code
from contactport.grant import Grant, Password
from contactport.imports.jobs import Job
from contactport.imports.start import host_of
from contactport.imports.to_error import ImportFailure, refused
from contactport.quantities import duration
from contactport.settings import Settings
from contactport.sources.providers import Provider, Providers
from contactport.store import breakers, endings, imports, login_failures, sealed_grants, token_buckets
from contactport.store.breakers import Patience
from contactport.store.clock import now_ms
from contactport.store.imports import Candidate, RunningImport
from contactport.store.open import Store
from contactport.store.token_buckets import LONGEST_WAIT_MS, Rate
from contactport.store.vault import Ring, SealBroken

log = structlog.get_logger()

Enqueue = Callable[[Connection, Job, float], None]
"""Hands a job to the job engine, as part of the caller's transaction, to begin in so many seconds."""

Why = Literal["backoff", "account", "provider", "rate", "turn"]
"""The provider asked for a rest; others of the account, or too many of the provider, are running; too many have begun
in a minute; other domains have their turn."""
STEP = 4
"""An import that was deferred once comes as late as one whose domain has four more running."""

MOST_BACKOFFS = 10
"""So often an import does as a provider asks, and no more: one that never has time is not available."""
LONGEST_ACCOUNT_WAIT = 10.0
"""Seconds until an import looks again whether another of its account has ended."""
LONGEST_HOST_BACKOFF = 600.0
"""Seconds. One answer of one of a provider's machines keeps all its users waiting no longer."""


class Admitted(msgspec.Struct, frozen=True):
    """It may begin, and has been claimed."""

    one: RunningImport
    grant: Grant
    provider: Provider


class Deferred(msgspec.Struct, frozen=True):
    """It waits again, for so many seconds; the attempt is over."""

    why: Why
    seconds: float


class Refused(msgspec.Struct, frozen=True):
    """It has ended, and its provider was not asked."""

    code: Code


class _Wait(msgspec.Struct, frozen=True):
    """`ms` is how long it takes as far as anybody knows; it is looked at again after `LONGEST_WAIT_MS` at the latest.

    `token_at` is when the token that was taken in advance is due.
    """

    why: Why
    ms: int
    token_at: int | None = None


def admit(
    connection: Connection,
    store: Store,
    settings: Settings,
    providers: Providers,
    enqueue: Enqueue,
    import_id: int,
    job: int,
) -> Admitted | Deferred | Refused | None:
    """Let the import begin or go on, defer it, or end it. None when this job has nothing to do with it any more.

    Raises vault.SealBroken when the ring no longer opens it.
    """
    one = imports.candidate(connection, import_id)
    if one is None or one.job != job:
        return None
    provider = providers.find(one.service)
    if provider is None:
        # Its row came from a package or a file that is not there any more.
        text = "This service does not read this provider any more. Its operator has taken it away."
        return _refuse(connection, store, one, refused(Code.UNEXPECTED, one.way, text))
    decided = _decide(connection, store.ring, settings, provider, one)
    if isinstance(decided, _Wait):
        decided = _defer(connection, enqueue, one, decided, backoffs=one.backoffs)
    if isinstance(decided, ImportFailure):
        return _refuse(connection, store, one, decided)
    if decided is not None:
        return decided
    claimed = imports.claim(connection, store.ring, one.id)
    assert claimed is not None, "its row is held"
    return Admitted(*claimed, provider)


def step_back(
    connection: Connection,
    store: Store,
    settings: Settings,
    enqueue: Enqueue,
    import_id: int,
    job: int,
    seconds: float,
) -> Deferred | Refused | None:
    """Let others have the turn: the import is deferred for so many seconds. None where the job has nothing to do."""
    one = imports.candidate(connection, import_id)
    if one is None or one.job != job:
        return None
    wait = _Wait("turn", int(seconds * 1000), one.token_at)
    deferred = _defer(connection, enqueue, one, wait, backoffs=one.backoffs)
    return _refuse(connection, store, one, deferred) if isinstance(deferred, ImportFailure) else deferred


def _refuse(connection: Connection, store: Store, one: Candidate, why: ImportFailure) -> Refused:
    endings.fail(connection, one.id, why.code, why.text)
    store.signals.announce(connection, one.id)
    return Refused(why.code)


def _decide(
    connection: Connection, ring: Ring, settings: Settings, provider: Provider, one: Candidate
) -> _Wait | ImportFailure | None:
    """None where it may be claimed. What goes on after its worker's death has its place and its token already."""
    goes_on = one.state == "running"
    standing = breakers.Standing() if goes_on else breakers.ask(connection, one.provider_key)
    if standing.wait:
        return refused(
            Code.UNAVAILABLE,
            one.way,
            "The address book's server has failed several times in a row, so it was not asked this time. Please "
            f"begin the import again in {duration(standing.wait)}.",
        )
    # Always in this order, so that no two admissions wait for each other.
    account_rate, host_rate = Rate(settings.account_per_minute), Rate(settings.provider_per_minute)
    account = token_buckets.lock(connection, one.account_key, account_rate)
    host = token_buckets.lock(connection, one.provider_key, host_rate)
    paused = max((bucket.paused_until or bucket.at) - bucket.at for bucket in (account, host))
    if paused:
        return _Wait("backoff", paused)
    if goes_on:
        return None
    behind = _check_password(connection, ring, settings, provider, one)
    if isinstance(behind, ImportFailure):
        return behind
    full = imports.running_at(connection, one.provider_key) >= settings.provider_imports
    if behind or full:
        # The oftener it had to wait, the longer: an account with one big book is not asked about every second.
        return _Wait(
            "account" if behind else "provider",
            int(backoff.pause(one.job + 1, 1.0, LONGEST_ACCOUNT_WAIT, 1.25) * 1000),
            one.token_at,
        )
    now = now_ms()
    left = max(0, (one.token_at or now) - now)
    if 0 < left <= LONGEST_WAIT_MS:
        return _Wait("rate", left, one.token_at)
    if one.token_at is None:
        wait = max(account.wait(account_rate), host.wait(host_rate))
        if wait > LONGEST_WAIT_MS:
            return _Wait("rate", wait)
        for key, bucket in ((one.account_key, account), (one.provider_key, host)):
            bucket.take()
            token_buckets.save(connection, key, bucket)
        if wait:
            return _Wait("rate", wait, now + wait)
    if standing.trial:
        breakers.begin_trial(connection, one.provider_key, one.id)
    return None


def _check_password(
    connection: Connection, ring: Ring, settings: Settings, provider: Provider, one: Candidate
) -> ImportFailure | bool:
    """An error where too many wrong passwords came before this one, true where others of the account run first.

    What the beginning asked is asked again, for many may have begun at once: a domain tries one password of an
    account at a time, so that each wrong one is known before the next is tried.
    """
    grant = sealed_grants.read(connection, ring, one.id)
    others = imports.others_running(connection, one)
    full = len(others) >= settings.account_imports
    if not isinstance(grant, Password):
        return full
    host = host_of(provider, grant)
    if login_failures.failed_recently(connection, ring, one.domain_id, host, grant.username, grant.password):
        return refused(Code.FAILED_RECENTLY, one.way)
    return full or any(not _has_password(connection, ring, other, grant.password) for other in others)


def _has_password(connection: Connection, ring: Ring, import_id: int, password: str) -> bool:
    try:
        other = sealed_grants.read(connection, ring, import_id)
        return isinstance(other, Password) and other.password == password
    except SealBroken:
        # It ends by itself, and soon.
        return False


def _defer(
    connection: Connection, enqueue: Enqueue, one: Candidate, wait: _Wait, *, backoffs: int
) -> Deferred | ImportFailure:
    """Let it wait. An error where its time would be over before."""
    now = now_ms()
    if now + wait.ms > one.deadline:
        if wait.why == "backoff":
            return refused(
                Code.UNAVAILABLE,
                one.way,
                f"The provider has asked to be left alone for {duration(wait.ms)}, which is longer than this import "
                "may take. Please begin it again after that.",
            )
        return refused(
            Code.TIMEOUT,
            one.way,
            "The import's turn would come after the time that it may take: too many imports of this account or this "
            "provider were begun at once. Please begin it again in a few minutes.",
        )
    ms = wait.ms
    if wait.token_at is None and wait.why in ("backoff", "rate"):
        # Whoever waits for the same moment has to take a token then; they need not all ask in the same instant.
        ms = min(ms, int(LONGEST_WAIT_MS * random.uniform(0.7, 1.0))) + random.randrange(1000)  # noqa: S311
    number = imports.defer(connection, one, now + ms, token_at=wait.token_at, backoffs=backoffs)
    rank = imports.rank(connection, one.domain_id, one.provider_key, ("running",)) + STEP * number
    enqueue(connection, Job(one.id, number, rank), ms / 1000)
    return Deferred(wait.why, ms / 1000)


def back_off(
    connection: Connection, settings: Settings, enqueue: Enqueue, import_id: int, failure: ImportFailure
) -> Deferred | ImportFailure:
    """Leave the host, or this account, alone for as long as `failure` asks: defer the import, or end it with this.

    The attempt's epoch has been checked. Deferred, it counts neither for its provider nor against it.
    """
    one = imports.candidate(connection, import_id)
    assert one is not None, "its row is held"
    assert failure.retry_after is not None
    if failure.provider_failed:
        key, rate, longest = one.provider_key, Rate(settings.provider_per_minute), LONGEST_HOST_BACKOFF
    else:
        key, rate, longest = one.account_key, Rate(settings.account_per_minute), math.inf
    bucket = token_buckets.lock(connection, key, rate)
    bucket.pause(min(failure.retry_after, longest))
    token_buckets.save(connection, key, bucket)
    if one.backoffs >= MOST_BACKOFFS:
        return failure
    wait = _Wait("backoff", failure.retry_after * 1000)
    deferred = _defer(connection, enqueue, one, wait, backoffs=one.backoffs + 1)
    if isinstance(deferred, ImportFailure):
        return msgspec.structs.replace(deferred, provider_failed=failure.provider_failed)
    return deferred


def record_outcome(
    connection: Connection,
    settings: Settings,
    provider: Provider,
    one: RunningImport,
    failure: ImportFailure | None,
) -> None:
    """What an import's end says of its provider; many say nothing, such as an address that leads nowhere."""
    if failure is None or failure.provider_answered:
        breakers.succeed(connection, one.provider_key)
    elif failure.provider_failed:
        service = None if provider.self_hosted else provider.code
        patience = Patience(settings.breaker_failures, settings.breaker_seconds)
        if breakers.fail(connection, one.provider_key, service, one.id, patience):
            log.warning("breaker_opened", service=one.service)
