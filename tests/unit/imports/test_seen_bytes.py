"""Bytes that come again are not read again, and count all the same; long cards are read in slices."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from contactport.contact import Item
from contactport.errors import Code
from contactport.formats import vcard
from contactport.grant import Password
from contactport.imports.run import run
from contactport.net import processor_budget
from contactport.net.client import Client
from contactport.net.processor_budget import ProcessorBudget
from contactport.sources.base import Account, Page, RawRecord
from contactport.testing.sink import MemorySink
from contactport.testing.source import FakeSource, raw
from contactport.testing.source import vcard as card
from tests.import_fails import import_fails
from tests.servers.source_run import PROVIDERS

NO_CLIENT = cast(Client, None)


async def read(*cards: RawRecord, seconds: float = 1.0) -> MemorySink:
    kept = MemorySink()
    provider = PROVIDERS.find("carddav")
    assert provider is not None
    account = Account(provider=provider, grant=Password("ann", "secret"))
    await run(FakeSource([Page(list(cards))]), account, NO_CLIENT, kept, 10**6, ProcessorBudget(seconds))
    return kept


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was really read."""
    seen: list[bytes] = []
    steps = vcard.steps

    def counted(chunks: list[bytes], **options: Any) -> Iterator[Item | None]:
        seen.append(chunks[0])
        return steps(chunks, **options)

    monkeypatch.setattr(vcard, "steps", counted)
    return seen


GROUP = card("Friends", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1")


@pytest.mark.parametrize(
    ("data", "once", "again"),
    [
        (card("ann"), (1, 1, 0, 0), (1, 0, 1, 0)),
        (card("ann", uid=""), (1, 1, 0, 0), (1, 0, 1, 0)),
        (card("ann") + card("bob"), (2, 2, 0, 0), (2, 0, 2, 0)),
        (card("ann", uid="") + card("bob", uid=""), (2, 2, 0, 0), (2, 0, 2, 0)),
        (GROUP, (0, 0, 0, 0), (0, 0, 0, 0)),
        (GROUP + card("ann"), (1, 1, 0, 0), (1, 0, 1, 0)),
        (card("Acme", "KIND:org"), (0, 0, 0, 0), (0, 0, 0, 0)),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", (1, 0, 0, 1), (1, 0, 0, 1)),
        (b"", (1, 0, 0, 1), (1, 0, 0, 1)),
    ],
)
async def test_the_same_bytes_behind_many_hrefs_are_read_once(
    reads: list[bytes], data: bytes, once: tuple[int, ...], again: tuple[int, ...]
) -> None:
    kept = await read(*(RawRecord(f"/b/{n}.vcf", data, "vcf", "/b/") for n in range(5)))
    assert reads == [data]
    assert kept.ledger == tuple(first + 4 * more for first, more in zip(once, again, strict=True))
    places = [reject.place for batch in kept.batches for reject in batch.rejects]
    assert len(set(places)) == len(places)
    groups = [group.name for batch in kept.batches for group in batch.groups]
    assert groups == (["Friends"] if GROUP in data else [])


async def test_bytes_with_a_reject_among_several_cards_are_read_each_time(reads: list[bytes]) -> None:
    data = card("ann") + b"x\r\n" + card("bob")
    kept = await read(*(RawRecord(f"/b/{n}.vcf", data, "vcf", "/b/") for n in range(3)))
    assert reads == [data] * 3
    assert kept.ledger == (9, 2, 4, 3)
    assert [reject.record and reject.record.data for reject in kept.rejects] == [b"x"] * 3


async def test_a_reject_alone_in_its_bytes_keeps_them_as_they_came(reads: list[bytes]) -> None:
    data = b"\r\nBEGIN:VCARD\r\nEND:VCARD\r\n"
    kept = await read(*(RawRecord(f"/b/{n}.vcf", data, "vcf", "/b/") for n in range(3)))
    assert reads == [data]
    assert [reject.record and reject.record.data for reject in kept.rejects] == [data] * 3


async def test_the_latest_outcomes_are_kept(reads: list[bytes]) -> None:
    data = [GROUP.replace(b"Friends", b"%d" % n) for n in range(600)]
    await read(*(RawRecord(f"/{n}", each, "vcf", "/") for n, each in enumerate([*data, *data[-100:]])))
    assert reads == data


@pytest.mark.parametrize("line", ["TEL:1\r\n", "VCARD\r\n", " END:VCARD\r\n", "AGENT:\r\nBEGIN:VCARD\r\n"])
async def test_others_have_their_turns_within_one_card(line: str) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    beside = asyncio.create_task(others())
    data = f"BEGIN:VCARD\r\nFN:a\r\n{line * 20_000}END:VCARD\r\n".encode()
    kept = await read(RawRecord("/long.vcf", data, "vcf", "/"))
    beside.cancel()
    assert kept.ledger[0] == 1
    assert turns > 2


async def test_an_import_that_takes_more_work_than_its_size_explains_ends_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processor_budget, "FLOOR", 0)
    with import_fails("more work") as caught:
        await read(*(raw(f"n{n}") for n in range(50)), seconds=1e-9)
    assert caught.value.code == Code.IMPORT_FAILED
    assert (await read(*(raw(f"n{n}") for n in range(50)), seconds=1e9)).ledger == (50, 50, 0, 0)
