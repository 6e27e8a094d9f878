"""Consents that users are to give, and have given: one row an import, gone with it.

What a browser brings is known by its mark alone: the short URL's code, the state and the cookie are truncated HMACs
under the ring's lasting key. What is needed again is sealed under the import's data key.
"""

from __future__ import annotations

import hmac
import secrets
import string
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from contactport.grant import Way
from contactport.store import vault
from contactport.store.clock import now_ms
from contactport.store.schema import consent as table
from contactport.store.schema import domain, import_
from contactport.store.vault import context

CODE_LENGTH = 7
_ALPHABET = string.ascii_uppercase + string.digits


class ConsentSecrets(msgspec.Struct, frozen=True):
    """What the flow needs again, as it is sealed. `verifier` and `state` are emptied once they are used."""

    code: str
    redirect_url: str = ""
    state: str = ""
    verifier: str = ""
    username: str = ""
    """What was typed last on the credentials page, with `server`; the password is not kept."""
    server: str = ""
    problem: str = ""
    """What was wrong with it, for the user."""
    tries: int = 0
    """How many passwords were wrong."""
    guide: str = ""
    """Of an upload: the service whose export the page explains, where it is not the import's own."""
    transfer: str = ""
    """The file that is arriving, by a word of its own: of two at once the later counts."""
    file: str = ""
    """What the upload page shows of a file that waits to be confirmed, as JSON."""

    def __repr__(self) -> str:
        return "ConsentSecrets()"


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent's row beside its import's. `client_key` is the OAuth client's number, 0 for that of the settings.

    `response` is the authorization response as pairs, once it is there and until it is used.
    """

    import_id: int
    domain_id: int
    domain_name: str
    service: str
    import_state: str
    deadline: int
    client_key: int
    opened_at: int | None
    returned_at: int | None
    claimed_at: int | None
    secrets: ConsentSecrets
    response: list[tuple[str, str]] | None
    state_mark: bytes | None
    cookie_mark: bytes | None

    def __repr__(self) -> str:
        return f"Consent({self.import_id})"


def insert_consent(
    connection: Connection,
    ring: vault.Ring,
    import_id: int,
    *,
    redirect_url: str,
    client_key: int,
    guide: str = "",
) -> str:
    """The consent of a pending import that this transaction has made; the code of its short URL."""
    code = _new_code()
    while connection.execute(select(table.c.import_id).where(table.c.code_mark == _code(ring, code))).first():
        code = _new_code()
    key = _data_key(connection, ring, import_id)
    connection.execute(
        insert(table).values(
            import_id=import_id,
            code_mark=_code(ring, code),
            client_key=client_key,
            sealed_secrets=_seal(key, import_id, "secrets", ConsentSecrets(code, redirect_url, guide=guide)),
        )
    )
    return code


def by_code(connection: Connection, ring: vault.Ring, code: str) -> Consent | None:
    """The consent of a short URL, its row held until the transaction ends; None where there is none.

    Raises vault.SealBroken, RingError.
    """
    if len(code) != CODE_LENGTH:
        return None
    return _read(connection, ring, table.c.code_mark == _code(ring, code))


def by_import(connection: Connection, ring: vault.Ring, import_id: int) -> Consent | None:
    """An import's consent, its row held until the transaction ends; as `by_code`."""
    return _read(connection, ring, table.c.import_id == import_id)


def is_state(ring: vault.Ring, one: Consent, state: str) -> bool:
    """Whether this is the state that was sent with the browser, used or not."""
    return one.state_mark is not None and hmac.compare_digest(one.state_mark, _mark(ring, "state", state))


def is_cookie(ring: vault.Ring, one: Consent, cookie: str) -> bool:
    """Whether this is the cookie of the browser that opened the short URL first."""
    return one.cookie_mark is not None and hmac.compare_digest(one.cookie_mark, _mark(ring, "cookie", cookie))


def open_(
    connection: Connection, ring: vault.Ring, one: Consent, *, state: str, verifier: str, cookie: str
) -> None:
    """The short URL is opened: from now on it belongs to the browser with this cookie."""
    kept = msgspec.structs.replace(one.secrets, state=state, verifier=verifier)
    connection.execute(
        update(table)
        .where(table.c.import_id == one.import_id)
        .values(
            opened_at=now_ms(),
            state_mark=_mark(ring, "state", state),
            cookie_mark=_mark(ring, "cookie", cookie),
            sealed_secrets=_seal(_data_key(connection, ring, one.import_id), one.import_id, "secrets", kept),
        )
    )


def keep_response(
    connection: Connection, ring: vault.Ring, one: Consent, response: list[tuple[str, str]]
) -> None:
    """The browser has come back with this: its state is used."""
    key = _data_key(connection, ring, one.import_id)
    connection.execute(
        update(table)
        .where(table.c.import_id == one.import_id)
        .values(returned_at=now_ms(), sealed_response=_seal(key, one.import_id, "response", response))
    )


def keep_secrets(connection: Connection, ring: vault.Ring, one: Consent, kept: ConsentSecrets) -> None:
    """Note what was typed or uploaded on a page of the service's own, and what was wrong with it."""
    box = _seal(_data_key(connection, ring, one.import_id), one.import_id, "secrets", kept)
    connection.execute(update(table).where(table.c.import_id == one.import_id).values(sealed_secrets=box))


def way_of(connection: Connection, ring: vault.Ring, code: str) -> Way | None:
    """The way of the import that a short URL's code is for; None where there is none. It opens nothing."""
    if len(code) != CODE_LENGTH:
        return None
    query = select(import_.c.way).join(table, table.c.import_id == import_.c.id)
    return connection.execute(query.where(table.c.code_mark == _code(ring, code))).scalar_one_or_none()


def claim_response(connection: Connection, ring: vault.Ring, one: Consent) -> None:
    """Whoever is first may use the response, once: it is destroyed, with the verifier and the state."""
    kept = msgspec.structs.replace(one.secrets, state="", verifier="")
    key = _data_key(connection, ring, one.import_id)
    connection.execute(
        update(table)
        .where(table.c.import_id == one.import_id)
        .values(
            claimed_at=now_ms(),
            sealed_response=None,
            sealed_secrets=_seal(key, one.import_id, "secrets", kept),
        )
    )


class Stage(msgspec.Struct, frozen=True):
    """How far a consent has come, without anything opened: times in ms, None where it has not."""

    opened_at: int | None
    returned_at: int | None
    claimed_at: int | None


def stage_of(connection: Connection, import_id: int) -> Stage | None:
    """How far the consent of an import has come; None for an import without one. It needs no key."""
    row = connection.execute(
        select(table.c.opened_at, table.c.returned_at, table.c.claimed_at).where(
            table.c.import_id == import_id
        )
    ).first()
    return None if row is None else Stage(*row)


def lost(connection: Connection, before: int, limit: int = 200) -> list[int]:
    """The pending imports whose response was taken up before this time (ms), and has led to nothing."""
    query = (
        select(table.c.import_id)
        .join(import_, import_.c.id == table.c.import_id)
        .where(import_.c.state == "pending", table.c.claimed_at <= before)
    )
    return list(connection.execute(query.limit(limit)).scalars())


def service_of(connection: Connection, import_id: int) -> str | None:
    """The service of an import by consent; None for any other."""
    return connection.execute(
        select(import_.c.service)
        .join(table, table.c.import_id == import_.c.id)
        .where(import_.c.id == import_id)
    ).scalar_one_or_none()


def others_under_way(connection: Connection, client_key: int, import_id: int) -> bool:
    """Whether another import by this OAuth client may have a token, or be about to have one."""
    here = (
        select(table.c.import_id)
        .join(import_, import_.c.id == table.c.import_id)
        .where(
            table.c.client_key == client_key,
            table.c.import_id != import_id,
            import_.c.state.in_(("pending", "waiting", "running")),
            table.c.returned_at.is_not(None),
        )
        .limit(1)
    )
    return connection.execute(here).first() is not None


def _read(connection: Connection, ring: vault.Ring, condition: Any) -> Consent | None:
    row = connection.execute(
        select(
            *table.c,
            import_.c.domain_id,
            domain.c.name.label("domain_name"),
            import_.c.service,
            import_.c.state.label("import_state"),
            import_.c.deadline,
            import_.c.sealed_key,
        )
        .join(import_, import_.c.id == table.c.import_id)
        .join(domain, domain.c.id == import_.c.domain_id)
        .where(condition)
        .with_for_update(of=(table, import_))
    ).first()
    if row is None or row.sealed_key is None:
        return None
    key = ring.open_data_key(row.sealed_key, context(row.import_id, "import", "key"))
    return _consent(row, key)


def _consent(row: Row[Any], key: bytes) -> Consent:
    plain = vault.unseal(key, row.sealed_secrets, context(row.import_id, "consent", "secrets"))
    response = None
    if row.sealed_response is not None:
        box = vault.unseal(key, row.sealed_response, context(row.import_id, "consent", "response"))
        response = msgspec.json.decode(box, type=list[tuple[str, str]])
    return Consent(
        import_id=row.import_id,
        domain_id=row.domain_id,
        domain_name=row.domain_name,
        service=row.service,
        import_state=row.import_state,
        deadline=row.deadline,
        client_key=row.client_key,
        opened_at=row.opened_at,
        returned_at=row.returned_at,
        claimed_at=row.claimed_at,
        secrets=msgspec.json.decode(plain, type=ConsentSecrets),
        response=response,
        state_mark=row.state_mark,
        cookie_mark=row.cookie_mark,
    )


def _data_key(connection: Connection, ring: vault.Ring, import_id: int) -> bytes:
    box = connection.execute(select(import_.c.sealed_key).where(import_.c.id == import_id)).scalar_one()
    return ring.open_data_key(box, context(import_id, "import", "key"))


def _seal(key: bytes, import_id: int, field: str, value: Any) -> bytes:
    return vault.seal(key, msgspec.json.encode(value), context(import_id, "consent", field))


def _new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(CODE_LENGTH))


def _code(ring: vault.Ring, code: str) -> bytes:
    return _mark(ring, "code", code)


def _mark(ring: vault.Ring, what: str, word: str) -> bytes:
    return ring.lasting_mark(f"consent {what}", word)
