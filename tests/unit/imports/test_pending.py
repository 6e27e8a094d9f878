"""Imports that wait for their users: what their events say, how they start, and how they end without."""

import asyncio

import pytest
from sqlalchemy import Connection, update

from contactport.errors import Code, Refusal
from contactport.grant import OAuthToken
from contactport.imports import pending
from contactport.imports.create import create
from contactport.imports.erase import erase
from contactport.imports.jobs import Job
from contactport.imports.revocation import Revocations
from contactport.imports.start import Start
from contactport.net.client import open_client
from contactport.settings import Settings
from contactport.store import consents, events, imports, sealed_grants
from contactport.store.domains import Domain
from contactport.store.imports import Fenced, Import
from contactport.store.open import Store
from contactport.store.schema import import_
from contactport.store.vault import Ring
from contactport.testing.imports import add_import, add_pending, claim_import
from tests.servers.source_run import PROVIDERS

TOKEN = OAuthToken(access_token="access-canary", refresh_token="refresh-canary", client_key=1)


def told(store: Store, import_id: int) -> list[tuple[str, str, int]]:
    found = store.database.read_now(events.read, import_id)
    return [(one.type, one.status, one.value) for one in found]


def get(store: Store, domain: Domain, import_id: int) -> Import:
    one = store.database.read_now(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    return one


def overdue(store: Store, import_id: int) -> None:
    late = update(import_).where(import_.c.id == import_id).values(deadline=1)
    store.database.write_now(lambda connection: connection.execute(late))


def new(store: Store, domain: Domain, settings: Settings) -> int:
    provider = PROVIDERS.find("icloud")
    assert provider is not None
    return store.database.write_now(create, store, settings, domain, provider, "consent", user_id="u")


def test_one_that_was_created_waits_for_its_user(store: Store, domain: Domain) -> None:
    import_id = new(store, domain, Settings(pending_seconds=60, retention=77))
    one = get(store, domain, import_id)
    assert (one.state, one.way, one.user_id, one.username) == ("pending", "consent", "u", None)
    assert one.deadline - one.created_at == 60_000
    assert told(store, import_id) == [("INITIALIZING", "INPROGRESS", 0)]
    assert store.database.read_now(imports.count_in_flight, domain.id) == 0
    assert store.database.read_now(imports.count_pending, domain.id) == 1


def test_a_domain_may_have_so_many_waiting(store: Store, domain: Domain) -> None:
    settings = Settings(pending_imports=2, imports_in_flight=1)
    for _ in range(2):
        new(store, domain, settings)
    with pytest.raises(Refusal) as caught:
        new(store, domain, settings)
    assert (caught.value.http, caught.value.code) == (429, Code.INVALID_PARAMETERS)


def test_the_grant_starts_it_once(store: Store, domain: Domain) -> None:
    jobs: list[Job] = []

    def enqueue(connection: Connection, job: Job) -> None:
        assert connection.in_transaction()
        jobs.append(job)

    start = Start(store, Settings(import_seconds=9), PROVIDERS, enqueue)
    import_id = new(store, domain, Settings())
    assert store.database.write_now(start, import_id, TOKEN)
    assert not store.database.write_now(start, import_id, TOKEN)
    assert [job.import_id for job in jobs] == [import_id]
    assert get(store, domain, import_id).state == "waiting"
    assert store.database.read_now(sealed_grants.read, store.ring, import_id) == TOKEN
    assert told(store, import_id) == [("INITIALIZING", "COMPLETED", 0), ("GATHERING", "INPROGRESS", 0)]


def open_page(connection: Connection, ring: Ring, import_id: int) -> None:
    code = consents.insert_consent(connection, ring, import_id, redirect_url="", client_key=0)
    page = consents.by_code(connection, ring, code)
    assert page is not None
    consents.open_(connection, ring, page, state="", verifier="", cookie="a cookie")


@pytest.mark.parametrize(("opened", "code"), [(True, Code.CONSENT_TIMEOUT), (False, Code.ABANDONED)])
def test_one_whose_user_stays_away_is_ended(store: Store, domain: Domain, opened: bool, code: Code) -> None:
    import_id = store.database.write_now(add_pending, store.ring, domain.id)
    in_time = store.database.write_now(add_pending, store.ring, domain.id)
    if opened:
        store.database.write_now(open_page, store.ring, import_id)
    overdue(store, import_id)
    assert store.database.write_now(pending.end_overdue, store) == 1
    assert told(store, import_id) == [("INITIALIZING", "ERROR", 0), ("COMPLETE", "ERROR", code)]
    one = get(store, domain, import_id)
    assert (one.state, one.code) == ("failed", code)
    assert one.ended_at is not None
    assert one.purge_at == one.ended_at + 900_000
    assert get(store, domain, in_time).state == "pending"


def test_one_can_be_ended_with_any_code_until_it_is_started(store: Store, domain: Domain) -> None:
    refused = store.database.write_now(add_pending, store.ring, domain.id)
    assert store.database.write_now(pending.end, store, refused, Code.CONSENT_REFUSED)
    assert not store.database.write_now(pending.end, store, refused, Code.ABANDONED)
    assert told(store, refused)[-1] == ("COMPLETE", "ERROR", Code.CONSENT_REFUSED)
    started = store.database.write_now(add_import, store.ring, domain.id)
    assert not store.database.write_now(pending.end, store, started, Code.CONSENT_REFUSED)
    assert get(store, domain, started).state == "waiting"


async def test_its_application_may_erase_it(store: Store, domain: Domain) -> None:
    import_id = store.database.write_now(add_pending, store.ring, domain.id, user_id="u")
    settings = Settings()
    revocations = Revocations(store, settings, lambda: open_client(settings), lambda _: None)
    await asyncio.wait_for(erase(store, lambda _: None, revocations, import_id), 60)
    assert told(store, import_id) == [("INITIALIZING", "ERROR", 0), ("COMPLETE", "ERROR", Code.ABANDONED)]
    assert get(store, domain, import_id).user_id is None


def test_a_rotated_token_is_sealed_before_it_is_used_by_its_own_attempt_alone(
    store: Store, domain: Domain
) -> None:
    import_id = store.database.write_now(add_import, store.ring, domain.id, way="consent", grant=TOKEN)
    former = store.database.write_now(claim_import, store.ring, import_id)
    one = store.database.write_now(claim_import, store.ring, import_id)
    rotated = OAuthToken(access_token="second", refresh_token="third", client_key=1)
    store.database.write_now(imports.replace_grant, one, rotated)
    with pytest.raises(Fenced):
        store.database.write_now(imports.replace_grant, former, TOKEN)
    assert store.database.read_now(sealed_grants.read, store.ring, import_id) == rotated
