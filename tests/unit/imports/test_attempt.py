"""An attempt carries an import to an end, and the end says what happened."""

import asyncio
import io
import logging
from collections.abc import AsyncGenerator, Container, Iterator
from contextlib import redirect_stderr

import pytest
import structlog
from sqlalchemy import Connection, update

from contactport import logs
from contactport.errors import Code
from contactport.grant import Password
from contactport.imports import attempt
from contactport.imports.attempt import Attempts
from contactport.imports.jobs import Job
from contactport.imports.to_error import to_error
from contactport.net.client import Client, open_client
from contactport.net.failures import TimedOut
from contactport.settings import Settings
from contactport.sources.base import Account, BookResult, Page
from contactport.sources.failures import (
    AccountBlocked,
    Failure,
    NoAddressBook,
    RetryLater,
    Unavailable,
    WrongPassword,
)
from contactport.store import breakers, domains, events, imports, login_failures
from contactport.store.domains import Domain
from contactport.store.events import Event
from contactport.store.open import Store
from contactport.store.ring_file import RingError
from contactport.store.schema import import_
from contactport.store.vault import DAY, Ring
from contactport.testing.imports import add_import
from contactport.testing.source import FakeSource, raw
from tests.import_fails import PROVIDER
from tests.servers.source_run import PROVIDERS

SETTINGS = Settings()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What `contactport serve` would write to standard error."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    written = io.StringIO()
    with redirect_stderr(written):
        logs.configure("json")
        yield written
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level


class HangingSource(FakeSource):
    """Never gives a page."""

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        await asyncio.Event().wait()
        yield Page()


def begin(store: Store, domain: Domain, seconds: float = 60, password: str = "password-canary") -> int:
    return store.database.write_now(
        add_import,
        store.ring,
        domain.id,
        grant=Password("ann@example.org", password, "https://dav.example.org/"),
        seconds=seconds,
        retention=domain.retention or SETTINGS.retention,
    )


def nothing_waits(_connection: Connection, job: Job, _delay: float) -> None:
    raise AssertionError(f"{job.name} was deferred")


async def perform(store: Store, import_id: int, source: FakeSource) -> list[Event]:
    attempts = Attempts(
        store, SETTINGS, PROVIDERS, lambda _: source, lambda: open_client(SETTINGS), nothing_waits
    )
    await attempts.perform(import_id)
    return await store.database.read(events.read, import_id)


async def test_the_source_gets_the_account_as_it_was_given(store: Store, domain: Domain) -> None:
    source = FakeSource([])
    await perform(store, begin(store, domain), source)
    (account,) = source.accounts
    assert account.provider.code == "carddav"
    assert account.grant == Password("ann@example.org", "password-canary", "https://dav.example.org/")


async def test_a_good_end(store: Store, domain: Domain) -> None:
    events = await perform(store, begin(store, domain), FakeSource([Page([raw("ann")])]))
    assert [(event.type, event.status, event.value) for event in events] == [
        ("INITIALIZING", "COMPLETED", 0),
        ("GATHERING", "COMPLETED", 1),
        ("COMPLETE", "COMPLETED", 0),
    ]


@pytest.mark.parametrize("failure", [Unavailable(), TimedOut(), NoAddressBook(), AccountBlocked()])
async def test_a_sources_failure_is_the_imports_end(store: Store, domain: Domain, failure: Failure) -> None:
    events = await perform(store, begin(store, domain), FakeSource([], failure))
    told = to_error(failure, "password")
    assert (events[-1].status, events[-1].value, events[-1].description) == ("ERROR", told.code, told.text)


async def test_a_rest_that_can_not_be_taken_ends_in_what_was_read(store: Store, domain: Domain) -> None:
    """Where at least one book is whole; the password was right, and nothing counts against it."""
    asked = Unavailable(3600)
    books = [BookResult("/one/", "complete"), BookResult("/two/", "failed", asked)]
    import_id = begin(store, domain)
    events = await perform(
        store, import_id, FakeSource([Page([raw("ann")]), Page(books=books)], RetryLater(asked))
    )
    assert [(event.type, event.status, event.value) for event in events[1:]] == [
        ("GATHERING", "COMPLETED", 1),
        ("COMPLETE", "COMPLETED", 0),
    ]
    events = await perform(store, begin(store, domain), FakeSource([Page([raw("ann")])], asked))
    assert (events[-1].status, events[-1].value) == ("ERROR", Code.UNAVAILABLE)


async def test_an_error_of_ours_is_256_and_its_words_are_not_logged(
    store: Store, domain: Domain, log: io.StringIO
) -> None:
    source = FakeSource([Page([raw("ann")])], RuntimeError("password-canary"))
    events = await perform(store, begin(store, domain), source)
    assert (events[-1].status, events[-1].value) == ("ERROR", Code.UNEXPECTED)
    assert "import_broke" in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert "canary" not in log.getvalue() + "".join(str(event.description) for event in events)


async def test_an_attempt_that_takes_too_long_ends_in_a_timeout(store: Store, domain: Domain) -> None:
    events = await perform(store, begin(store, domain, seconds=0.05), HangingSource([]))
    assert (events[-1].status, events[-1].value) == ("ERROR", Code.TIMEOUT)


@pytest.mark.parametrize(
    ("seconds", "counts"), [(0.001, True), (1800, False)], ids=["most of it", "the rest of it"]
)
async def test_time_that_ran_out_counts_against_the_provider_where_it_had_most_of_it(
    store: Store, domain: Domain, seconds: float, counts: bool
) -> None:
    settings = Settings(import_seconds=seconds, breaker_failures=1)
    attempts = Attempts(
        store, settings, PROVIDERS, lambda _: HangingSource([]), lambda: open_client(settings), nothing_waits
    )
    await attempts.perform(begin(store, domain, seconds=0.5))
    standing = await store.database.read(breakers.ask, b"p" * 16)
    assert (standing.wait > 0) == counts


async def test_a_cancelled_attempt_leaves_the_import_to_the_next(store: Store, domain: Domain) -> None:
    stored = asyncio.Event()

    class Held(FakeSource):
        async def pages(self, *_arguments: object):  # type: ignore[override, no-untyped-def]
            yield Page([raw(f"n{n}") for n in range(500)])
            stored.set()
            await asyncio.Event().wait()

    import_id = begin(store, domain)
    task = asyncio.create_task(perform(store, import_id, Held([])))
    await stored.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    book = [Page([raw(f"n{n}") for n in range(700)])]
    events = await perform(store, import_id, FakeSource(book))
    assert [(event.type, event.value) for event in events[1:]] == [("GATHERING", 700), ("COMPLETE", 0)]
    one = await store.database.read(imports.get, store.ring, import_id, domain.id)
    assert one is not None
    assert (one.found, one.delivered, one.epoch) == (700, 700, 2)


async def test_an_attempt_that_was_overtaken_writes_nothing(store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)

    class OvertakenSource(FakeSource):
        async def pages(self, *_arguments: object):  # type: ignore[override, no-untyped-def]
            store.database.write_now(imports.claim, store.ring, import_id)
            yield Page([raw(f"n{n}") for n in range(700)])

    events = await perform(store, import_id, OvertakenSource([]))
    assert [(event.type, event.status) for event in events] == [
        ("INITIALIZING", "COMPLETED"),
        ("GATHERING", "INPROGRESS"),
    ]


async def test_an_ended_import_is_not_performed_again(store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    await perform(store, import_id, FakeSource([]))
    again = FakeSource([Page([raw("late")])])
    await perform(store, import_id, again)
    assert again.accounts == []


async def test_the_domains_own_retention_wins(store: Store, domain: Domain) -> None:
    store.database.write_now(domains.add, "brief", retention=5)
    brief = next(one for one in store.database.write_now(domains.all_domains) if one.name == "brief")
    for one, seconds in ((domain, SETTINGS.retention), (brief, 5)):
        import_id = begin(store, one)
        await perform(store, import_id, FakeSource([]))
        ended = await store.database.read(imports.get, store.ring, import_id, one.id)
        assert ended is not None
        assert ended.purge_at is not None
        assert ended.ended_at is not None
        assert ended.purge_at - ended.ended_at == seconds * 1000


async def test_a_wrong_password_is_remembered_and_a_right_one_forgets(store: Store, domain: Domain) -> None:
    who = (store.ring, domain.id, "dav.example.org", "ann@example.org", "password-canary")
    await perform(store, begin(store, domain), FakeSource([], WrongPassword(PROVIDER)))
    assert store.database.write_now(login_failures.failed_recently, *who)
    await perform(store, begin(store, domain, password="another"), FakeSource([]))
    assert not store.database.write_now(login_failures.failed_recently, *who)


async def test_a_password_that_was_begun_before_it_failed_is_not_tried_again(
    store: Store, domain: Domain
) -> None:
    ids = [begin(store, domain) for _ in range(2)]
    source = FakeSource([], WrongPassword(PROVIDER))
    ends = [(await perform(store, import_id, source))[-1].value for import_id in ids]
    assert ends == [Code.WRONG_PASSWORD, Code.FAILED_RECENTLY]
    assert len(source.accounts) == 1


async def test_an_import_whose_key_was_destroyed_fails_in_words(
    store: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = begin(store, domain)
    made = store.ring.current().made
    monkeypatch.setattr("contactport.store.vault.time.time", lambda: made + 2 * DAY)
    store.ring.destroy_older_than(0)
    events = await perform(store, import_id, FakeSource([]))
    assert events[-1].value == Code.UNEXPECTED
    assert events[-1].description is not None
    assert "begin it again" in events[-1].description


@pytest.mark.parametrize("retention", [None, 60])
async def test_it_is_purged_when_its_domain_wishes(store: Store, retention: int | None) -> None:
    store.database.write_now(domains.add, "shop", retention=retention)
    one = store.database.write_now(domains.all_domains)[0]
    import_id = begin(store, one)
    store.ring.destroy_before(store.ring.add().id)
    await perform(store, import_id, FakeSource([]))
    ended = await store.database.read(imports.get, store.ring, import_id, one.id)
    assert ended is not None
    assert ended.purge_at is not None
    assert ended.ended_at is not None
    assert ended.purge_at - ended.ended_at == (retention or SETTINGS.retention) * 1000


async def test_a_ring_that_can_not_be_read_for_a_while_is_waited_for(
    store: Store, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = begin(store, domain)
    monkeypatch.setattr(attempt, "FIRST_PAUSE", 0.01)
    read, refused = Ring.open_data_key, [RingError("away"), RingError("away")]

    def sometimes(ring: Ring, box: bytes, context: str) -> bytes:
        if refused:
            raise refused.pop()
        return read(ring, box, context)

    monkeypatch.setattr(Ring, "open_data_key", sometimes)
    assert (await perform(store, import_id, FakeSource([])))[-1].status == "COMPLETED"


async def test_a_wrong_password_is_tried_once_though_it_can_not_be_remembered(
    store: Store, domain: Domain
) -> None:
    import_id = begin(store, domain)

    class Losing(FakeSource):
        async def pages(
            self, account: Account, client: Client, known: Container[str]
        ) -> AsyncGenerator[Page]:
            (store.folder / "ring.json").unlink()
            async for page in super().pages(account, client, known):
                yield page

    source = Losing([], WrongPassword(PROVIDER))
    events = await perform(store, import_id, source)
    assert events[-1].value == Code.WRONG_PASSWORD
    assert len(source.accounts) == 1


async def test_a_waiting_import_beyond_its_deadline_is_not_begun(store: Store, domain: Domain) -> None:
    import_id = begin(store, domain)
    store.database.write_now(lambda connection: connection.execute(update(import_).values(deadline=1)))
    events = await perform(store, import_id, FakeSource([Page([raw("ann")])]))
    assert events[-1].value == Code.TIMEOUT
