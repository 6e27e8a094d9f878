"""Progress of an import on a terminal: its stage, how many cards of how many, the rate, and the time left."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Container, Generator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from contactport.cli.status_view import duration
from contactport.quantities import counted

if TYPE_CHECKING:
    from contactport.net.client import Client
    from contactport.sources.base import Account, Page, Source

FINDING = "finding the address book"
LISTING = "listing the cards"
READING = "reading"
Put = Callable[[str, int | None, int, str], None]
"""Shows a stage, how many cards there are (None: not known yet), how many are accounted for, and that in words."""
RATE_SECONDS = 1.0
"""A rate over a shorter time means nothing."""


class Staged:
    """A source that reports its stage: finding until its first page, listing until its first card, then reading."""

    def __init__(self, source: Source, tell: Callable[[str], None]) -> None:
        self._source = source
        self._tell = tell

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """See the source."""
        self._tell(FINDING)
        stage = FINDING
        async with aclosing(self._source.pages(account, client, known)) as pages:
            async for page in pages:
                now = (
                    READING if page.records or page.contacts or page.rejects or stage == READING else LISTING
                )
                if now != stage:
                    stage = now
                    self._tell(stage)
                yield page

    def check(self, account: Account, client: Client) -> AsyncIterator[str]:
        """See the source."""
        return self._source.check(account, client)


def words(found: int, listed: int | None, seconds: float) -> str:
    """`1,240 of 3,012 cards, 310 a second, 6 s left`; unknown parts are left out."""
    parts = [counted(found, "card") if listed is None else f"{found:,} of {counted(listed, 'card')}"]
    if found and seconds >= RATE_SECONDS:
        rate = found / seconds
        parts.append(f"{rate:,.0f} a second" if rate >= 1 else f"{rate * 60:,.0f} a minute")
        if listed is not None and listed > found:
            parts.append(f"{duration((listed - found) / rate)} left")
    return ", ".join(parts)


class Progress:
    """The progress display of a running import. Made by `progress`."""

    def __init__(self, put: Put, say: Callable[[str], None]) -> None:
        self.say = say
        self._put = put
        self._stage = ""
        self._began: float | None = None

    def stage(self, stage: str) -> None:
        """A new stage begins."""
        if stage == READING:
            self._began = time.monotonic()
        self._stage = stage
        self._put(stage, None, 0, "")

    def show(self, found: int, listed: int | None) -> None:
        """Show how many cards are done; `listed` is their total number, None if the server has not said it."""
        seconds = 0.0 if self._began is None else time.monotonic() - self._began
        self._put(self._stage, listed, found, words(found, listed, seconds))


@contextmanager
def progress() -> Generator[Progress]:
    """Show a line at the bottom of the terminal, and remove it at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(20),
        TextColumn("{task.fields[told]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, told="")

        def say(text: str) -> None:
            bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

        def put(stage: str, total: int | None, completed: int, told: str) -> None:
            bar.update(task, description=stage, total=total, completed=completed, told=told)

        yield Progress(put, say)
