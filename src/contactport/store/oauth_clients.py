"""OAuth clients: what operators registered at providers, for one domain or for the whole installation.

A client's secret lives for years, so it is sealed under the ring's lasting key. A lost ring loses it: the row stays
without it, so that the operator is told which secrets to set again, and no other client serves in its place unseen.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, update

from contactport.store.clock import now_ms
from contactport.store.schema import domain
from contactport.store.schema import oauth_client as table
from contactport.store.schema import ring as ring_table
from contactport.store.vault import Ring, SealBroken

Method = Literal["client_secret_basic", "client_secret_post", "none"]
"""How the client proves itself: the names of RFC 7591."""
Owner = tuple[int | None, str, str]
"""The domain's id (None: the installation), the provider's word, the client's own name or nothing."""


class OAuthClientError(ValueError):
    """A client that can't be set or found; the text is for the operator."""


class StoredClient(msgspec.Struct, frozen=True, kw_only=True):
    """A row; `domain` is the domain's name, None for the installation's. `secret` is empty where it was not opened.

    `redirect_uri` is empty where providers send browsers to the service itself. `lost` says that it has no secret and
    needs one. `fault` is a word of `oauth/faults.py`.
    """

    id: int
    domain_id: int | None
    domain: str | None
    provider: str
    name: str
    client_id: str
    method: Method
    tenant: str
    redirect_uri: str
    switches: tuple[str, ...]
    fault: str | None
    fault_at: int | None
    created_at: int
    secret: str = ""
    lost: bool = False

    def __repr__(self) -> str:
        return f"StoredClient({self.id}, {self.provider!r})"


def put(
    connection: Connection,
    ring: Ring,
    owner: Owner,
    *,
    client_id: str | None = None,
    secret: str | None = None,
    method: Method | None = None,
    usual_method: Method = "client_secret_post",
    tenant: str | None = None,
    redirect_uri: str | None = None,
    switches: Mapping[str, bool] | None = None,
) -> StoredClient:
    """Make the owner's client, or change it: what is None stays as it is, and so do switches that are not named.

    `usual_method` is how a new client shows its secret where `method` does not say.

    Raises OAuthClientError for a new one without an id, and for one that would have no secret and needs one.
    """
    # One at a time, so that an owner has one client of a name.
    connection.execute(select(ring_table.c.id).with_for_update())
    row = connection.execute(_of(owner)).first()
    if row is None and client_id is None:
        raise OAuthClientError(
            f"there is no {_told(owner)} yet: add --client-id, and the secret on standard input"
        )
    chosen: Method = method or (row.method if row is not None else usual_method)
    row_id: int = row.id if row is not None else _free_id(connection)
    values: dict[str, Any] = {"method": chosen, "fault": None, "fault_at": None}
    if client_id is not None:
        values["client_id"] = client_id
    if chosen == "none":
        values["sealed_secret"] = None
    elif secret is not None:
        values["sealed_secret"] = ring.seal_lasting(secret.encode(), _context(row_id))
    elif row is None or row.sealed_secret is None:
        raise OAuthClientError(
            f"the {_told(owner)} has no secret: give it on standard input with --client-secret -"
        )
    if tenant is not None:
        values["tenant"] = tenant
    if redirect_uri is not None:
        values["redirect_uri"] = redirect_uri
    before = set(_words(row.switches)) if row is not None else set[str]()
    wanted = switches or {}
    values["switches"] = ",".join(
        sorted({*(one for one in before if wanted.get(one, True)), *(one for one in wanted if wanted[one])})
    )
    if row is not None:
        connection.execute(update(table).where(table.c.id == row_id).values(**values))
    else:
        domain_id, provider, name = owner
        fresh = {"id": row_id, "domain_id": domain_id, "provider": provider, "name": name, "tenant": ""}
        connection.execute(insert(table).values(**(fresh | {"created_at": now_ms()} | values)))
    return _stored(connection.execute(_of(owner)).one())


def remove(connection: Connection, owner: Owner) -> None:
    """Forget a client with its secret. Raises OAuthClientError where there is none."""
    row = connection.execute(_of(owner)).first()
    if row is None:
        raise OAuthClientError(f"there is no {_told(owner)}: `contactport oauth list` shows those there are")
    connection.execute(delete(table).where(table.c.id == row.id))


def all_clients(connection: Connection) -> list[StoredClient]:
    """Every client, its secret unopened: by provider, the installation's before the domains'."""
    rows = connection.execute(_select().order_by(table.c.provider, domain.c.name, table.c.name)).all()
    return sorted((_stored(row) for row in rows), key=lambda one: (one.provider, one.domain or "", one.name))


def serving(connection: Connection, ring: Ring, domain_id: int, provider: str) -> list[StoredClient]:
    """The clients at a provider that may serve a domain: its own and the installation's, their secrets opened."""
    rows = connection.execute(
        _select().where(
            table.c.provider == provider, or_(table.c.domain_id == domain_id, table.c.domain_id.is_(None))
        )
    )
    return [_opened(row, ring) for row in rows]


def find(connection: Connection, ring: Ring, owner: Owner) -> StoredClient | None:
    """One client with its secret opened; None where there is none."""
    row = connection.execute(_of(owner)).first()
    return None if row is None else _opened(row, ring)


def get(connection: Connection, ring: Ring, client_key: int) -> StoredClient | None:
    """The client of this number with its secret opened; None where it was removed."""
    row = connection.execute(_select().where(table.c.id == client_key)).first()
    return None if row is None else _opened(row, ring)


def served_providers(connection: Connection, domain_id: int) -> frozenset[str]:
    """The providers at which a domain has a client, of its own or the installation's, by the usual name."""
    rows = connection.execute(
        select(table.c.provider).where(
            table.c.name == "", or_(table.c.domain_id == domain_id, table.c.domain_id.is_(None))
        )
    )
    return frozenset(rows.scalars())


def record_fault(connection: Connection, client_key: int, fault: str | None) -> None:
    """Remember which set-up fault a sign-in met, or with None that one went well."""
    values = {"fault": fault, "fault_at": None if fault is None else now_ms()}
    changed = table.c.fault.is_distinct_from(fault) if fault is None else table.c.id == client_key
    connection.execute(update(table).where(table.c.id == client_key, changed).values(**values))


def count_secrets(connection: Connection) -> int:
    """How many clients' secrets are sealed under the ring's lasting key."""
    return connection.execute(
        select(func.count()).select_from(table).where(table.c.sealed_secret.is_not(None))
    ).scalar_one()


def lose_secrets(connection: Connection) -> None:
    """Forget every secret, for the ring that opened them is lost; what is registered is kept."""
    connection.execute(update(table).values(sealed_secret=None))


def _select() -> Select[Any]:
    return select(*table.c, domain.c.name.label("domain")).outerjoin(domain, domain.c.id == table.c.domain_id)


def _of(owner: Owner) -> Select[Any]:
    domain_id, provider, name = owner
    whose = table.c.domain_id.is_(None) if domain_id is None else table.c.domain_id == domain_id
    return _select().where(whose, table.c.provider == provider, table.c.name == name)


def _stored(row: Row[Any], secret: str = "") -> StoredClient:
    return StoredClient(
        id=row.id,
        domain_id=row.domain_id,
        domain=row.domain,
        provider=row.provider,
        name=row.name,
        client_id=row.client_id,
        method=row.method,
        tenant=row.tenant,
        redirect_uri=row.redirect_uri,
        switches=_words(row.switches),
        fault=row.fault,
        fault_at=row.fault_at,
        created_at=row.created_at,
        secret=secret,
        lost=row.method != "none" and row.sealed_secret is None,
    )


def _opened(row: Row[Any], ring: Ring) -> StoredClient:
    """A box that does not open is as good as lost: the client is set again, and nothing else is harmed."""
    if row.sealed_secret is None:
        return _stored(row)
    try:
        return _stored(row, ring.unseal_lasting(row.sealed_secret, _context(row.id)).decode())
    except SealBroken:
        return msgspec.structs.replace(_stored(row), lost=True)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)


def _context(row_id: int) -> str:
    return f"oauth_client/secret/{row_id}"


def _told(owner: Owner) -> str:
    domain_id, provider, name = owner
    whose = "of the installation" if domain_id is None else "of this domain"
    return f"client of {provider}{f' named {name!r}' if name else ''} {whose}"


def _free_id(connection: Connection) -> int:
    """Random, so that the number of a removed client, which a grant may name, is never another's."""
    while True:
        row_id = secrets.randbelow(2**31 - 1) + 1
        if not connection.execute(select(table.c.id).where(table.c.id == row_id)).first():
            return row_id
