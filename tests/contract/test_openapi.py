"""openapi.yaml compared with the running service: each answer to a generated request must be described in it.

Two checks are left out because the contract is otherwise: unknown and ill-typed arguments are mostly ignored
rather than refused, and a sound request may still name a service that there is not.
"""

# schemathesis leaves type parameters of its own open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks

from tests.contract.live_service import LiveService

checks.load_all_checks()
known: Any = checks.CHECKS
LEFT_OUT: list[Any] = [
    known.get_one(name) for name in ("negative_data_rejection", "positive_data_acceptance")
]
NO_AUTH: Any = known.get_one("ignored_auth")

schema: Any = schemathesis.openapi.from_path(
    str(resources.files("contactport.http").joinpath("openapi.yaml"))
)
made_up = settings(
    max_examples=25,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)


@pytest.fixture(scope="session")
def stranger(app: LiveService) -> str:
    """The authorization of a domain of its own: made-up imports use up its limits, not those of other tests."""
    return app.domain("made-up requests").basic.removeprefix("Authorization: ")


def check(case: Any, app: LiveService, authorization: str) -> Any:
    """The answer, which is one of those described."""
    # JSONP tells its errors with status 200, which this check takes for an answer to a stranger.
    excluded = [*LEFT_OUT, NO_AUTH] if "callback" in (case.query or {}) else LEFT_OUT
    return case.call_and_validate(
        base_url=f"http://127.0.0.1:{app.port}",
        headers={"Authorization": authorization},
        excluded_checks=excluded,
    )


@schema.parametrize()
@made_up
def test_every_answer_is_a_described_one(case: Any, app: LiveService, stranger: str) -> None:
    check(case, app, stranger)


@schema.include(path_regex=r"\{id\}").parametrize()
@made_up
def test_every_answer_about_a_real_import_is_a_described_one(case: Any, app: LiveService, book: int) -> None:
    # Another import is there to be erased: other tests need the book.
    erased = case.method.upper() == "DELETE"
    case.path_parameters = {"id": app.begin() if erased else book}
    check(case, app, app.pair.basic.removeprefix("Authorization: "))


@pytest.mark.parametrize("way", ["import", "user_consent"])
def test_a_real_beginning_is_a_described_one(app: LiveService, stranger: str, way: str) -> None:
    operation = schema[f"/begin_import/{way}"]
    posted = operation["POST"].Case(body=app.account(), media_type="application/x-www-form-urlencoded")
    assert check(posted, app, stranger).status_code == 200
    got = operation["GET"].Case(query=app.account())
    assert check(got, app, stranger).status_code == 200
