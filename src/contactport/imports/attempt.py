"""One attempt at a stored import: from its row to its end, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial

import structlog
from msgspec import structs
from sqlalchemy import Connection

from contactport import backoff, telemetry
from contactport.errors import Code
from contactport.grant import Grant, OAuthToken, Password, Upload, Way
from contactport.imports import admission, sign_in
from contactport.imports.admission import Deferred, Enqueue, Refused
from contactport.imports.diagnosis import diagnosis
from contactport.imports.fingerprints import Fingerprints
from contactport.imports.revocation import Revocation, Revocations
from contactport.imports.run import run
from contactport.imports.sign_in import GivenBack
from contactport.imports.slots import Slot, Slots
from contactport.imports.stall import StallDetector
from contactport.imports.start import host_of, learning_scope
from contactport.imports.store_sink import StoreSink
from contactport.imports.to_error import ImportFailure, refused, to_error
from contactport.imports.token_refresh import TokenRefresh
from contactport.imports.uploaded_entries import uploaded_entries
from contactport.net.client import Client
from contactport.net.failures import TimedOut
from contactport.settings import Settings
from contactport.sources.base import Account, Source
from contactport.sources.failures import FAILURES, NoProgress
from contactport.sources.providers import Provider, Providers
from contactport.sources.upload import PROTOCOL as UPLOAD
from contactport.store import contacts, endings, imports, login_failures
from contactport.store.clock import now_ms
from contactport.store.database import unavailable
from contactport.store.imports import Fenced, RunningImport
from contactport.store.open import Store
from contactport.store.ring_file import RingError
from contactport.store.vault import SealBroken

log = structlog.get_logger()

OpenClient = Callable[[], AbstractAsyncContextManager[Client]]
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 5.0
"""Seconds until the database is tried again."""
GIVEN_UP_SECONDS = 1.0

FindSource = Callable[[str], Source]
"""From a protocol's name to what speaks it."""


class Attempts:
    """Runs attempts; made once a process."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        providers: Providers,
        find_source: FindSource,
        open_client: OpenClient,
        enqueue: Enqueue,
        revocations: Revocations | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._providers = providers
        self._find_source = find_source
        self._open_client = open_client
        self._enqueue = enqueue
        self._revocations = revocations or Revocations(store, settings, open_client, providers.find)
        self._slots = Slots(settings.import_concurrency)

    async def perform(self, import_id: int, job: int = 0) -> None:
        """Carry an import to its end, or to where it has to wait, from wherever an earlier attempt left it.

        Raises nothing but asyncio.CancelledError (the process is to stop: the next attempt goes on). While the
        database is away or full it waits, and begins a new attempt then: what a broken transaction may have stored
        is known only by reading it again. What goes wrong otherwise is the import's end.
        """
        pauses = backoff.pauses(FIRST_PAUSE, LONGEST_PAUSE)
        while True:
            try:
                await self._attempt(import_id, job)
                return
            except Exception as error:
                if not unavailable(error):
                    raise
                if isinstance(error, RingError):
                    log.error("import_waits_for_ring", import_id=import_id, hint=str(error))
                    if await self._ended_without_ring(import_id, job):
                        return
                else:
                    log.warning("import_waits_for_database", import_id=import_id, error=type(error).__name__)
            await asyncio.sleep(next(pauses))

    async def _attempt(self, import_id: int, job: int) -> None:
        queued = await self._store.database.read(imports.queued, import_id, job)
        if queued is None:
            return
        if queued.deadline > now_ms():
            # Nothing could be stored: the provider is not asked in vain. Its end, once it is due, has room.
            self._store.database.reserve.check()
        patience = self._slots.patience(queued.domain_id, job)
        slot = await self._slots.take(
            queued.domain_id, queued.provider_key, self._settings.turn_seconds, patience
        )
        if slot is None:
            await self._step_back(import_id, job, 0.0)
            return
        try:
            await self._attempt_in(slot, import_id, job, queued.way)
        finally:
            self._slots.free(slot)

    async def _ended_without_ring(self, import_id: int, job: int) -> bool:
        """Whether its time is over and it was ended: that needs no key."""
        queued = await self._store.database.read(imports.queued, import_id, job)
        if queued is None or queued.deadline > now_ms():
            return False
        await self._store.database.write(self._give_up, import_id, queued.way)
        log.error("import_ended_without_ring", import_id=import_id)
        return True

    async def _step_back(self, import_id: int, job: int, seconds: float, epoch: int | None = None) -> None:
        """Let others have the turn; `epoch` is that of the attempt that ends so."""

        def transaction(connection: Connection) -> Deferred | Refused | None:
            if epoch is not None:
                imports.check_epoch(connection, import_id, epoch)
            return admission.step_back(
                connection, self._store, self._settings, self._enqueue, import_id, job, seconds
            )

        try:
            stepped = await self._store.database.write(transaction)
        except Fenced:
            log.info("import_fenced", import_id=import_id, epoch=epoch)
            return
        if isinstance(stepped, Deferred):
            _log_deferred(import_id, stepped)

    async def _attempt_in(self, slot: Slot, import_id: int, job: int, way: Way) -> None:
        try:
            admitted = await self._store.database.write(
                admission.admit,
                self._store,
                self._settings,
                self._providers,
                self._enqueue,
                import_id,
                job,
            )
        except SealBroken:
            log.error("import_unreadable", import_id=import_id, hint="the ring's key of its day is gone")
            await self._store.database.write(self._give_up, import_id, way)
            return
        if admitted is None:
            return
        if isinstance(admitted, Deferred):
            _log_deferred(import_id, admitted)
            return
        if isinstance(admitted, Refused):
            log.info("import_refused", import_id=import_id, code=int(admitted.code))
            return
        one, grant, provider = admitted.one, admitted.grant, admitted.provider
        started = now_ms()
        if one.epoch == 1:
            telemetry.import_begun(one.service, (started - one.started_at) / 1000)
        failure: ImportFailure | None = None
        cause: BaseException | None = None
        clients: list[Client] = []
        try:
            await self._read(provider, one, grant, slot, clients)
        except Fenced:
            log.info("import_fenced", import_id=one.id, epoch=one.epoch)
            return
        except FAILURES as error:
            failure, cause = to_error(error, one.way), error
        except TimeoutError as error:
            if slot.given_up:
                # What it has stored is kept: its next attempt asks for the rest.
                await self._step_back(import_id, job, GIVEN_UP_SECONDS, one.epoch)
                return
            cause = error
            # Where others had used up most of its time before, that says nothing of its provider.
            in_time = one.deadline - started > self._settings.import_seconds * 500
            failure = structs.replace(to_error(TimedOut(), one.way), provider_failed=in_time)
        except Exception as error:
            if unavailable(error):
                raise
            log.error("import_broke", import_id=one.id, error=type(error).__name__, exc_info=error)
            failure, cause = to_error(error, one.way), error
        revocation: Revocation | None = None
        if isinstance(grant, OAuthToken):
            revocation = await self._store.database.read(self._revocations.plan, one.id)
        try:
            ended = await self._store.database.write(self._end, provider, one, grant, failure)
        except Fenced:
            log.info("import_fenced", import_id=one.id, epoch=one.epoch)
            return
        if isinstance(ended, GivenBack):
            log.info("import_given_back", import_id=one.id, service=one.service)
            return
        if ended is not None:
            _log_deferred(one.id, ended)
            return
        self._revocations.begin(revocation)
        log.info(
            "import_ended",
            import_id=one.id,
            service=one.service,
            epoch=one.epoch,
            code=0 if failure is None or failure.partial else int(failure.code),
            milliseconds=now_ms() - started,
            **({} if cause is None else diagnosis(cause, clients[0] if clients else None, one.way)),
        )

    def _give_up(self, connection: Connection, import_id: int, way: Way) -> None:
        """The end of an import that can't be opened any more."""
        gone = refused(Code.UNEXPECTED, way, endings.KEY_GONE)
        endings.fail(connection, import_id, gone.code, gone.text)
        self._store.signals.announce(connection, import_id)

    def _keep_password(
        self, connection: Connection, provider: Provider, one: RunningImport, grant: Grant, *, wrong: bool
    ) -> None:
        """Remember that a password is wrong, or right now. Never a reason to try it once more."""
        if not isinstance(grant, Password):
            return
        who = (one.domain_id, host_of(provider, grant), grant.username)
        try:
            if wrong:
                login_failures.record(connection, self._store.ring, *who, grant.password)
            else:
                login_failures.clear(connection, self._store.ring, *who)
        except RingError as error:
            log.error("ring_unavailable", hint=str(error))

    async def _read(
        self, provider: Provider, one: RunningImport, grant: Grant, slot: Slot, clients: list[Client]
    ) -> None:
        """Raises what goes wrong. The client is put into `clients`, for what it knows of that."""
        # A file may come from a provider whose row has no way by file.
        source = self._find_source(provider.protocol(one.way) or (UPLOAD if one.way == "file" else ""))
        sink = StoreSink(self._store, one, await self._store.database.read(_fingerprints, one))
        async with (
            asyncio.timeout(max(0.0, (one.deadline - now_ms()) / 1000)) as limit,
            self._open_client() as client,
        ):
            clients.append(client)
            client.allow(provider.networks)
            account = Account(
                provider=provider,
                grant=grant,
                include=one.include,
                scope=" ".join(learning_scope(provider, one.domain_id)),
                refresh=TokenRefresh(self._store, self._settings, one, provider, grant, client)
                if isinstance(grant, OAuthToken)
                else None,
                file=partial(uploaded_entries, self._store.database, one, grant)
                if isinstance(grant, Upload)
                else None,
            )
            client.observe = telemetry.of_provider(provider.code)
            stall = StallDetector(self._settings, lambda: (client.byte_budget.spent, sink.found))
            watching = asyncio.create_task(stall.until_too_slow())
            # Either ends the attempt as its time does, wherever it is.
            watching.add_done_callback(lambda task: None if task.cancelled() else _end_now(limit))
            slot.give_up = lambda: _end_now(limit)
            try:
                await run(
                    source,
                    account,
                    client,
                    sink,
                    self._settings.import_members,
                    client.processor_budget,
                    one.way,
                )
            except asyncio.CancelledError:
                if watching.done() and not slot.given_up:
                    raise NoProgress from None
                raise
            finally:
                slot.give_up = None
                watching.cancel()

    def _end(
        self,
        connection: Connection,
        provider: Provider,
        one: RunningImport,
        grant: Grant,
        failure: ImportFailure | None,
    ) -> Deferred | GivenBack | None:
        """The import's end, and what it teaches of the provider and the password, in one transaction; or that it is
        deferred, as the provider wishes, or given back to its user. Raises Fenced.
        """
        imports.check_epoch(connection, one.id, one.epoch)
        # Where the provider's rest can't be taken, and some books are whole, that is all there is to have.
        complete = failure is None or failure.partial
        if failure is not None and failure.retry_after:
            backed_off = admission.back_off(connection, self._settings, self._enqueue, one.id, failure)
            if isinstance(backed_off, Deferred):
                return backed_off
            failure = backed_off
        self._store.signals.announce(connection, one.id)
        admission.record_outcome(connection, self._settings, provider, one, failure)
        if complete or failure is None:
            endings.complete(connection, one)
            self._keep_password(connection, provider, one, grant, wrong=False)
            return None
        if failure.code == Code.WRONG_PASSWORD:
            self._keep_password(connection, provider, one, grant, wrong=True)
            if sign_in.give_back(connection, self._store.ring, self._settings, one, grant):
                return GivenBack()
        endings.fail(connection, one.id, failure.code, failure.text)
        return None


def _end_now(limit: asyncio.Timeout) -> None:
    """Let the time of an attempt be over, unless it has ended by itself."""
    with suppress(RuntimeError):
        limit.reschedule(0.0)


def _log_deferred(import_id: int, deferred: Deferred) -> None:
    log.info("import_deferred", import_id=import_id, why=deferred.why, seconds=round(deferred.seconds, 1))


def _fingerprints(connection: Connection, one: RunningImport) -> Fingerprints:
    """What earlier attempts have accounted for; a big book's fingerprints as numbers would take tens of megabytes."""
    return Fingerprints(one.key, contacts.fingerprints(connection, one))
