"""Access: the key pair in its two places, and answers that give others no information."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import urlencode

import pytest

from contactport.store import domains
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.stored_imports import StoredImports


def arguments(pair: KeyPair) -> str:
    return f"domain_key={pair.domain_key}&domain_password={pair.domain_password}"


async def test_the_pair_may_come_by_basic_or_as_arguments(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    path = f"/events/{stored.waiting()}"
    assert (await ask(wire(), "GET", path, headers=basic(pair))).status == 200
    assert (await ask(wire(), "GET", path, query=arguments(pair))).status == 200


@pytest.mark.parametrize("password", ["q7:Rt+9/u%W2=x&Kd?_f", "Größe, Maß & 12 Eulen"])
async def test_a_pair_that_an_application_brought_along_works_both_ways(
    wire: Build, store: Store, password: str
) -> None:
    store.database.write_now(domains.add, "moved", key="X5A7SRJSE62DRDQNBZFJ", password=password)
    pair = KeyPair("X5A7SRJSE62DRDQNBZFJ", password)
    query = urlencode({"domain_key": pair.domain_key, "domain_password": pair.domain_password})
    begin = "/begin_import/import.json"
    for answer in (
        await ask(wire(), "GET", begin, headers=basic(pair)),
        await ask(wire(), "GET", begin, query=query),
        await ask(wire(), "POST", begin, query=query),
    ):
        assert answer.status == 200
    wrong = KeyPair(pair.domain_key, f"{password}x")
    assert (await ask(wire(), "GET", begin, headers=basic(wrong))).status == 401


async def test_basic_wins_over_arguments(
    wire: Build, pair: KeyPair, other: KeyPair, stored: StoredImports
) -> None:
    path = f"/events/{stored.waiting()}"
    assert (await ask(wire(), "GET", path, query=arguments(other), headers=basic(pair))).status == 200
    assert (await ask(wire(), "GET", path, query=arguments(pair), headers=basic(other))).status == 401


async def test_the_scheme_is_read_whatever_its_case(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    word = basic(pair)["Authorization"].removeprefix("Basic")
    answer = await ask(
        wire(), "GET", f"/events/{stored.waiting()}", headers={"Authorization": f"bAsIc {word}"}
    )
    assert answer.status == 200


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"\xff:x").decode(),
    ],
)
async def test_a_broken_header_is_refused_though_the_arguments_are_right(
    wire: Build, pair: KeyPair, stored: StoredImports, header: str
) -> None:
    path = f"/events/{stored.waiting()}"
    answer = await ask(wire(), "GET", path, query=arguments(pair), headers={"Authorization": header})
    assert (answer.status, answer.json()["error"]["code"]) == (401, 1)


async def test_another_scheme_leaves_it_to_the_arguments(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    path = f"/events/{stored.waiting()}"
    answer = await ask(wire(), "GET", path, query=arguments(pair), headers={"Authorization": "Bearer x"})
    assert answer.status == 200


@pytest.mark.parametrize(
    "path", ["/events/{}", "/contacts/{}", "/imports/{}", "/events.xml/{}", "/contacts/{}.vcf"]
)
async def test_an_import_of_another_domain_answers_as_one_that_there_is_not(
    wire: Build, other: KeyPair, stored: StoredImports, path: str
) -> None:
    real, unreal = stored.complete([]), 2_147_483_647
    foreign = await ask(wire(), "GET", path.format(real), headers=basic(other))
    unknown = await ask(wire(), "GET", path.format(unreal), headers=basic(other))
    assert (foreign.status, foreign.body) == (unknown.status, unknown.body) == (401, foreign.body)
    for answer in (foreign, unknown):
        del answer.headers["x-request-id"]
    assert foreign.headers == unknown.headers


@pytest.mark.parametrize("name", ["0", "-1", "abc", "2147483648", "99999999999999999999", "%00", "٣", "1e3"])
async def test_what_can_be_no_id_is_an_unknown_import(wire: Build, pair: KeyPair, name: str) -> None:
    answer = await ask(wire(), "GET", f"/events/{name}", headers=basic(pair))
    assert (answer.status, answer.json()["error"]["code"]) == (401, 1)


async def test_where_the_browser_says_that_another_site_asks_basic_does_not_count(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    path = f"/events/{stored.waiting()}"
    crossing = {"Sec-Fetch-Site": "cross-site"}
    assert (await ask(wire(), "GET", path, headers=basic(pair) | crossing)).status == 401
    assert (await ask(wire(), "GET", path, headers=crossing, query=arguments(pair))).status == 200
    for site in ("same-origin", "same-site", "none"):
        assert (await ask(wire(), "GET", path, headers=basic(pair) | {"Sec-Fetch-Site": site})).status == 200


async def test_for_jsonp_basic_does_not_count_either(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    path = f"/events/{stored.waiting()}"
    refused = await ask(wire(), "GET", path, query="callback=f", headers=basic(pair))
    assert refused.body.startswith(b'f({"status":"failure","error":{"code":1,')
    assert "www-authenticate" not in refused.headers
    told = await ask(wire(), "GET", path, query=f"callback=f&{arguments(pair)}")
    assert told.body.startswith(b'f({"events":[')


async def test_the_former_password_works_while_it_may(
    store: Store, wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    path = f"/events/{stored.waiting()}"
    fresh = store.database.write_now(domains.rotate, "shop", 60)
    for one in (pair, fresh):
        assert (await ask(wire(), "GET", path, headers=basic(one))).status == 200
    newest = store.database.write_now(domains.rotate, "shop", 0)
    assert (await ask(wire(), "GET", path, headers=basic(fresh))).status == 401
    assert (await ask(wire(), "GET", path, headers=basic(newest))).status == 200
