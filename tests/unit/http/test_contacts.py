"""Step 3 at the wire: which contacts, in which form, and when there are none."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from xml.etree import ElementTree

import pytest

from contactport.contact import Contact, Email, Group, Name, Photo
from contactport.errors import Code
from contactport.formats import vcard
from contactport.http.wire.contacts import PIECE_BYTES
from contactport.store.domains import KeyPair
from tests.unit.http.asgi import AsgiResponse, ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.stored_imports import StoredImports


def people(count: int) -> list[Contact]:
    return [
        Contact(uid=str(n), name=Name(given=f"N{n}"), emails=[Email(f"{n}@x.example")]) for n in range(count)
    ]


async def get(wire: Build, pair: KeyPair, path: str, query: str = "", method: str = "GET") -> AsgiResponse:
    return await ask(wire(), method, path, query=query, headers=basic(pair))


@pytest.mark.parametrize(
    ("query", "start", "names"),
    [
        ("", 0, ["N0", "N1", "N2", "N3", "N4"]),
        ("count=2", 0, ["N0", "N1", "N2", "N3", "N4"]),
        ("count=nonsense", 0, ["N0", "N1", "N2", "N3", "N4"]),
        ("start=1", 1, ["N1", "N2", "N3", "N4"]),
        ("start=1&count=0", 1, ["N1", "N2", "N3", "N4"]),
        ("start=1&count=2", 1, ["N1", "N2"]),
        ("start=4&count=9", 4, ["N4"]),
        ("start=0&count=1", 0, ["N0"]),
        ("start=5", 5, []),
        ("start=9999999999&count=9999999999", 9999999999, []),
    ],
)
async def test_a_part_of_the_book(
    wire: Build, pair: KeyPair, stored: StoredImports, query: str, start: int, names: list[str]
) -> None:
    one = stored.complete(people(5))
    body = (await get(wire, pair, f"/contacts/{one}", query)).json()
    assert [contact["first_name"] for contact in body["contacts"]] == names
    assert (body["start"], body["count"], body["total"]) == (start, len(names), 5)


@pytest.mark.parametrize("query", ["start=-1", "start=x", "start=1&count=-1", "start=1&count=1.5"])
async def test_what_is_no_number_is_refused(
    wire: Build, pair: KeyPair, stored: StoredImports, query: str
) -> None:
    answer = await get(wire, pair, f"/contacts/{stored.complete([])}", query)
    assert (answer.status, answer.json()["error"]["code"]) == (400, 2)


async def test_the_body_is_the_contract_s(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    one = stored.complete(people(1), user_id="u", username="ada@x.example")
    body = (await get(wire, pair, f"/contacts/{one}", "echo=e")).json()
    assert list(body) == [
        "contacts",
        "contacts_owner",
        "start",
        "count",
        "total",
        "import_id",
        "user_id",
        "id",
        "echo",
    ]
    assert (body["import_id"], body["user_id"], body["id"], body["echo"]) == (one, "u", one, "e")
    owner = body["contacts_owner"]
    assert (owner["first_name"], owner["owner"]) == ("", True)
    assert owner["email"] == [{"address": "ada@x.example", "type": "Other"}]


async def test_the_owner_s_own_card_is_the_owner(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    card = Contact(uid="me", name=Name(given="Ada", family="L"), emails=[Email("ada@x.example", ("HOME",))])
    body = (await get(wire, pair, f"/contacts/{stored.complete([card], owner=card)}")).json()
    owner = body["contacts_owner"]
    assert (owner["first_name"], owner["last_name"], owner["external_id"]) == ("Ada", "L", "me")
    assert body["contacts"][0]["first_name"] == "Ada"


async def test_groups_are_told_in_every_shape(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    one = stored.complete(people(2), groups=[Group("Club", "g", ["1"])])
    body = (await get(wire, pair, f"/contacts/{one}")).json()
    assert [contact["groups"] for contact in body["contacts"]] == [[], ["Club"]]
    cards = (await get(wire, pair, f"/contacts/{one}.vcf")).body
    assert [card.categories for card in vcard.read([cards]) if isinstance(card, Contact)] == [[], ["Club"]]
    rows = list(csv.DictReader(io.StringIO((await get(wire, pair, f"/contacts/{one}.csv")).body.decode())))
    assert "Club" not in rows[0]["Labels"]
    assert "Club" in rows[1]["Labels"]
    lines = (await get(wire, pair, f"/contacts/{one}.ndjson")).body.splitlines()
    assert [json.loads(line)["groups"] for line in lines] == [[], ["Club"]]
    root = ElementTree.fromstring((await get(wire, pair, f"/contacts/{one}.xml")).body)
    assert [group.text for group in root.iter("group")] == ["Club"]


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1234])
async def test_every_shape_holds_every_contact_once(
    wire: Build, pair: KeyPair, stored: StoredImports, count: int
) -> None:
    one = stored.complete(people(count))
    names = [f"N{n}" for n in range(count)]

    body = await get(wire, pair, f"/contacts/{one}")
    assert [contact["first_name"] for contact in body.json()["contacts"]] == names
    jsonp = (await get(wire, pair, f"/contacts/{one}", pair_query(pair, "callback=f"))).body
    assert json.loads(jsonp.removeprefix(b"f(").removesuffix(b")")) == body.json()
    root = ElementTree.fromstring((await get(wire, pair, f"/contacts/{one}.xml")).body)
    assert [contact.findtext("first-name") for contact in root.findall("contacts/contact")] == names
    assert [inner.get("type") for inner in root.findall("contacts")] == ["array"]
    lines = (await get(wire, pair, f"/contacts/{one}.ndjson")).body.splitlines()
    assert [json.loads(line)["first_name"] for line in lines] == names
    cards = (await get(wire, pair, f"/contacts/{one}.vcf")).body
    assert [card.name.given for card in vcard.read([cards]) if isinstance(card, Contact)] == names
    table = (await get(wire, pair, f"/contacts/{one}.csv")).body.decode()
    assert [row["First Name"] for row in csv.DictReader(io.StringIO(table))] == names


def pair_query(pair: KeyPair, rest: str) -> str:
    return f"domain_key={pair.domain_key}&domain_password={pair.domain_password}&{rest}"


@pytest.mark.parametrize(
    ("ending", "media_type"),
    [
        ("", "application/json; charset=utf-8"),
        (".json", "application/json; charset=utf-8"),
        (".xml", "application/xml; charset=utf-8"),
        (".vcf", "text/vcard; charset=utf-8"),
        (".csv", "text/csv; charset=utf-8; header=present"),
        (".ndjson", "application/x-ndjson; charset=utf-8"),
    ],
)
async def test_each_shape_says_what_it_is_and_head_says_no_more(
    wire: Build, pair: KeyPair, stored: StoredImports, ending: str, media_type: str
) -> None:
    path = f"/contacts/{stored.complete(people(3))}{ending}"
    for method in ("GET", "HEAD"):
        answer = await get(wire, pair, path, method=method)
        assert (answer.status, answer.headers["content-type"]) == (200, media_type)
        assert answer.headers["cache-control"] == "no-store"
    assert answer.body == b""


async def test_a_big_book_comes_in_pieces(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    answer = await get(wire, pair, f"/contacts/{stored.complete(people(6000))}")
    assert len(answer.pieces) > 20
    assert max(map(len, answer.pieces)) < len(answer.body) / 10
    assert "content-length" not in answer.headers
    assert answer.whole


@pytest.mark.parametrize("ending", ["", ".json", ".xml", ".vcf", ".csv", ".ndjson"])
async def test_a_piece_is_no_bigger_than_its_limit_and_one_contact(
    wire: Build, pair: KeyPair, stored: StoredImports, ending: str
) -> None:
    """However much bigger than what is stored the answer is: here 400 contacts with two long names of groups each."""
    names = ["a" * 50_000, "b" * 50_000]
    some = people(400)
    groups = [Group(name, name[:1], [one.uid for one in some]) for name in names]
    answer = await get(wire, pair, f"/contacts/{stored.complete(some, groups=groups)}{ending}")
    assert answer.whole
    assert len(answer.body) > 400 * 100_000
    # In vCard 3.0 lines are folded, in the wire's JSON nothing is longer than it was.
    assert max(map(len, answer.pieces)) < PIECE_BYTES + 110_000


async def test_a_book_with_pictures_comes_in_smaller_ones(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    picture = Photo("image/png", b"x" * 30_000)
    people_ = [Contact(uid=str(n), photos=[picture]) for n in range(40)]
    answer = await get(wire, pair, f"/contacts/{stored.complete(people_, include=['photo'])}")
    assert max(map(len, answer.pieces)) < len(answer.body) / 8
    assert len(answer.json()["contacts"]) == 40


async def test_a_book_purged_while_it_is_sent_breaks_off(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    one = stored.complete(people(6000), retention=0)
    answer = await ask(
        wire(), "GET", f"/contacts/{one}", headers=basic(pair), heard=lambda piece: stored.purge()
    )
    assert answer.status == 200
    assert not answer.whole
    assert b"contacts_owner" not in answer.body


async def test_others_get_their_turn_while_a_big_book_is_made(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    book, small = stored.complete(people(6000)), stored.waiting()
    application, path = wire(), f"/events/{small}"
    order: list[str] = []
    polls: list[asyncio.Task[None]] = []

    async def poll() -> None:
        await ask(application, "GET", path, headers=basic(pair))
        order.append("events")

    def poll_once(_piece: bytes) -> None:
        if not polls:
            polls.append(asyncio.ensure_future(poll()))

    await ask(application, "GET", f"/contacts/{book}", headers=basic(pair), heard=poll_once)
    order.append("contacts")
    await polls[0]
    assert order == ["events", "contacts"]


async def test_before_the_end_there_is_nothing_yet(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    answer = await get(wire, pair, f"/contacts/{stored.waiting(user_id='u')}", "echo=e")
    body = answer.json()
    assert (answer.status, body["error"]["code"], body["user_id"], body["echo"]) == (404, 528, "u", "e")


async def test_a_failed_import_says_why(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    answer = await get(wire, pair, f"/contacts/{stored.failed(Code.WRONG_PASSWORD, 'It wants another.')}")
    assert (answer.status, answer.json()["error"]) == (404, {"code": 263, "message": "It wants another."})


@pytest.mark.parametrize("ending", ["", ".xml", ".vcf", ".csv", ".ndjson"])
async def test_after_the_purge_they_are_gone(
    wire: Build, pair: KeyPair, stored: StoredImports, ending: str
) -> None:
    imports = [stored.complete(people(3), retention=0), stored.failed(Code.TIMEOUT, retention=0)]
    stored.purge()
    for one in imports:
        answer = await get(wire, pair, f"/contacts/{one}{ending}")
        assert answer.status == 410
        assert b'"code":2' in answer.body or b'<code type="integer">2</code>' in answer.body
        assert b"deleted" in answer.body


async def test_until_then_they_may_be_fetched_again(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    path = f"/contacts/{stored.complete(people(3))}"
    assert (await get(wire, pair, path)).body == (await get(wire, pair, path)).body


async def test_an_unknown_shape_is_not_found(wire: Build, pair: KeyPair, stored: StoredImports) -> None:
    answer = await get(wire, pair, f"/contacts/{stored.complete([])}.pdf")
    assert answer.status == 404
    assert "json, xml, vcf, csv, ndjson" in answer.json()["error"]["message"]
