"""Only addresses of public hosts are dialled, in any spelling and from any origin."""

from __future__ import annotations

import asyncio

from tests.faults.egress.addresses import ROWS
from tests.faults.egress.dial_monitor import watching
from tests.faults.egress.document import render
from tests.faults.egress.watched_import import ground, run_all
from tests.faults.matrix.document import DOCUMENT, between

ENOUGH = 100


async def test_nothing_of_the_table_is_dialled() -> None:
    trials = await run_all()
    assert [trouble for trial in trials for trouble in trial.troubles()] == []
    assert len({(trial.row.way, trial.row.target) for trial in trials}) == len(ROWS) > ENOUGH
    assert between(DOCUMENT.read_text("utf-8"), "egress") == render(trials)


async def test_a_connection_would_be_seen_by_the_hook_and_by_the_listener() -> None:
    async with ground() as here:
        with watching({("127.0.0.2", here.port)}) as watch:
            reader, writer = await asyncio.open_connection("127.0.0.2", here.port)
            assert await reader.read() == b""
            writer.close()
            try:
                await asyncio.open_connection("127.0.0.3", here.port)
            except ConnectionAbortedError:
                stopped = True
            else:
                stopped = False
        assert stopped
        assert (watch.seen, watch.dialled, here.heard) == (1, [("127.0.0.3", here.port)], 1)
