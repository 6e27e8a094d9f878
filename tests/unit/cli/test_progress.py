"""The progress text of a running import on a terminal."""

from __future__ import annotations

import pytest

from contactport.cli.progress import FINDING, LISTING, READING, Progress, Staged, words
from contactport.grant import Password
from contactport.net.client import open_client
from contactport.quantities import counted
from contactport.settings import Settings
from contactport.sources.base import Account, Page
from contactport.testing.source import FakeSource, raw
from tests.servers.source_run import PROVIDERS


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 cards"), (1, "1 card"), (2, "2 cards"), (3012, "3,012 cards")]
)
def test_one_rule_for_a_number_and_its_noun(number: int, told: str) -> None:
    assert counted(number, "card") == told


@pytest.mark.parametrize(
    ("found", "listed", "seconds", "told"),
    [
        (0, None, 0, "0 cards"),
        (1, 1, 0.1, "1 of 1 card"),
        (0, 3012, 5, "0 of 3,012 cards"),
        (1240, 3012, 4, "1,240 of 3,012 cards, 310 a second, 6 s left"),
        (3012, 3012, 10, "3,012 of 3,012 cards, 301 a second"),
        (500, None, 10, "500 cards, 50 a second"),
        (5, 50, 60, "5 of 50 cards, 5 a minute, 9 min left"),
    ],
)
def test_count_total_rate_and_time_left(found: int, listed: int | None, seconds: float, told: str) -> None:
    assert words(found, listed, seconds) == told


async def test_the_stages_are_told_in_their_order() -> None:
    provider = PROVIDERS.find("carddav")
    assert provider is not None
    account = Account(provider=provider, grant=Password("ann", "x"))
    pages = [Page(listed=1), Page(listed=2), Page([raw("ann")]), Page(listed=3), Page([raw("bob")])]
    told: list[str] = []
    nothing: frozenset[str] = frozenset()
    async with open_client(Settings()) as client:
        async for _ in Staged(FakeSource(pages), told.append).pages(account, client, nothing):
            pass
    assert told == [FINDING, LISTING, READING]


def test_what_is_shown_goes_to_one_line() -> None:
    shown: list[tuple[str, int | None, int, str]] = []

    def put(stage: str, total: int | None, completed: int, told: str) -> None:
        shown.append((stage, total, completed, told))

    progress = Progress(put, lambda _: None)
    progress.stage(READING)
    progress.show(1, 2)
    assert shown == [(READING, None, 0, ""), (READING, 2, 1, "1 of 2 cards")]
