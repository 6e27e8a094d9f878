from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.live_service import BIG, LiveService, live_service


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The service and the books, once a test process."""
    with live_service(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="session")
def book(app: LiveService) -> int:
    """A complete import of Ada's book, with mailing addresses."""
    return app.ended(app.begin(include="mailing_address", user_id="u 1"))


@pytest.fixture(scope="session")
def big_book(app: LiveService) -> int:
    """A complete import of a book that is sent in pieces."""
    return app.ended(app.begin(username=BIG))
