"""One browser of each kind and one service for a module's tests; each test has a user of its own.

Playwright keeps an event loop running in its thread for as long as a browser is open. Tests of other modules start
loops of their own in the same process, so no browser may outlast its module.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser

from tests.browser import browsers
from tests.e2e.service_process import RunningService, service


@pytest.fixture(scope="module", params=browsers.NAMES)
def browser(request: pytest.FixtureRequest) -> Generator[Browser]:
    with browsers.browser(request.param) as launched:
        yield launched


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningService]:
    with service(tmp_path_factory.mktemp("browser") / "data") as started:
        yield started
