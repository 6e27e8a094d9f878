"""Facts about a host are known after a restart, and its name is not in the file."""

from contactport.imports.memory import StoredMemory
from contactport.sources.memory import Facts, ScopedMemory
from contactport.store import hosts
from contactport.store.open import Store
from contactport.testing.clock import SettableClock

HOST = "dav.canary.example:443"


async def test_nothing_is_known_of_a_new_host(store: Store) -> None:
    assert await StoredMemory(store).get(HOST) is None


async def test_what_was_put_is_known_to_the_next_process(store: Store) -> None:
    facts = Facts(start="/dav/", first="query", batch=200)
    await StoredMemory(store).put(HOST, Facts(first="sync"))
    await StoredMemory(store).put(HOST, facts)
    assert await StoredMemory(store).get(HOST) == facts
    assert await StoredMemory(store).get("dav.canary.example:8443") is None


async def test_what_was_forgotten_is_unknown(store: Store) -> None:
    memory = StoredMemory(store)
    await memory.put(HOST, Facts(batch=10))
    await memory.forget(HOST)
    assert await memory.get(HOST) is None


async def test_old_facts_are_found_anew(store: Store, clock: SettableClock) -> None:
    memory = StoredMemory(store)
    await memory.put(HOST, Facts(batch=10))
    clock.now += hosts.KEPT_MS
    assert await memory.get(HOST) is None


async def test_facts_of_another_version_are_none(store: Store) -> None:
    await store.database.write(hosts.put, store.ring, HOST, '{"first": "telepathy"}')
    assert await StoredMemory(store).get(HOST) is None


async def test_the_hosts_name_is_not_in_the_database(store: Store) -> None:
    await StoredMemory(store).put(HOST, Facts(batch=10))
    assert b"canary" not in b"".join(path.read_bytes() for path in store.folder.iterdir())


async def test_what_one_domain_learns_another_does_not_know(store: Store) -> None:
    everybody = StoredMemory(store)
    one, other, nobody = (ScopedMemory(everybody, scope) for scope in ("domain 1", "domain 11", ""))
    await one.put(HOST, Facts(batch=10))
    assert await one.get(HOST) == Facts(batch=10)
    for memory in (everybody, other, nobody):
        assert await memory.get(HOST) is None
    await nobody.put(HOST, Facts(batch=20))
    assert await everybody.get(HOST) == Facts(batch=20)
    await one.forget(HOST)
    assert await one.get(HOST) is None
    assert await everybody.get(HOST) == Facts(batch=20)
