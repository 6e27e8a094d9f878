"""Stored imports in every state that the wire can read."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from contactport.batch import CHUNK, Batch
from contactport.contact import Contact, Group, Reject
from contactport.errors import ROWS, Code
from contactport.grant import Password
from contactport.store import contacts, domains, endings, imports
from contactport.store.domains import KeyPair
from contactport.store.imports import RunningImport
from contactport.store.open import Store
from contactport.testing.imports import add_import


class StoredImports:
    """Makes the imports of one domain."""

    def __init__(self, store: Store, pair: KeyPair) -> None:
        self._store = store
        known = store.database.write_now(domains.all_domains)
        self._domain = next(one.id for one in known if one.key == pair.domain_key)

    def waiting(
        self,
        *,
        user_id: str | None = None,
        username: str = "ada",
        include: Iterable[str] = (),
        retention: int = 900,
    ) -> int:
        """An import that has begun; its id."""
        return self._store.database.write_now(
            add_import,
            self._store.ring,
            self._domain,
            include=include,
            user_id=user_id,
            grant=Password(username, "a password"),
            seconds=60.0,
            retention=retention,
        )

    def running(self, *, user_id: str | None = None) -> RunningImport:
        """An import that a worker has just taken up."""
        claimed = self._store.database.write_now(
            imports.claim, self._store.ring, self.waiting(user_id=user_id)
        )
        assert claimed is not None
        return claimed[0]

    async def deliver(self, one: RunningImport, number: int = 1, *, announced: bool = True) -> None:
        """The next page of a running import, with so many people."""

        def transaction(connection: Connection) -> None:
            contacts.append(connection, one, Batch([Contact() for _ in range(number)], found=number))
            if announced:
                self._store.signals.announce(connection, one.id)

        await self._store.database.write(transaction)

    def store(self, one: RunningImport, batch: Batch) -> None:
        """A batch of a running import."""
        self._store.database.write_now(contacts.append, one, batch)

    async def finish(self, one: RunningImport) -> None:
        """The good end of a running import."""

        def transaction(connection: Connection) -> None:
            endings.complete(connection, one)
            self._store.signals.announce(connection, one.id)

        await self._store.database.write(transaction)

    def complete(
        self,
        people: list[Contact],
        *,
        groups: list[Group] | None = None,
        rejects: list[Reject] | None = None,
        report: Batch | None = None,
        owner: Contact | None = None,
        user_id: str | None = None,
        username: str = "ada",
        include: Iterable[str] = (),
        retention: int = 900,
    ) -> int:
        """An import that has delivered these people; its id."""
        import_id = self.waiting(user_id=user_id, username=username, include=include, retention=retention)
        given = rejects or []

        def transaction(connection: Connection) -> None:
            claimed = imports.claim(connection, self._store.ring, import_id)
            assert claimed is not None
            one, _ = claimed
            for at in range(0, max(len(people), 1), CHUNK):
                some = people[at : at + CHUNK]
                contacts.append(connection, one, Batch(contacts=some, found=len(some)))
            extra = Batch(groups=groups or [], rejects=given, found=len(given), owner=owner)
            contacts.append(connection, one, extra)
            if report is not None:
                contacts.append(connection, one, report)
            endings.complete(connection, one)

        self._store.database.write_now(transaction)
        return import_id

    def failed(self, code: Code, text: str = "", *, retention: int = 900) -> int:
        """An import that has ended with an error; its id."""
        import_id = self.waiting(retention=retention)
        told = text or ROWS[code].text
        self._store.database.write_now(endings.fail, import_id, int(code), told)
        return import_id

    def purge(self) -> None:
        """Purge what is due, which is what was made with a retention of 0."""
        self._store.database.write_now(endings.purge_due)
