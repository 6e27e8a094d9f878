"""A caller who guesses another domain's import learns nothing, not even whether it exists."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.faults.book_server import BookServer
from tests.faults.cluster import Application, Cluster
from tests.postgres import Postgres


class Two(NamedTuple):
    """Two domains on one PostgreSQL; `import_id` is the first one's import, complete, `unknown` is nobody's."""

    cluster: Cluster
    owner: Application
    guesser: Application
    import_id: int
    unknown: int


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("guessing")
    with Postgres() as postgres, BookServer(100) as books:
        url = postgres.create()
        with Cluster(folder, database_url=url, workers=1) as cluster:
            owner, guesser = cluster.application("owner"), cluster.application("guesser")
            import_id = owner.begin(books, "alice")
            owner.end(import_id)
            # As many digits, so that answers that name the number have the same length.
            yield Two(cluster, owner, guesser, import_id, import_id ^ 1)


def raw(two: Two, who: Application, method: str, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers but for the ones that differ from answer to answer, and body."""
    connection = HTTPConnection(urlsplit(two.cluster.apis[0].url).netloc, timeout=60)
    try:
        connection.request(method, path, headers=who.headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    passing = {"date", "x-request-id"}
    return answer.status, [row for row in answer.getheaders() if row[0].lower() not in passing], body


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/events/{}"),
        ("GET", "/events/{}.xml"),
        ("GET", "/events.json/{}"),
        ("GET", "/events/{}?wait=5"),
        ("GET", "/events/{}?callback=fn&{pair}"),
        ("GET", "/events/{}/stream"),
        ("HEAD", "/events/{}"),
        ("GET", "/contacts/{}"),
        ("GET", "/contacts/{}.xml"),
        ("GET", "/contacts/{}.vcf"),
        ("GET", "/contacts/{}.csv"),
        ("GET", "/contacts/{}.ndjson"),
        ("GET", "/contacts.json/{}"),
        ("HEAD", "/contacts/{}"),
        ("GET", "/imports/{}"),
        ("GET", "/imports/{}.xml"),
        ("DELETE", "/imports/{}"),
    ],
)
def test_another_domains_import_looks_like_none(two: Two, method: str, path: str) -> None:
    pair = two.guesser.in_query
    foreign = raw(two, two.guesser, method, path.format(two.import_id, pair=pair))
    unknown = raw(two, two.guesser, method, path.format(two.unknown, pair=pair))
    assert foreign == unknown
    # Where a script's callback is to run it is told inside (docs/wire.md).
    assert foreign[0] == (200 if "callback" in path else 401)
    assert str(two.import_id).encode() not in foreign[2]


def test_nothing_has_happened_to_it(two: Two) -> None:
    for path in ("/imports/{}", "/imports/{}.json"):
        raw(two, two.guesser, "DELETE", path.format(two.import_id))
    assert len(two.owner.addresses(two.import_id)) == 100
