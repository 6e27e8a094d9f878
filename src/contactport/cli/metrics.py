"""The option `--metrics`: where a process serves its metrics."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from contactport.cli.exit_codes import ADDRESS, CommandError
from contactport.cli.listener import is_loopback, listen, url_of
from contactport.cli.output import say
from contactport.settings import SettingError

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from contactport.sources.providers import Providers
    from contactport.store.open import Store

BACKLOG = 16
OPTIONS = ("--metrics", "--metrics")

metrics_option = click.option(
    "--metrics",
    metavar="[HOST:]PORT",
    help="Serve Prometheus' metrics there, at /metrics; a port alone is on loopback. [env: CONTACTPORT_METRICS]",
)


def parse_place(text: str) -> tuple[str, int]:
    """Read the host and port of `HOST:PORT`, `[ADDRESS]:PORT`, `:PORT` or `PORT`. Raises SettingError."""
    host, _, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise SettingError(f"metrics: {text!r} is not clear: write an IPv6 address as [ADDRESS]:PORT")
    if not (port.isascii() and port.isdigit() and int(port[:6]) <= 65535):
        raise SettingError(
            f"metrics: {text!r} has no port from 0 to 65535: write HOST:PORT, or a port for loopback"
        )
    return host or "127.0.0.1", int(port)


def listen_for_metrics(place: str, others: Sequence[socket.socket] = ()) -> list[socket.socket]:
    """Open listening sockets at the setting's place, none if it is empty. Warns if other hosts can read the metrics.

    `others` are bound already. Raises SettingError, and CommandError where the address can't be had.
    """
    if not place:
        return []
    host, port = parse_place(place)
    bound = listen(host, port, options=OPTIONS)
    try:
        for one in bound:
            if any(_same(one, other) for other in others):
                raise CommandError(
                    f"port {port} can't be both the service's and that of --metrics: choose another for one of them",
                    ADDRESS,
                )
            one.listen(BACKLOG)
    except OSError as error:
        _close(bound)
        raise CommandError(
            f"{host} port {port} can't be used (--metrics): {error.strerror}", ADDRESS
        ) from None
    except CommandError:
        _close(bound)
        raise
    if not all(map(is_loopback, bound)):
        say(
            f"warning: the metrics on {host} can be read from other hosts, without a password: let only the host "
            "that collects them reach that port"
        )
    return bound


def _same(one: socket.socket, other: socket.socket) -> bool:
    """Whether two bound sockets have the same port of the same address."""
    (here, port), (there, other_port) = one.getsockname()[:2], other.getsockname()[:2]
    anywhere = {here, there} & {"0.0.0.0", "::"}  # noqa: S104  compared, not bound
    return one.family == other.family and port == other_port and (here == there or bool(anywhere))


def _close(sockets: Iterable[socket.socket]) -> None:
    for one in sockets:
        one.close()


@contextmanager
def metrics_served(listeners: list[socket.socket], store: Store, providers: Providers) -> Generator[None]:
    """Context in which `/metrics` is answered at these sockets. They are closed at its end."""
    if not listeners:
        yield
        return
    import structlog

    from contactport.cli.metrics_server import MetricsServer

    server = MetricsServer(listeners, gauges_of(store, providers))
    host = str(listeners[0].getsockname()[0])
    structlog.get_logger().info("metrics_served", url=f"{url_of(host, listeners[0])}/metrics")
    server.start()
    try:
        yield
    finally:
        server.stop()


def gauges_of(store: Store, providers: Providers) -> Callable[[], Awaitable[list[Metric]]]:
    """The shared gauges, read from the database at most once a second.

    For the one event loop that calls it.
    """
    import msgspec

    from contactport.store import stats
    from contactport.store.open import RING
    from contactport.store.prometheus import gauges
    from contactport.store.single_flight import SingleFlightCache

    look = SingleFlightCache(lambda: store.database.read(stats.read), keep=1.0)
    served = [row for row in providers if row.methods]
    codes = [row.code for row in served]
    with_breaker = [row.code for row in served if not row.self_hosted]

    async def read() -> list[Metric]:
        found = await look()
        if found is not None:
            found = msgspec.structs.replace(found, ring_keys=stats.ring_keys(store.folder / RING))
        return list(gauges(found, codes, with_breaker))

    return read
