from __future__ import annotations

from contactport.sources.memory import MOST, Facts, ShortMemory


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
