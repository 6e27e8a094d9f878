"""The figures that all processes share, as Prometheus' gauges."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from contactport.store.figures import BreakerState, Figures, Lane

OTHER = "other"
"""A service code that this version does not know: of a newer one, beside which it runs."""
_STATES: tuple[BreakerState, ...] = ("closed", "open", "half-open")


def gauges(
    figures: Figures | None, providers: Collection[str], with_breaker: Collection[str]
) -> Iterator[Metric]:
    """The gauges of one look; None is a database that did not answer, of which nothing else is told.

    `providers` are the codes that have series of their own, with or without imports; those `with_breaker` have a
    circuit breaker by their name.
    """
    yield GaugeMetricFamily(
        "contactport_database_up",
        "Whether the database answered within two seconds.",
        value=0 if figures is None else 1,
    )
    if figures is None:
        return
    yield GaugeMetricFamily(
        "contactport_database_bytes", "The database's size.", value=figures.database_bytes
    )
    yield from _lanes(figures, providers)
    yield GaugeMetricFamily(
        "contactport_oldest_waiting_import_seconds",
        "How long the first import in the queue has waited; 0 where none waits.",
        value=figures.oldest_waiting_seconds or 0.0,
    )
    yield GaugeMetricFamily(
        "contactport_imports_kept",
        "Imports that have ended and whose contacts are not deleted yet.",
        value=figures.kept,
    )
    yield GaugeMetricFamily(
        "contactport_imports_purge_due",
        "Those of them whose retention is over: the housekeeping deletes them within seconds.",
        value=figures.purge_due,
    )
    yield from _breakers(figures, with_breaker)
    if figures.workers is not None:
        yield GaugeMetricFamily(
            "contactport_workers", "Processes alive that carry imports.", value=figures.workers
        )
    if figures.ring_keys is not None:
        yield GaugeMetricFamily("contactport_ring_keys", "Keys in the ring.", value=figures.ring_keys)


def _lanes(figures: Figures, providers: Collection[str]) -> Iterator[Metric]:
    lanes = {code: Lane() for code in providers}
    for code, lane in figures.providers.items():
        into = lanes.setdefault(code if code in providers else OTHER, Lane())
        into.waiting += lane.waiting
        into.parked += lane.parked
        into.running += lane.running
    waiting = GaugeMetricFamily(
        "contactport_imports_waiting", "Imports in the queue, for a worker to take.", labels=("provider",)
    )
    parked = GaugeMetricFamily(
        "contactport_imports_parked",
        "Imports that wait because their provider, or their account there, is to be left alone.",
        labels=("provider",),
    )
    running = GaugeMetricFamily(
        "contactport_imports_running", "Imports that workers are carrying.", labels=("provider",)
    )
    for code, lane in lanes.items():
        waiting.add_metric([code], lane.waiting)
        parked.add_metric([code], lane.parked)
        running.add_metric([code], lane.running)
    yield from (waiting, parked, running)


def _breakers(figures: Figures, with_breaker: Collection[str]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "contactport_breaker",
        "1 for the state that the provider's circuit breaker is in.",
        labels=("provider", "state"),
    )
    for code in with_breaker:
        found = figures.breakers.get(code)
        for state in _STATES:
            family.add_metric([code, state], int(state == ("closed" if found is None else found.state)))
    yield family
    hosts = GaugeMetricFamily(
        "contactport_host_breakers",
        "Servers that people host themselves and whose circuit breaker is not closed.",
        labels=("state",),
    )
    for state in ("open", "half-open"):
        hosts.add_metric([state], figures.host_breakers.get(state, 0))
    yield hosts
