"""`contactport worker`: runs imports in a separate process."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path

import click

from contactport.cli.data_folder import check_clock
from contactport.cli.metrics import listen_for_metrics, metrics_option, metrics_served
from contactport.cli.options import allow_network_option, heed_variables, settings_of, settings_options
from contactport.cli.output import say
from contactport.process import forbid_core_dumps, ignore_hangups, spare_what_stays
from contactport.settings import Settings
from contactport.sources.rows import load_providers

STOP_MARGIN = 10.0
"""Seconds beyond `drain_seconds` after which a stop is cut short: what is stored stays sound, as after a crash."""


@click.command()
@metrics_option
@allow_network_option
@settings_options
def worker(
    metrics: str | None, allow_network: tuple[str, ...], data: str | None, config: Path | None
) -> None:
    """Run the imports that `contactport serve --role api` accepts. There may be any number of workers.

    It needs PostgreSQL (CONTACTPORT_DATABASE_URL) and the key ring in the data folder, the same as the others'. One
    line on standard output says when it takes imports. SIGTERM and Ctrl-C let running imports go on for
    CONTACTPORT_DRAIN_SECONDS, give the others back to the queue, and end the worker with exit code 0. A second signal
    ends it at once, and nothing is lost. SIGHUP reads the settings file and the certificate authorities again.
    """
    forbid_core_dumps()
    ignore_hangups()

    def read_settings() -> Settings:
        return settings_of(data, config, allow_network=allow_network, metrics=metrics)

    heed_variables(os.environ)
    settings = read_settings()
    if not settings.database_url:
        raise click.UsageError(
            "a worker shares its database with other processes, which SQLite is not made for: set "
            "CONTACTPORT_DATABASE_URL, or run `contactport serve` alone, which carries imports itself"
        )
    listeners = listen_for_metrics(settings.metrics)
    from contactport import logs
    from contactport.store.open import Store, open_store

    logs.configure(settings.log_format)
    store: Store = open_store(Path(settings.data), settings.database_url)
    for made in store.made:
        say(f"made the {made}")
    check_clock(store)

    from contactport.app import work
    from contactport.cli.reload import reload_on_signal
    from contactport.event_loop import EventLoop

    async def run() -> None:
        stop = asyncio.Event()
        _end_by_signals(asyncio.get_running_loop(), stop, settings)
        reload_on_signal(settings, read_settings)
        await work(settings, store, stop, _ready)

    with (
        metrics_served(listeners, store, load_providers(settings.providers)),
        asyncio.Runner(loop_factory=EventLoop) as runner,
    ):
        runner.run(run())


def _ready() -> None:
    spare_what_stays()
    click.echo(f"contactport worker is ready (process {os.getpid()})")


def _end_by_signals(loop: asyncio.AbstractEventLoop, stop: asyncio.Event, settings: Settings) -> None:
    def end(sig: int) -> None:
        if stop.is_set():
            os._exit(128 + sig)
        stop.set()
        late = threading.Timer(settings.drain_seconds + STOP_MARGIN, os._exit, (128 + sig,))
        late.daemon = True
        late.start()

    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, end, one)
