"""Signing in on the service's own page: an import that waits until its user has typed a password that works.

A wrong password gives the import back to its user, who may correct it. The third wrong password ends the import. Each
password is tried by an ordinary attempt, so the limits of attempts hold here too.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from contactport.errors import ROWS, Code, Refusal
from contactport.grant import Grant, Password
from contactport.imports import own_page
from contactport.imports.begin import checked_password
from contactport.imports.consent import BegunConsent, ConsentRequest, begin_pending
from contactport.imports.start import Start, host_of
from contactport.settings import Settings
from contactport.sources.providers import Providers
from contactport.store import consents, login_failures, pending_imports
from contactport.store.consents import Consent
from contactport.store.imports import RunningImport
from contactport.store.open import Store
from contactport.store.vault import Ring

TRIES = 3
"""So many wrong passwords end an import: before a provider locks the account."""


class SignInForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the page asks, and for whom. `problem` says what was wrong with the last try, empty at first."""

    import_id: int
    domain: str
    service: str
    username: str
    server: str
    problem: str
    tries_left: int
    return_url: str

    def __repr__(self) -> str:
        return f"SignInForm({self.import_id})"


class SignIns:
    """Sign-ins on the service's own page, of all imports. Made once in each process that answers browsers."""

    def __init__(self, store: Store, settings: Settings, providers: Providers, start: Start) -> None:
        self._store = store
        self._settings = settings
        self._providers = providers
        self._start = start

    async def begin(self, request: ConsentRequest) -> BegunConsent:
        """A pending import with its page. Raises Refusal over the domain's limits."""
        return await self._store.database.write(
            begin_pending, self._store, self._settings, request, "password"
        )

    async def visit(self, code: str, cookie: str) -> SignInForm | None:
        """A browser opens the page, for the first time or again; None once there is nothing to type any more.

        Raises ConsentRefused.
        """
        return await self._store.database.write(self._visit, code, cookie)

    async def submit(self, code: str, cookie: str, grant: Password) -> None:
        """Try to sign in with what was typed. Raises ConsentRefused."""
        await self._store.database.write(self._submit, code, cookie, grant)

    async def cancel(self, code: str, cookie: str) -> None:
        """The user does not want to. Raises ConsentRefused."""

        await self._store.database.write(own_page.cancel, self._store, code, cookie)

    def _visit(self, connection: Connection, code: str, cookie: str) -> SignInForm | None:
        one = own_page.visited(connection, self._store, code, cookie)
        if one is None:
            return None
        kept = one.secrets
        return SignInForm(
            import_id=one.import_id,
            domain=one.domain_name,
            service=one.service,
            username=kept.username,
            server=kept.server,
            problem=kept.problem,
            tries_left=TRIES - kept.tries,
            return_url=kept.redirect_url,
        )

    def _submit(self, connection: Connection, code: str, cookie: str, typed: Password) -> None:
        one = own_page.owned(connection, self._store, code, cookie)
        provider = None if one is None else self._providers.find(one.service)
        if one is None or provider is None:
            return
        ring = self._store.ring
        try:
            grant = checked_password(provider, typed)
        except Refusal as refused:
            # Nobody was asked: it costs no try.
            _keep(connection, ring, one, typed, refused.text, one.secrets.tries)
            return
        host = host_of(provider, grant)
        if login_failures.failed_recently(
            connection, ring, one.domain_id, host, grant.username, grant.password
        ):
            if not _count_try(connection, ring, one, grant, ROWS[Code.FAILED_RECENTLY].text):
                own_page.fail(connection, self._store, one, Code.FAILED_RECENTLY)
            return
        self._start(connection, one.import_id, grant, signed_in=False)


class GivenBack(msgspec.Struct, frozen=True):
    """The import waits for its user again."""


def give_back(
    connection: Connection, ring: Ring, settings: Settings, one: RunningImport, grant: Grant
) -> bool:
    """Let the user correct a wrong password. False where the import came without a page, or this was the last try.

    Raises Fenced.
    """
    page = consents.by_import(connection, ring, one.id) if isinstance(grant, Password) else None
    if page is None or not isinstance(grant, Password):
        return False
    if not _count_try(connection, ring, page, grant, ROWS[Code.WRONG_PASSWORD].text):
        return False
    pending_imports.give_back(connection, one, settings.pending_seconds)
    return True


def _count_try(connection: Connection, ring: Ring, page: Consent, grant: Password, problem: str) -> bool:
    """Keep what was typed, without the password, for the next try. False where there is none left."""
    tries = page.secrets.tries + 1
    _keep(connection, ring, page, grant, problem, tries)
    return tries < TRIES


def _keep(
    connection: Connection, ring: Ring, page: Consent, grant: Password, problem: str, tries: int
) -> None:
    kept = msgspec.structs.replace(
        page.secrets, username=grant.username, server=grant.server, problem=problem, tries=tries
    )
    consents.keep_secrets(connection, ring, page, kept)
