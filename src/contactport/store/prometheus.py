"""The stats that all processes share, as gauges of Prometheus."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from contactport.store.stats import BreakerState, QueueCounts, Stats

OTHER = "other"
"""The label for a service code of a newer version that this version does not know."""
_STATES: tuple[BreakerState, ...] = ("closed", "open", "half-open")


def gauges(
    stats: Stats | None, providers: Collection[str], with_breaker: Collection[str]
) -> Iterator[Metric]:
    """The gauges of these stats. None means that the database did not answer; then there is only one gauge.

    `providers` are the codes that have series of their own, with or without imports; those `with_breaker` have a
    circuit breaker by their name.
    """
    yield GaugeMetricFamily(
        "contactport_database_up",
        "Whether the database answered within two seconds.",
        value=0 if stats is None else 1,
    )
    if stats is None:
        return
    yield GaugeMetricFamily("contactport_database_bytes", "The database's size.", value=stats.database_bytes)
    yield from _lanes(stats, providers)
    yield GaugeMetricFamily(
        "contactport_oldest_waiting_import_seconds",
        "How long the first import in the queue has waited; 0 if none waits.",
        value=stats.oldest_waiting_seconds or 0.0,
    )
    yield GaugeMetricFamily(
        "contactport_imports_kept",
        "Imports that have ended and whose contacts are not deleted yet.",
        value=stats.kept,
    )
    yield GaugeMetricFamily(
        "contactport_imports_purge_due",
        "Those of them whose retention is over: the housekeeping deletes them within seconds.",
        value=stats.purge_due,
    )
    yield from _breakers(stats, with_breaker)
    if stats.workers is not None:
        yield GaugeMetricFamily(
            "contactport_workers", "Processes alive that carry imports.", value=stats.workers
        )
    if stats.ring_keys is not None:
        yield GaugeMetricFamily("contactport_ring_keys", "Keys in the ring.", value=stats.ring_keys)


def _lanes(stats: Stats, providers: Collection[str]) -> Iterator[Metric]:
    lanes = {code: QueueCounts() for code in providers}
    for code, lane in stats.providers.items():
        into = lanes.setdefault(code if code in providers else OTHER, QueueCounts())
        into.waiting += lane.waiting
        into.deferred += lane.deferred
        into.running += lane.running
    waiting = GaugeMetricFamily(
        "contactport_imports_waiting", "Imports in the queue, for a worker to take.", labels=("provider",)
    )
    deferred = GaugeMetricFamily(
        "contactport_imports_deferred",
        "Deferred imports: they wait because of a limit of their provider or account.",
        labels=("provider",),
    )
    running = GaugeMetricFamily(
        "contactport_imports_running", "Imports that workers are carrying.", labels=("provider",)
    )
    for code, lane in lanes.items():
        waiting.add_metric([code], lane.waiting)
        deferred.add_metric([code], lane.deferred)
        running.add_metric([code], lane.running)
    yield from (waiting, deferred, running)


def _breakers(stats: Stats, with_breaker: Collection[str]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "contactport_breaker",
        "1 for the state that the provider's circuit breaker is in.",
        labels=("provider", "state"),
    )
    for code in with_breaker:
        found = stats.breakers.get(code)
        for state in _STATES:
            family.add_metric([code, state], int(state == ("closed" if found is None else found.state)))
    yield family
    hosts = GaugeMetricFamily(
        "contactport_host_breakers",
        "Servers that people run themselves and whose circuit breaker is not closed.",
        labels=("state",),
    )
    for state in ("open", "half-open"):
        hosts.add_metric([state], stats.host_breakers.get(state, 0))
    yield hosts
