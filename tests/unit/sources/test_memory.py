from __future__ import annotations

from contactport.sources.carddav import CardDav
from contactport.sources.memory import MOST, Facts, ShortMemory
from contactport.sources.registry import source, use_memory


async def test_facts_are_kept_by_host_until_they_are_forgotten() -> None:
    memory = ShortMemory()
    assert await memory.get("a:443") is None
    await memory.put("a:443", Facts(first="sync"))
    assert await memory.get("a:443") == Facts(first="sync")
    await memory.forget("a:443")
    await memory.forget("a:443")
    assert await memory.get("a:443") is None


async def test_the_hosts_asked_about_least_recently_go_first() -> None:
    memory = ShortMemory()
    for number in range(MOST):
        await memory.put(f"{number}:443", Facts())
    await memory.get("0:443")
    await memory.put("another:443", Facts())
    assert await memory.get("0:443") is not None
    assert await memory.get("1:443") is None


def test_every_source_that_remembers_can_be_given_another_memory() -> None:
    carddav = source("carddav")
    assert isinstance(carddav, CardDav)
    before = carddav.memory
    memory = ShortMemory()
    use_memory(memory)
    try:
        assert carddav.memory is memory
    finally:
        use_memory(before)
