"""Consents as rows: known by marks, sealed, used once, and gone with their import."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from contactport.store import consents, endings
from contactport.store.consents import Consent, Stage
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.schema import consent
from tests.unit.store.import_factory import begin

URL = "https://shop.example/back?user=canary"


def made(store: Store, domain: Domain) -> tuple[int, str]:
    """An import with a consent, and the code of its short URL."""
    import_id = begin(store, domain)
    code = store.database.write_now(
        consents.insert_consent, store.ring, import_id, redirect_url=URL, client_key=7
    )
    return import_id, code


def read(store: Store, code: str) -> Consent:
    one = store.database.write_now(consents.by_code, store.ring, code)
    assert one is not None
    return one


def opened(store: Store, code: str) -> Consent:
    store.database.write_now(
        consents.open_,
        store.ring,
        read(store, code),
        state="state-1",
        verifier="verifier-1",
        cookie="cookie-1",
    )
    return read(store, code)


def test_a_code_finds_its_consent(store: Store, domain: Domain) -> None:
    import_id, code = made(store, domain)
    assert re.fullmatch("[A-Z0-9]{7}", code)
    one = read(store, code)
    assert (one.import_id, one.client_key, one.domain_id, one.service) == (import_id, 7, domain.id, "carddav")
    assert one.secrets.redirect_url == URL
    assert (one.opened_at, one.returned_at, one.claimed_at, one.response) == (None, None, None, None)
    assert store.database.write_now(consents.by_import, store.ring, import_id) == one
    assert "canary" not in repr(one) + repr(one.secrets)


@pytest.mark.parametrize("code", ["", "ABC", "AAAAAAA", "A" * 8])
def test_another_code_finds_nothing(store: Store, domain: Domain, code: str) -> None:
    made(store, domain)
    assert store.database.write_now(consents.by_code, store.ring, code) is None


def test_state_and_cookie_are_known_by_their_marks(store: Store, domain: Domain) -> None:
    _, code = made(store, domain)
    before = read(store, code)
    assert not consents.is_state(store.ring, before, "")
    assert not consents.is_cookie(store.ring, before, "")
    one = opened(store, code)
    assert one.opened_at is not None
    assert consents.is_state(store.ring, one, "state-1")
    assert consents.is_cookie(store.ring, one, "cookie-1")
    assert not consents.is_state(store.ring, one, "cookie-1")
    assert not consents.is_cookie(store.ring, one, "state-1")
    assert (one.secrets.state, one.secrets.verifier) == ("state-1", "verifier-1")


def test_a_response_is_kept_until_it_is_claimed(store: Store, domain: Domain) -> None:
    import_id, code = made(store, domain)
    response = [("state", "state-1"), ("code", "code-canary")]
    store.database.write_now(consents.keep_response, store.ring, opened(store, code), response)
    one = read(store, code)
    assert one.response == response
    assert one.returned_at is not None
    store.database.write_now(consents.claim_response, store.ring, one)
    after = read(store, code)
    assert (after.response, after.secrets.verifier, after.secrets.state) == (None, "", "")
    assert after.secrets.redirect_url == URL
    assert consents.is_state(store.ring, after, "state-1")
    stage = store.database.read_now(consents.stage_of, import_id)
    assert stage == Stage(after.opened_at, after.returned_at, after.claimed_at)
    assert None not in (after.opened_at, after.returned_at, after.claimed_at)


def test_no_column_is_readable(store: Store, domain: Domain) -> None:
    _, code = made(store, domain)
    words = ("state-1", "verifier-1", "cookie-1", "code-canary", "canary", code)
    store.database.write_now(
        consents.keep_response, store.ring, opened(store, code), [("code", "code-canary")]
    )
    with store.database.engine.connect() as connection:
        (row,) = connection.execute(select(consent)).all()
    everything = b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert [word for word in words if word.encode() in everything] == []


def test_it_is_gone_with_its_import(store: Store, domain: Domain) -> None:
    import_id, code = made(store, domain)
    store.database.write_now(endings.erase, import_id, "")
    assert store.database.write_now(consents.by_code, store.ring, code) is None
    assert store.database.read_now(consents.stage_of, import_id) is None


def test_an_import_of_another_way_has_none(store: Store, domain: Domain) -> None:
    assert store.database.read_now(consents.stage_of, begin(store, domain)) is None
