"""One browser of each kind and one service for a process's tests; each test has a user and a domain of its own."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser

from tests.browser import browsers
from tests.e2e.service_process import RunningService, service


@pytest.fixture(scope="session", params=browsers.NAMES)
def browser(request: pytest.FixtureRequest) -> Generator[Browser]:
    with browsers.browser(request.param) as launched:
        yield launched


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningService]:
    with service(tmp_path_factory.mktemp("browser") / "data") as started:
        yield started
