"""From a pending import to a queued one: the grant is sealed, the deadline set, the job handed over."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from contactport.errors import ROWS, Code
from contactport.grant import Grant, Password, account_name
from contactport.imports.jobs import Job
from contactport.settings import Settings
from contactport.sources.providers import Provider, Providers
from contactport.sources.server_address import parse_server
from contactport.store import endings, imports, login_failures, pending_imports
from contactport.store.open import Store

Enqueue = Callable[[Connection, Job], None]
"""Hands an import's first job to the job engine, as part of the caller's transaction."""


class Start:
    """Starts pending imports; made once a process by `app.py`.

    `start(connection, import_id, grant)` is one part of the caller's transaction: either all of it is stored, or the
    import is pending as before.
    """

    def __init__(self, store: Store, settings: Settings, providers: Providers, enqueue: Enqueue) -> None:
        self._store = store
        self._settings = settings
        self._providers = providers
        self._enqueue = enqueue

    def __call__(
        self, connection: Connection, import_id: int, grant: Grant, *, signed_in: bool = True
    ) -> bool:
        """Queue a pending import with what its user has given. False where it is not pending (any more).

        `signed_in` is False for a password that its user may still correct: INITIALIZING goes on until it works.

        A password that failed a short while ago ends the import at once, and its provider is not asked. Raises
        vault.SealBroken and RingError where the import can't be opened.
        """
        one = pending_imports.find(connection, import_id)
        if one is None:
            return False
        provider = self._providers.find(one.service)
        assert provider is not None, "create() takes known services only"
        store, host = self._store, host_of(provider, grant)
        provider_key = store.ring.lasting_mark("provider", *learning_scope(provider, one.domain_id), host)
        # By domain, for any provider: nobody waits behind what another domain does with the same account. An account
        # that nobody can name is taken for one of its own.
        name = account_name(grant).strip().lower() or f"import {import_id}"
        account_key = store.ring.lasting_mark("account", str(one.domain_id), host, name)
        rank = imports.rank(connection, one.domain_id, provider_key, imports.QUEUED)
        pending_imports.start(
            connection,
            store.ring,
            import_id,
            pending_imports.Started(
                grant=grant,
                seconds=self._settings.import_seconds,
                provider_key=provider_key,
                account_key=account_key,
                signed_in=signed_in,
            ),
        )
        if isinstance(grant, Password) and login_failures.failed_recently(
            connection, store.ring, one.domain_id, host, grant.username, grant.password
        ):
            endings.fail(connection, import_id, Code.FAILED_RECENTLY, ROWS[Code.FAILED_RECENTLY].text)
        else:
            self._enqueue(connection, Job(import_id, one.job, rank))
        if one.opened or one.way != "password":
            # It has waited for its user, so somebody may follow its events.
            store.signals.announce(connection, import_id)
        return True


def host_of(provider: Provider, grant: Grant) -> str:
    """The word under which a host's imports and an account's wrong passwords are counted.

    However the same server is spelt, with whatever path, it is the same word.
    """
    if not provider.self_hosted or not isinstance(grant, Password):
        return provider.code
    if not grant.server:
        return grant.username.rpartition("@")[2].strip().lower()
    named = parse_server(grant.server)
    if named.port in (None, 80 if named.scheme == "http" else 443):
        return named.host
    return f"{named.host}:{named.port}"


def learning_scope(provider: Provider, domain_id: int) -> tuple[str, ...]:
    """Whose imports are judged by what an import from this provider finds: everybody's, or one domain's.

    Where the caller names the server, it names a path too, and may be its owner: any failure, pause or habit can be
    made there. Only a row with hosts of its own teaches all domains.
    """
    return (f"domain {domain_id}",) if provider.self_hosted else ()
