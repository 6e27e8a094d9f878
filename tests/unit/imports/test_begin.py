"""Beginning an import: what is refused at once, and what is queued."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from sqlalchemy import Connection, select

from contactport.errors import Code, Refusal
from contactport.grant import Password
from contactport.imports.begin import Request
from contactport.imports.begin import begin as begin_import
from contactport.imports.create import read_include
from contactport.imports.jobs import Job
from contactport.imports.start import Start
from contactport.settings import Settings
from contactport.sources import rows
from contactport.sources.providers import Providers
from contactport.store import domains, endings, events, idempotency, imports, login_failures
from contactport.store.domains import Domain
from contactport.store.open import Store
from contactport.store.schema import import_
from contactport.testing.clock import SettableClock
from tests.servers.source_run import PROVIDERS


class Queue:
    """Stands for the job engine: what it was handed, and in which transaction."""

    def __init__(self) -> None:
        self.ids: list[int] = []

    def __call__(self, connection: Connection, job: Job) -> None:
        assert connection.in_transaction()
        self.ids.append(job.import_id)


async def begin(
    store: Store,
    settings: Settings,
    providers: Providers,
    enqueue: Callable[[Connection, Job], None],
    asked: Request,
) -> int:
    start = Start(store, settings, providers, enqueue)
    return await begin_import(store, settings, providers, start, asked)


@pytest.fixture
def queue() -> Queue:
    return Queue()


def request(domain: Domain, **changes: object) -> Request:
    values: dict[str, object] = {
        "domain": domain,
        "service": "carddav",
    }
    grant = Password("ann@example.org", "secret", "https://dav.example.org/")
    of_grant = {name: changes.pop(name) for name in grant.__struct_fields__ if name in changes}
    values["grant"] = msgspec.structs.replace(grant, **of_grant)
    return Request(**(values | changes))  # type: ignore[arg-type] -- the tests vary one argument at a time


async def refusal(
    store: Store,
    queue: Queue,
    asked: Request,
    settings: Settings | None = None,
    providers: Providers = PROVIDERS,
) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await begin(store, settings or Settings(), providers, queue, asked)
    assert queue.ids == []
    return caught.value


async def test_an_import_is_stored_and_queued(store: Store, domain: Domain, queue: Queue) -> None:
    import_id = await begin(store, Settings(), PROVIDERS, queue, request(domain, user_id="u-1"))
    assert queue.ids == [import_id]
    one = await store.database.read(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    assert (one.state, one.service, one.user_id) == ("waiting", "carddav", "u-1")


async def test_what_the_queue_refuses_leaves_no_import(store: Store, domain: Domain) -> None:
    def broken(_connection: Connection, _job: Job) -> None:
        raise RuntimeError("no queue")

    with pytest.raises(RuntimeError):
        await begin(store, Settings(), PROVIDERS, broken, request(domain))
    with store.database.engine.connect() as connection:
        assert connection.execute(select(import_.c.id)).all() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service": ""}, Code.SERVICE_REQUIRED),
        ({"service": "no-such-service"}, Code.SERVICE_UNKNOWN),
        ({"username": ""}, Code.CREDENTIALS_REQUIRED),
        ({"password": ""}, Code.CREDENTIALS_REQUIRED),
        ({"server": "", "username": "ann"}, Code.INVALID_PARAMETERS),
        ({"server": "https://user:pass@dav.example.org/"}, Code.INVALID_PARAMETERS),
        ({"server": "https://dav.example.org/?a=b"}, Code.INVALID_PARAMETERS),
        ({"server": "https://dav.example.org/#a"}, Code.INVALID_PARAMETERS),
        ({"server": "file:///etc/passwd"}, Code.INVALID_PARAMETERS),
        ({"service": "facebook"}, Code.SERVICE_UNKNOWN),
        ({"service": "linkedin"}, Code.INVALID_PARAMETERS),
    ],
)
async def test_what_can_not_work_is_refused_at_once(
    store: Store, domain: Domain, queue: Queue, changes: dict[str, object], code: Code
) -> None:
    assert (await refusal(store, queue, request(domain, **changes))).code == code


async def test_a_retired_service_says_what_to_do_instead(store: Store, domain: Domain, queue: Queue) -> None:
    error = await refusal(store, queue, request(domain, service="plaxo"))
    assert "Plaxo" in error.text


@pytest.mark.parametrize("service", ["CardDAV", " carddav ", "CARDDAV"])
async def test_a_service_is_known_in_any_case(
    store: Store, domain: Domain, queue: Queue, service: str
) -> None:
    await begin(store, Settings(), PROVIDERS, queue, request(domain, service=service))
    assert len(queue.ids) == 1


async def test_a_domain_limited_to_some_sources_gets_no_other(
    store: Store, domain: Domain, queue: Queue
) -> None:
    limited = msgspec.structs.replace(domain, sources=("icloud",))
    assert (await refusal(store, queue, request(limited))).code == Code.SERVICE_NOT_PERMITTED
    await begin(store, Settings(), PROVIDERS, queue, request(limited, service="icloud", server=""))
    assert len(queue.ids) == 1


async def test_unknown_words_of_include_are_ignored(store: Store, domain: Domain, queue: Queue) -> None:
    asked = request(domain, include=read_include("mailing_address, everything,PHOTO"))
    import_id = await begin(store, Settings(), PROVIDERS, queue, asked)
    one = await store.database.read(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    assert one.include == {"mailing_address", "photo"}


class TestLimits:
    async def test_too_many_in_a_minute(self, store: Store, domain: Domain, queue: Queue) -> None:
        settings = Settings(begins_per_minute=2)
        for _ in range(2):
            await begin(store, settings, PROVIDERS, queue, request(domain))
        queue.ids.clear()
        error = await refusal(store, queue, request(domain), settings)
        assert (error.http, error.code) == (429, Code.INVALID_PARAMETERS)
        assert error.retry_after

    async def test_too_many_in_flight(self, store: Store, domain: Domain, queue: Queue) -> None:
        settings = Settings(imports_in_flight=1)
        import_id = await begin(store, settings, PROVIDERS, queue, request(domain))
        queue.ids.clear()
        assert (await refusal(store, queue, request(domain), settings)).http == 429
        store.database.write_now(endings.fail, import_id, 257, "no")
        await begin(store, settings, PROVIDERS, queue, request(domain))

    async def test_another_domain_has_limits_of_its_own(
        self, store: Store, domain: Domain, queue: Queue
    ) -> None:
        store.database.write_now(domains.add, "other")
        other = next(one for one in store.database.write_now(domains.all_domains) if one.name == "other")
        settings = Settings(begins_per_minute=1)
        await begin(store, settings, PROVIDERS, queue, request(domain))
        await begin(store, settings, PROVIDERS, queue, request(other))


class TestFailedRecently:
    async def test_the_same_wrong_password_ends_at_once_without_a_job(
        self, store: Store, domain: Domain, queue: Queue
    ) -> None:
        who = (store.ring, domain.id, "dav.example.org", "ann@example.org")
        store.database.write_now(login_failures.record, *who, "secret")
        import_id = await begin(store, Settings(), PROVIDERS, queue, request(domain))
        assert queue.ids == []
        last = (await store.database.read(events.read, import_id))[-1]
        assert (last.type, last.status, last.value) == ("COMPLETE", "ERROR", Code.FAILED_RECENTLY)

    async def test_another_password_is_tried(self, store: Store, domain: Domain, queue: Queue) -> None:
        who = (store.ring, domain.id, "dav.example.org", "ann@example.org")
        store.database.write_now(login_failures.record, *who, "another")
        await begin(store, Settings(), PROVIDERS, queue, request(domain))
        assert len(queue.ids) == 1


def _keys(connection: Connection, import_id: int) -> tuple[bytes | None, bytes | None]:
    query = select(import_.c.provider_key, import_.c.account_key).where(import_.c.id == import_id)
    row = connection.execute(query).one()
    return row.provider_key, row.account_key


class TestMarks:
    """Under which keys an import is counted, and so with whose imports."""

    async def keys(
        self, store: Store, queue: Queue, service: str, server: str = ""
    ) -> list[tuple[bytes | None, bytes | None]]:
        """The provider's and the account's key of the same import in two domains."""
        found: list[tuple[bytes | None, bytes | None]] = []
        for name in ("one", "two"):
            store.database.write_now(domains.add, name)
            mine = next(each for each in store.database.write_now(domains.all_domains) if each.name == name)
            import_id = await begin(
                store, Settings(), PROVIDERS, queue, request(mine, service=service, server=server)
            )
            found.append(store.database.read_now(_keys, import_id))
        return found

    async def test_a_server_that_a_caller_named_is_judged_for_its_domain_alone(
        self, store: Store, queue: Queue
    ) -> None:
        (host, account), (other_host, other_account) = await self.keys(
            store, queue, "carddav", "https://dav.example.org/"
        )
        assert host != other_host
        assert account != other_account

    async def test_a_row_with_hosts_of_its_own_is_judged_for_all_and_its_accounts_are_not(
        self, store: Store, queue: Queue
    ) -> None:
        (host, account), (other_host, other_account) = await self.keys(store, queue, "icloud")
        assert host == other_host
        assert account != other_account


class TestIdempotency:
    async def test_the_same_key_is_the_same_import(self, store: Store, domain: Domain, queue: Queue) -> None:
        asked = request(domain, idempotency_key="k")
        ids = await asyncio.gather(*(begin(store, Settings(), PROVIDERS, queue, asked) for _ in range(200)))
        assert len(set(ids)) == 1
        assert queue.ids == ids[:1]

    async def test_another_key_or_none_is_another_import(
        self, store: Store, domain: Domain, queue: Queue
    ) -> None:
        for key in ("a", "b", "", ""):
            await begin(store, Settings(), PROVIDERS, queue, request(domain, idempotency_key=key))
        assert len(set(queue.ids)) == 4

    @pytest.mark.parametrize(
        "changes",
        [
            {"password": "other"},
            {"username": "bob@example.org"},
            {"user_id": ""},
            {"include": frozenset({"photo"})},
        ],
    )
    async def test_the_same_key_with_other_arguments_is_refused(
        self, store: Store, domain: Domain, queue: Queue, changes: dict[str, object]
    ) -> None:
        await begin(store, Settings(), PROVIDERS, queue, request(domain, idempotency_key="k"))
        queue.ids.clear()
        error = await refusal(store, queue, request(domain, idempotency_key="k", **changes))
        assert error.code == Code.INVALID_PARAMETERS
        assert "Idempotency-Key" in error.text

    async def test_it_counts_within_a_domain_and_a_day(
        self, store: Store, domain: Domain, queue: Queue, clock: SettableClock
    ) -> None:
        store.database.write_now(domains.add, "other")
        other = next(one for one in store.database.write_now(domains.all_domains) if one.name == "other")
        await begin(store, Settings(), PROVIDERS, queue, request(domain, idempotency_key="k"))
        await begin(store, Settings(), PROVIDERS, queue, request(other, idempotency_key="k"))
        assert len(set(queue.ids)) == 2
        clock.now += idempotency.KEPT_MS
        await begin(store, Settings(), PROVIDERS, queue, request(domain, idempotency_key="k"))
        assert len(set(queue.ids)) == 3

    async def test_a_refused_beginning_does_not_use_up_its_key(
        self, store: Store, domain: Domain, queue: Queue
    ) -> None:
        asked = request(domain, idempotency_key="k")
        import_id = await begin(store, Settings(), PROVIDERS, queue, request(domain))
        queue.ids.clear()
        await refusal(store, queue, asked, Settings(imports_in_flight=1))
        store.database.write_now(endings.fail, import_id, 257, "no")
        assert await begin(store, Settings(imports_in_flight=1), PROVIDERS, queue, asked) in queue.ids

    async def test_neither_key_nor_arguments_are_kept(
        self, store: Store, domain: Domain, queue: Queue
    ) -> None:
        asked = request(domain, idempotency_key="key-canary", password="password-canary")
        await begin(store, Settings(), PROVIDERS, queue, asked)
        assert b"canary" not in b"".join(path.read_bytes() for path in store.folder.iterdir())


def test_a_request_does_not_show_its_secrets(domain: Domain) -> None:
    assert "secret" not in repr(request(domain))
    assert "ann" not in repr(request(domain))


@pytest.mark.parametrize("service", ["outlookcom", "csv"])
async def test_a_provider_that_takes_no_password_names_the_way_that_works(
    store: Store, domain: Domain, queue: Queue, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    monkeypatch.setattr(rows, "WAYS", frozenset({"password", "consent", "file"}))
    providers = rows.load_providers(spoken=["carddav", "microsoft", "upload"])
    refused = await refusal(store, queue, request(domain, service=service), providers=providers)
    assert (refused.http, refused.code) == (400, Code.INVALID_PARAMETERS)
    assert f"/begin_import/user_consent with service={service}," in refused.text
