"""PostgreSQL fixtures, and the last lines of a test run: what was left out, and why (see tests/needs.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.needs import MARK, nothing_may_be_left_out
from tests.postgres import Postgres, PostgresServer, migrate, name_of, server

# No test asserts a time: an example may take as long as a busy machine needs; `benchmarks` and `scripts/fuzz` find
# what is slow by itself. CI tries the same examples each time, so that it judges a change by what that changed.
settings.register_profile("contactport", deadline=None, derandomize=nothing_may_be_left_out())
settings.load_profile("contactport")


@pytest.fixture(scope="session")
def postgres() -> Generator[PostgresServer]:
    """A PostgreSQL that all tests of a process share. A test may not stop it, and changes only its own databases."""
    shared = server()
    yield shared
    if isinstance(shared, Postgres):
        shared.close()


@pytest.fixture(scope="session")
def migrated_database(postgres: PostgresServer) -> Generator[str]:
    """The name of a database with the service's tables: a template, to which nobody may connect."""
    url = postgres.create()
    migrate(url)
    yield name_of(url)
    postgres.drop(url)


@pytest.fixture
def database_url(postgres: PostgresServer, migrated_database: str) -> Generator[str]:
    """The URI of a database of the test's own, with the service's tables, that belongs to no key ring yet."""
    url = postgres.create(migrated_database)
    yield url
    postgres.drop(url)


@pytest.fixture
def empty_database_url(postgres: PostgresServer) -> Generator[str]:
    """The URI of a database of the test's own, with nothing in it."""
    url = postgres.create()
    yield url
    postgres.drop(url)


def _skips(config: pytest.Config) -> list[str]:
    """The reasons of everything skipped, in this process and in pytest-xdist's workers."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:
        return []
    reports: list[pytest.TestReport | pytest.CollectReport] = reporter.stats.get("skipped", [])
    return [
        report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        for report in reports
    ]


@pytest.hookimpl
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be left out, a skip of any kind is a failure."""
    if nothing_may_be_left_out() and session.exitstatus == pytest.ExitCode.OK and _skips(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Written after the runner's own summary, so that nobody misses it; nothing where nothing was left out."""
    left_out = Counter(reason.partition(MARK)[2] for reason in _skips(config) if MARK in reason)
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not left_out:
        return
    reporter.write_line("left out (CONTACTPORT_TEST_ALL=1 makes these failures):")
    for reason, count in sorted(left_out.items()):
        reporter.write_line(f"  {reason} [{count}]")
