"""CORS: which pages may read the wire's answers in a browser."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette

from contactport.store import domains
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from tests.unit.http.asgi import AsgiResponse, ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.stored_imports import StoredImports

SHOP = "https://shop.example"


@pytest.fixture
def listed(store: Store, pair: KeyPair) -> None:
    """The domain of `pair` lists one origin."""
    store.database.write_now(domains.change, "shop", origins=(SHOP,))


def arguments(pair: KeyPair) -> str:
    return f"domain_key={pair.domain_key}&domain_password={pair.domain_password}"


def readable_by(answer: AsgiResponse) -> str | None:
    assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers
    return answer.headers.get("access-control-allow-origin")


async def from_page(application: Starlette, path: str, origin: str, query: str) -> AsgiResponse:
    headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
    return await ask(application, "GET", path, query=query, headers=headers)


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/events/{}", 200),
        ("/events.xml/{}", 200),
        ("/contacts/{}", 404),
        ("/imports/{}/", 200),
        ("/services.json", 200),
        ("/events/999", 401),
        ("/events/{}.pdf", 404),
    ],
)
async def test_a_listed_page_may_read_answers_and_errors(
    wire: Build, pair: KeyPair, stored: StoredImports, path: str, status: int
) -> None:
    answer = await from_page(wire(), path.format(stored.waiting()), SHOP, arguments(pair))
    assert answer.status == status
    if path != "/events/{}.pdf":  # refused before anybody asks whose it is
        assert readable_by(answer) == SHOP
        assert "retry-after" in answer.headers["access-control-expose-headers"]


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://shop.example", "https://a.shop.example"]
)
async def test_another_page_may_read_nothing(
    wire: Build, pair: KeyPair, stored: StoredImports, origin: str
) -> None:
    application, one = wire(), stored.waiting()
    for path in (f"/events/{one}", f"/contacts/{one}", f"/imports/{one}", "/services.json"):
        assert readable_by(await from_page(application, path, origin, arguments(pair))) is None


async def test_a_domain_that_lists_none_has_none(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    answer = await from_page(wire(), f"/events/{stored.waiting()}", SHOP, arguments(pair))
    assert (answer.status, readable_by(answer)) == (200, None)


@pytest.mark.usefixtures("listed")
async def test_an_origin_counts_for_its_own_domain_alone(
    wire: Build, pair: KeyPair, other: KeyPair, stored: StoredImports
) -> None:
    application, one = wire(), stored.waiting()
    assert readable_by(await from_page(application, f"/events/{one}", SHOP, arguments(other))) is None
    assert readable_by(await from_page(application, "/services.json", SHOP, arguments(other))) is None
    for query in ("", arguments(KeyPair(pair.domain_key, "wrong"))):
        answer = await from_page(application, "/services.json", SHOP, query)
        assert (answer.status, readable_by(answer)) == (200, None)


@pytest.mark.usefixtures("listed")
async def test_a_page_may_not_begin_or_erase(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    application, one = wire(), stored.waiting()
    headers = {"Origin": SHOP}
    query = arguments(pair)
    begun = await ask(application, "GET", "/begin_import/import", query=query, headers=headers)
    erased = await ask(application, "DELETE", f"/imports/{one}", query=query, headers=headers)
    assert (begun.status, erased.status) == (200, 204)
    for answer in (begun, erased):
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.usefixtures("listed")
async def test_a_preflight_tells_nobody_who_is_listed(wire: Build, stored: StoredImports) -> None:
    application, path = wire(), f"/events/{stored.waiting()}"
    answers: list[AsgiResponse] = []
    for origin in (SHOP, "https://evil.example"):
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        answer = await ask(application, "OPTIONS", path, headers=headers)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, origin)
        del answer.headers["access-control-allow-origin"], answer.headers["x-request-id"]
        answers.append(answer)
    assert answers[0] == answers[1]
    assert answers[0].headers["access-control-allow-methods"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("path", "origin", "method"),
    [
        ("/imports/1", SHOP, "DELETE"),
        ("/begin_import/import", SHOP, "POST"),
        ("/begin_import/import", SHOP, "GET"),
        ("/events/1", "null", "GET"),
        ("/docs", SHOP, "GET"),
        ("/n/VTGHPM3", SHOP, "GET"),
    ],
)
async def test_no_other_preflight_is_granted(wire: Build, path: str, origin: str, method: str) -> None:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    answer = await ask(wire(), "OPTIONS", path, headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_without_an_origin_nothing_changes(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    answer = await ask(wire(), "GET", f"/events/{stored.waiting()}", headers=basic(pair))
    assert "vary" not in answer.headers
