"""`contactport serve`: runs the service until a signal ends it."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from contactport.cli.data_folder import check_clock
from contactport.cli.exit_codes import CommandError
from contactport.cli.listener import is_loopback, listen, url_of
from contactport.cli.metrics import listen_for_metrics, metrics_option, metrics_served
from contactport.cli.options import allow_network_option, heed_variables, settings_of, settings_options
from contactport.cli.output import say
from contactport.process import forbid_core_dumps, ignore_hangups, spare_what_stays
from contactport.settings import Settings, redirect_uri
from contactport.sources.rows import RowFile, load_providers
from contactport.store.writable import check_writable

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from contactport.app import Role
    from contactport.sandbox.server import Sandbox

CONNECTIONS = 1000
"""Beyond this number, idle connections are closed. If all wait for an answer, the next one gets 503."""
FILES = 4096
"""The open files that these connections, their imports and the database need at most."""
IDLE_SECONDS = 65
"""Longer than a proxy keeps its connections (nginx: 60), so that none is closed while a request is on its way."""
DRAIN_SECONDS = 10
"""Answers that are being sent when the service stops may take this much longer."""
STOP_MARGIN = 15.0
"""Seconds beyond `drain_seconds` after which a stop is cut short: what is stored stays sound, as after a crash."""


@click.command()
@click.option("--host", metavar="HOST", help="Where to listen. [env: CONTACTPORT_HOST; 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="0 takes a free one. [env: CONTACTPORT_PORT; 8321]",
)
@click.option(
    "--retention",
    type=click.IntRange(1),
    metavar="SECONDS",
    help="How long contacts stay after an import's end. [env: CONTACTPORT_RETENTION; 900]",
)
@click.option(
    "--role",
    type=click.Choice(["all", "api"]),
    default="all",
    show_default=True,
    help="`api` answers requests; `contactport worker` runs the imports, on PostgreSQL.",
)
@click.option(
    "--sandbox",
    "sandboxed",
    is_flag=True,
    help="Offer services without real accounts: sandbox, sandbox_app, sandbox_oauth. Only for a service on loopback.",
)
@metrics_option
@allow_network_option
@settings_options
def serve(
    role: Role,
    sandboxed: bool,
    host: str | None,
    port: int | None,
    retention: int | None,
    metrics: str | None,
    allow_network: tuple[str, ...],
    data: str | None,
    config: Path | None,
) -> None:
    """Run the service: API and worker in one process, or the API alone.

    The first start makes the data folder, the database and the key ring, and says so. One line on standard
    output has the address when the service accepts requests. SIGTERM and Ctrl-C end it with exit code 0. Interrupted
    imports continue at the next start. A second signal ends it at once. SIGHUP reads the settings file and the
    certificate authorities again.
    """
    forbid_core_dumps()
    ignore_hangups()

    sandbox: Sandbox | None = None

    def read_settings() -> Settings:
        given = settings_of(
            data,
            config,
            allow_network=allow_network,
            host=host,
            port=port,
            retention=retention,
            metrics=metrics,
        )
        if sandbox is not None:
            given.oauth = given.oauth | sandbox.oauth
        return given

    heed_variables(os.environ)
    settings = read_settings()
    if role == "api" and not settings.database_url:
        raise click.UsageError(
            "an API without a worker in its own process needs PostgreSQL: set CONTACTPORT_DATABASE_URL, or leave "
            "--role out"
        )
    if sandboxed:
        _check_sandbox(settings, role)
    # Before the port is bound: nobody can connect to a service that can't start.
    check_writable(Path(settings.data))
    listeners = listen(settings.host, settings.port)
    if not settings.port:
        # The free port that it took: links for people name it, and the settings that are read again have it too.
        port = settings.port = listeners[0].getsockname()[1]
    if not all(map(is_loopback, listeners)):
        say(
            f"warning: {settings.host} can be reached from other hosts, and requests contain passwords: "
            "put a proxy with TLS in front, and let nobody reach the service without it"
        )
    metrics_listeners = listen_for_metrics(settings.metrics, listeners)
    _allow_files()
    # Here, because they take two seconds that `--help` and a port in use need not wait for.
    from contactport import logs
    from contactport.app import build, hold_folder
    from contactport.store.open import open_store

    logs.configure(settings.log_format)
    folder = Path(settings.data)
    # Locked before it is opened: opening migrates the schema, which a running service must not see.
    alone = not settings.database_url
    lock = hold_folder(folder) if alone and folder.is_dir() else None
    store = open_store(folder, settings.database_url)
    for made in store.made:
        say(f"made the {made}")
    check_clock(store)
    if alone and lock is None:
        lock = hold_folder(folder)
    with ExitStack() as beside:
        rows: list[RowFile] = []
        if sandboxed:
            from contactport.sandbox.server import running_sandbox

            sandbox = beside.enter_context(running_sandbox(redirect_uri(settings)))
            settings.oauth = settings.oauth | sandbox.oauth
            rows.append(sandbox.rows)
            say(f"the sandbox, which has no real account, is at {sandbox.url}")
        providers = load_providers(settings.providers, more=rows)
        beside.enter_context(metrics_served(metrics_listeners, store, providers))
        _run(build(settings, store, role, rows=rows), settings, listeners, read_settings)
    if lock is not None:
        os.close(lock)


def _check_sandbox(settings: Settings, role: Role) -> None:
    """Raises UsageError where nobody could use a sandbox, which is on loopback and part of this process."""
    if role == "api":
        raise click.UsageError("the sandbox needs the worker in the same process: leave --role out")
    host = (urlsplit(settings.public_url).hostname or "") if settings.public_url else settings.host
    if host != "localhost" and not _is_loopback_address(host):
        raise click.UsageError(
            "the sandbox is for one machine, because its pages are on 127.0.0.1: listen there, and leave public_url "
            "out, or run the service without --sandbox"
        )


def _is_loopback_address(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def _allow_files() -> None:
    """Raise the soft limit of open files, as far as the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _run(
    application: Starlette,
    settings: Settings,
    listeners: list[socket.socket],
    read_settings: Callable[[], Settings],
) -> None:
    import uvicorn

    from contactport.cli.protocol import HEAD_BYTES, BoundedProtocol
    from contactport.cli.reload import reload_on_signal

    class Protocol(BoundedProtocol):
        head_bytes = HEAD_BYTES + settings.body_bytes
        most_connections = CONNECTIONS

    class UvicornServer(uvicorn.Server):
        """uvicorn's, which says when it is ready, and ends with exit code 0 when it is asked to end."""

        loop: asyncio.AbstractEventLoop | None = None

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            self.loop = asyncio.get_running_loop()
            await super().startup(sockets)
            spare_what_stays()
            reload_on_signal(settings, read_settings)
            if not self.should_exit:
                # Nobody may be there to read it; the service serves all the same.
                with suppress(OSError):
                    click.echo(f"contactport is ready at {url_of(settings.host, listeners[0])}")

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            # Not uvicorn's own, which would raise the signal once more at the end.
            if self.should_exit:
                os._exit(128 + sig)
            self.should_exit = True
            # At once: uvicorn waits for every answer under way, and a stream is one that has no end of its own.
            stopping: asyncio.Event = application.state.stopping
            if self.loop is None:
                stopping.set()
            else:
                # A signal comes in the middle of whatever the loop is doing.
                self.loop.call_soon_threadsafe(stopping.set)
            late = threading.Timer(settings.drain_seconds + STOP_MARGIN, os._exit, (128 + sig,))
            late.daemon = True
            late.start()

    config = uvicorn.Config(
        application,
        loop="contactport.event_loop:EventLoop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = UvicornServer(config)
    # From here on, and not only once uvicorn listens: a signal in the first second ends it well, too.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, server.handle_exit)
    try:
        server.run(listeners)
    except SystemExit:
        raise CommandError("the service could not start; its log, above, says why") from None
