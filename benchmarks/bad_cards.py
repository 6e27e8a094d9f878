"""The cost of single bad cards: an address book through a proxy that breaks cards, and the same book without it.

`python -m benchmarks.bad_cards` prints the ratios, a line for each way in which a server fails at a bad card:
it answers 500 to every report that has it, or writes XML that is broken there. Reports alone are spoilt, so that GET
still has the card: in the end every card of every book is delivered.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Callable

from contactport.grant import Password
from contactport.net.client import open_client
from contactport.settings import load
from contactport.sources.base import Account
from contactport.sources.carddav import CardDav
from samples.book import cards
from tests.servers.quirks import Filter, Quirk, chokes_on, damages, nameless, quirk_proxy, without_data
from tests.servers.radicale import radicale
from tests.servers.source_run import PROVIDERS

PASSWORD = "secret"
BOOKS = {300: (150,), 1000: (99, 300, 517, 518, 999)}
"""The numbers of the bad cards, by the cards of the book."""
WAYS: dict[str, Callable[[tuple[int, ...]], Filter]] = {
    "500": lambda bad: chokes_on(*bad),
    "broken XML": lambda bad: damages(dict.fromkeys(bad, b"an angle < that begins no tag")),
}
MANNERS: dict[str, tuple[Callable[[], Filter], ...]] = {
    "multiget alone": (nameless, without_data),
    "sync with cards": (nameless,),
}


async def seconds(port: int, count: int, filters: tuple[Filter, ...]) -> float:
    """How long one import takes; every card must come."""
    provider = PROVIDERS.find("carddav")
    assert provider is not None
    quirk = Quirk(lambda _, __: filters)
    settings = load(environment={}, overrides={"allow_network": ["127.0.0.0/8"]})
    async with quirk_proxy(quirk, port, f"user_{count}", PASSWORD) as proxy, open_client(settings) as client:
        account = Account(provider=provider, grant=Password(f"user_{count}", PASSWORD, proxy.url()))
        began = time.monotonic()
        found = 0
        async for page in CardDav().pages(account, client, ()):
            found += len(page.records)
        took = time.monotonic() - began
    assert found == count, f"{found} of {count} cards"
    return took


async def compare(port: int, rounds: int) -> None:
    print("| book | server | bad cards | fails by | without, s | with, s | ratio |")
    print("|---|---|---|---|---|---|---|")
    for count, bad in BOOKS.items():
        for manner, common in MANNERS.items():
            sound: list[float] = []
            spoilt: dict[str, list[float]] = {way: [] for way in WAYS}
            for _ in range(rounds):
                sound.append(await seconds(port, count, tuple(make() for make in common)))
                for way, spoil in WAYS.items():
                    filters = (*(make() for make in common), spoil(bad))
                    spoilt[way].append(await seconds(port, count, filters))
            base = statistics.median(sound)
            for way, times in spoilt.items():
                took = statistics.median(times)
                print(
                    f"| {count} | {manner} | {len(bad)} | {way} | {base:.2f} | {took:.2f} | {took / base:.1f}x |",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with radicale({f"user_{count}": PASSWORD for count in BOOKS}) as server:
        for count in BOOKS:
            server.book(f"user_{count}", "contacts", cards(count))
        for count in BOOKS:
            # Radicale builds its cache at the first question.
            asyncio.run(seconds(server.port, count, ()))
        asyncio.run(compare(server.port, rounds))


if __name__ == "__main__":
    main()
