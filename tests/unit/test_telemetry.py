"""Metrics of a process: each import counts once, when its end is stored, and no label names anybody."""

# The library's own parser of OpenMetrics is not typed.
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse
from sqlalchemy import Connection

from contactport import telemetry
from contactport.batch import Batch
from contactport.errors import Code
from contactport.grant import Password
from contactport.store import contacts, endings, imports
from contactport.store.domains import Domain
from contactport.store.imports import RunningImport
from contactport.store.open import Store
from contactport.testing.imports import add_import

Since = Callable[..., float]


@pytest.fixture
def since() -> Since:
    """`since("NAME", label="value")`: by how much this sample has grown since the test began."""
    before = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in telemetry.REGISTRY.collect()
        for sample in family.samples
    }

    def grown(name: str, **labels: str) -> float:
        now = telemetry.REGISTRY.get_sample_value(name, labels) or 0.0
        return now - before.get((name, tuple(sorted(labels.items()))), 0.0)

    return grown


def begin(store: Store, domain: Domain, service: str = "icloud", retention: int = 900) -> int:
    return store.database.write_now(
        add_import,
        store.ring,
        domain.id,
        service=service,
        grant=Password("ann@example.org", "password"),
        seconds=60,
        retention=retention,
    )


def claim(store: Store, import_id: int) -> RunningImport:
    claimed = store.database.write_now(imports.claim, store.ring, import_id)
    assert claimed is not None
    return claimed[0]


def test_a_complete_import_is_counted_with_its_contacts_and_its_time(
    store: Store, domain: Domain, since: Since
) -> None:
    one = claim(store, begin(store, domain))
    store.database.write_now(contacts.append, one, Batch(found=3, merged=3))
    store.database.write_now(endings.complete, one)
    assert since("contactport_imports_total", provider="icloud", outcome="complete") == 1
    assert since("contactport_import_seconds_count", provider="icloud", state="complete") == 1
    told = [
        since("contactport_contacts_total", provider="icloud", result=result)
        for result in ("delivered", "merged", "rejected")
    ]
    assert told == [0, 3, 0]


def test_a_failed_import_is_counted_by_its_code_and_once(store: Store, domain: Domain, since: Since) -> None:
    import_id = begin(store, domain)
    for _ in range(2):
        store.database.write_now(endings.fail, import_id, Code.WRONG_PASSWORD, "No.")
    assert since("contactport_imports_total", provider="icloud", outcome="263") == 1
    assert since("contactport_import_seconds_count", provider="icloud", state="failed") == 1


def test_an_end_that_is_rolled_back_is_not_counted(store: Store, domain: Domain, since: Since) -> None:
    import_id = begin(store, domain)

    def broken(connection: Connection) -> None:
        endings.fail(connection, import_id, Code.TIMEOUT, "Too slow.")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        store.database.write_now(broken)
    assert since("contactport_imports_total", provider="icloud", outcome="258") == 0


def test_an_import_erased_under_way_is_517_and_one_that_had_ended_is_what_it_was(
    store: Store, domain: Domain, since: Since
) -> None:
    under_way, ended = begin(store, domain), begin(store, domain)
    store.database.write_now(endings.complete, claim(store, ended))
    for import_id in (under_way, ended, ended):
        store.database.write_now(endings.erase, import_id, "Erased.")
    assert since("contactport_imports_total", provider="icloud", outcome="517") == 1
    assert since("contactport_imports_total", provider="icloud", outcome="complete") == 1
    # A life that was cut short says nothing of how long imports take.
    assert since("contactport_import_seconds_count", provider="icloud", state="failed") == 0
    assert since("contactport_imports_purged_total", by="request") == 2


def test_the_housekeepings_purges_are_counted(store: Store, domain: Domain, since: Since) -> None:
    for _ in range(3):
        store.database.write_now(endings.fail, begin(store, domain, retention=0), Code.TIMEOUT, "Too slow.")
    store.database.write_now(endings.purge_due)
    store.database.write_now(endings.purge_due)
    assert since("contactport_imports_purged_total", by="retention") == 3


def test_a_request_is_counted_by_what_it_was_and_not_by_what_it_says(since: Since) -> None:
    telemetry.request_answered("/events/{id}", "GET", 200, 0.01)
    telemetry.request_answered("(none)", "ann@example.org", 404, 0.01)
    telemetry.request_answered("(none)", "GET", 0, 0.01)
    count = "contactport_http_request_seconds_count"
    assert since(count, route="/events/{id}", method="GET", status="2xx") == 1
    assert since(count, route="(none)", method="other", status="4xx") == 1
    assert since(count, route="(none)", method="GET", status="none") == 1


def test_a_clock_that_was_put_back_makes_no_negative_time(since: Since) -> None:
    telemetry.import_begun("icloud", -5.0)
    assert since("contactport_import_wait_seconds_sum", provider="icloud") == 0
    assert since("contactport_import_wait_seconds_count", provider="icloud") == 1


def test_all_is_told_in_both_formats_and_together_with_what_is_shared() -> None:
    shared = [GaugeMetricFamily("contactport_ring_keys", "Keys in the ring.", value=3)]
    kind, text = telemetry.exposition(shared, "")
    assert kind.startswith("text/plain")
    families = {family.name: family for family in parse(text.decode())}
    assert families["contactport_ring_keys"].samples[0].value == 3
    assert families["contactport_build_info"].samples[0].value == 1
    assert "process_cpu_seconds" in families
    kind, text = telemetry.exposition(shared, "application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert {family.name for family in parse_openmetrics(text.decode())} == set(families)


def test_names_are_prometheus_own_way_of_naming() -> None:
    for family in telemetry.REGISTRY.collect():
        if family.name.startswith("process_"):
            continue
        assert family.name.startswith("contactport_")
        assert family.documentation.endswith(".")
        assert not family.name.endswith(("_ms", "_milliseconds", "_count", "_sum"))
