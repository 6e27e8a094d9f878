"""Metrics of this process for Prometheus: counters and histograms.

Every label comes from a table of this program: a provider's code, an outcome, a route's template, a method, a class
of statuses. A label's value never comes from a user or another outsider. So the number of series is limited, and
no series names anybody (a server that people run themselves has the code of its service).

Figures that all processes share, such as the queue, are not here: they are read from the database on request
(`store/prometheus.py`).
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client import disable_created_metrics as without_moments_of_creation
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

from contactport import __version__

# A second series for each counter, which nobody asks for.
without_moments_of_creation()

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

COMPLETE = "complete"
"""The outcome of an import that has no code of the wire."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""The methods of HTTP. A client may send any other word."""

_IMPORT_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
_PROVIDER_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 90)
_HTTP_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_imports = Counter(
    "contactport_imports",
    "Imports that have ended, by the code of the wire that they ended with, or `complete`.",
    ("provider", "outcome"),
    registry=REGISTRY,
)
_import_seconds = Histogram(
    "contactport_import_seconds",
    "From an import's beginning to its end, its waiting and every attempt included.",
    ("provider", "state"),
    buckets=_IMPORT_BUCKETS,
    registry=REGISTRY,
)
_import_wait_seconds = Histogram(
    "contactport_import_wait_seconds",
    "From an import's beginning until a worker has taken it up for the first time.",
    ("provider",),
    buckets=_IMPORT_BUCKETS,
    registry=REGISTRY,
)
_contacts = Counter(
    "contactport_contacts",
    "Contacts of imports that have ended, by what has become of them; together they are those that were found.",
    ("provider", "result"),
    registry=REGISTRY,
)
_purges = Counter(
    "contactport_imports_purged",
    "Imports whose contacts were deleted: at the end of their retention, or at their application's request.",
    ("by",),
    registry=REGISTRY,
)
_provider_seconds = Histogram(
    "contactport_provider_first_byte_seconds",
    "From a request to a provider, its connection included, to the beginning of the answer.",
    ("provider",),
    buckets=_PROVIDER_BUCKETS,
    registry=REGISTRY,
)
_request_seconds = Histogram(
    "contactport_http_request_seconds",
    "From a request of an application to the beginning of the answer.",
    ("route", "method", "status"),
    buckets=_HTTP_BUCKETS,
    registry=REGISTRY,
)
EVENT_STREAMS = Gauge(
    "contactport_event_streams", "Event streams that are open in this process.", registry=REGISTRY
)
Gauge("contactport_build_info", "What runs here.", ("version", "python"), registry=REGISTRY).labels(
    __version__, platform.python_version()
).set(1)
for _by in ("retention", "request", "operator"):
    # From the first look on: a rate is only known of what has been there before.
    _purges.labels(_by)


class Ended(msgspec.Struct, frozen=True):
    """An import that has just ended. `code` is the wire's code, None for a complete import.

    `seconds` is the time from begin to end; None if the application cancelled the import.
    """

    provider: str
    code: int | None
    seconds: float | None
    delivered: int
    merged: int
    rejected: int


def import_ended(one: Ended) -> None:
    """Count an import, once, when its end is stored."""
    state, outcome = (COMPLETE, COMPLETE) if one.code is None else ("failed", str(int(one.code)))
    _imports.labels(one.provider, outcome).inc()
    if one.seconds is not None:
        _import_seconds.labels(one.provider, state).observe(max(0.0, one.seconds))
    _contacts.labels(one.provider, "delivered").inc(one.delivered)
    _contacts.labels(one.provider, "merged").inc(one.merged)
    _contacts.labels(one.provider, "rejected").inc(one.rejected)


def import_begun(provider: str, waited: float) -> None:
    """Count the first start of an import by a worker, `waited` seconds after its begin."""
    _import_wait_seconds.labels(provider).observe(max(0.0, waited))


def imports_purged(number: int, by: Literal["request", "operator", "retention"]) -> None:
    """Count imports that were purged."""
    _purges.labels(by).inc(number)


def of_provider(provider: str) -> Callable[[float], None]:
    """The function to call with the seconds until each answer of this provider begins."""
    return _provider_seconds.labels(provider).observe


def request_answered(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answer that has begun, or could not begin (`status` 0). `route` is a template of the routes."""
    _request_seconds.labels(
        route, method if method in METHODS else "other", f"{status // 100}xx" if status else "none"
    ).observe(seconds)


class _Everything:
    """Collector of this process's metrics and of the shared ones, for one request."""

    def __init__(self, shared: Iterable[Metric]) -> None:
        self._shared = shared

    def collect(self) -> Iterator[Metric]:
        yield from REGISTRY.collect()
        yield from self._shared


def exposition(shared: Iterable[Metric], accept: str) -> tuple[str, bytes]:
    """Media type and text of all metrics, with those that are `shared` with other processes.

    `accept` is the request's header: Prometheus' own format, or OpenMetrics where that is asked for.
    """
    encode, kind = choose_encoder(accept)
    return kind, encode(_Everything(shared))
