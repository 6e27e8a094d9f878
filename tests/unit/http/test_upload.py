"""Files that come by the API: as the body, or as a field of a form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette

from contactport.imports import upload
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from contactport.store.schema import event, import_, upload_piece
from tests.unit.http.asgi import AsgiResponse, ask, basic
from tests.unit.http.conftest import Build

CSV = b"First Name,Last Name,E-mail\r\nAda,Lovelace,ada@example.org\r\n"
FORM = {"Content-Type": "multipart/form-data; boundary=xyz"}


def part(name: str, value: bytes, filename: str = "") -> bytes:
    named = f'; filename="{filename}"' if filename else ""
    return f'--xyz\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + value + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--xyz--\r\n"


async def send(
    application: Starlette,
    pair: KeyPair,
    content: bytes,
    query: str = "",
    headers: dict[str, str] | None = None,
) -> AsgiResponse:
    return await ask(
        application,
        "POST",
        "/begin_import/upload",
        query=query,
        content=content,
        headers={**basic(pair), **(headers or {})},
    )


def imports(store: Store) -> list[tuple[str, str, int | None]]:
    """Service, state and code of each import."""
    return [
        (one.service, one.state, one.code)
        for one in store.database.read_now(
            lambda connection: connection.execute(
                select(import_.c.service, import_.c.state, import_.c.code)
            ).all()
        )
    ]


def kept(store: Store) -> int:
    return store.database.read_now(
        lambda connection: connection.execute(select(func.count()).select_from(upload_piece)).scalar_one()
    )


async def test_the_body_is_the_file_and_the_query_has_the_arguments(
    wire: Build, pair: KeyPair, store: Store
) -> None:
    answer = await send(wire(), pair, CSV, "user_id=u7&echo=e&service=outlook")
    begun = answer.json()
    assert (answer.status, begun["status"], begun["user_id"], begun["echo"]) == (200, "success", "u7", "e")
    assert begun["import_id"] == begun["id"]
    assert imports(store) == [("outlook", "waiting", None)]
    assert kept(store) == 1


async def test_a_form_has_the_arguments_before_the_file(wire: Build, pair: KeyPair, store: Store) -> None:
    sent = form(
        part("domain_key", pair.domain_key.encode()),
        part("domain_password", pair.domain_password.encode()),
        part("user_id", b"u7"),
        part("file", CSV, "contacts.csv"),
        part("unknown", b"is ignored, as elsewhere"),
    )
    answer = await ask(wire(), "POST", "/begin_import/upload.json", content=sent, headers=FORM)
    assert (answer.status, answer.json()["user_id"]) == (200, "u7")
    assert imports(store) == [("csv", "waiting", None)]


async def test_the_answer_may_be_xml(wire: Build, pair: KeyPair) -> None:
    answer = await ask(wire(), "POST", "/begin_import/upload.xml", content=CSV, headers=basic(pair))
    assert answer.status == 200
    assert b"<import-id" in answer.body


async def test_an_argument_after_the_file_is_refused_and_nothing_is_kept(
    wire: Build, pair: KeyPair, store: Store
) -> None:
    answer = await send(wire(), pair, form(part("file", CSV, "a.csv"), part("user_id", b"u7")), headers=FORM)
    assert answer.status == 400
    assert "`user_id` came after it" in answer.json()["error"]["message"]
    # The file is shorter than what shows its kind, so no import was made yet.
    assert imports(store) == []
    assert kept(store) == 0


@pytest.mark.parametrize("headers", [{}, FORM])
async def test_a_wrong_key_pair_keeps_nothing(
    wire: Build, pair: KeyPair, store: Store, headers: dict[str, str]
) -> None:
    content = form(part("file", CSV, "a.csv")) if headers else CSV
    wrong = KeyPair(pair.domain_key, "wrong")
    assert (await send(wire(), wrong, content, headers=headers)).status == 401
    assert imports(store) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (b"%PDF-1.7\n" + b"x" * 1000, "This is a PDF document"),
        (b"\xff\xd8\xff" + b"x" * 200_000, "This is a picture (JPEG)"),
    ],
)
async def test_a_file_of_another_kind_ends_the_import_at_once(
    wire: Build, pair: KeyPair, store: Store, content: bytes, words: str
) -> None:
    application = wire()
    answer = await send(application, pair, content)
    assert answer.status == 200
    events = await ask(application, "GET", f"/events/{answer.json()['import_id']}", headers=basic(pair))
    last = events.json()["events"][-1]
    assert (last["event_type"], last["status"], last["value"]) == ("COMPLETE", "ERROR", 1025)
    assert words in last["description"]
    assert kept(store) == 0


async def test_a_length_over_the_limit_is_refused_before_anything_is_read(
    wire: Build, pair: KeyPair, store: Store
) -> None:
    headers = {"Content-Length": "1001"}
    # The body is not there: nobody asks for it.
    answer = await send(wire(upload_bytes=1000), pair, b"", headers=headers)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert "too large" in answer.json()["error"]["message"]
    assert imports(store) == []


async def test_a_file_that_grows_over_the_limit_is_cut_off(wire: Build, pair: KeyPair, store: Store) -> None:
    rows = CSV + b"Ben,Bell,ben@example.org\r\n" * 20_000
    answer = await send(wire(upload_bytes=300_000), pair, rows)
    assert answer.status == 413
    assert kept(store) == 0


async def test_a_form_that_ends_in_the_middle_keeps_nothing(wire: Build, pair: KeyPair, store: Store) -> None:
    whole = form(part("file", CSV + b"Ben,Bell,b@example.org\r\n" * 10_000, "a.csv"))
    answer = await send(wire(), pair, whole[:-20], headers=FORM)
    assert answer.status == 400
    assert kept(store) == 0
    assert [state for _, state, _ in imports(store)] == ["failed"]


async def test_a_form_without_a_file_says_so(wire: Build, pair: KeyPair) -> None:
    answer = await send(wire(), pair, form(part("user_id", b"u7")), headers=FORM)
    assert answer.status == 400
    assert "field `file`" in answer.json()["error"]["message"]


def _many_parts() -> Iterator[bytes]:
    yield from (part(f"a{number}", b"") for number in range(2000))


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(form(*_many_parts(), part("file", CSV, "a.csv")), 400, id="thousands of parts"),
        pytest.param(form(part("file", CSV, "a.csv"), *_many_parts()), 400, id="thousands of parts later"),
        pytest.param(b"--xyz\r\n" + b"X-A: b\r\n" * 50_000, 400, id="endless heads"),
        pytest.param(b"--xyz\r\nX-A: " + b"b" * 500_000, 400, id="an endless head"),
        pytest.param(form(part("note", b"x" * 200_000), part("file", CSV, "a.csv")), 413, id="a long field"),
        pytest.param(
            form(part("file", CSV, "a.csv"), part("n", b"x" * 200_000)), 413, id="a long late field"
        ),
        pytest.param(b"\r\n--xy" * 50_000, 400, id="boundaries that are none"),
        pytest.param(b"--xyz--\r\n" + b"x" * 200_000, 400, id="an end at once"),
    ],
)
async def test_a_hostile_form_is_refused_and_nothing_is_kept(
    wire: Build, pair: KeyPair, store: Store, content: bytes, status: int
) -> None:
    answer = await send(wire(), pair, content, headers=FORM)
    assert answer.status in (status, 413), answer.body
    assert kept(store) == 0
    assert "waiting" not in [state for _, state, _ in imports(store)]


async def test_a_boundary_in_the_file_is_no_end(wire: Build, pair: KeyPair, store: Store) -> None:
    tricky = CSV + b"--xy,z,e@example.org\r\n-- xyz--,,f@example.org\r\n"
    answer = await send(wire(), pair, form(part("file", tricky, "a.csv")), headers=FORM)
    assert answer.status == 200
    assert kept(store) == 1


async def test_a_domain_may_send_so_many_files_at_once(
    wire: Build, pair: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "AT_ONCE", 0)
    answer = await send(wire(), pair, CSV)
    assert (answer.status, answer.headers["retry-after"]) == (429, "10")


async def test_a_full_disk_takes_no_file(wire: Build, pair: KeyPair, store: Store) -> None:
    store.database.reserve.full = True
    assert (await send(wire(), pair, CSV)).status == 503
    assert imports(store) == []


async def test_the_file_is_sealed_and_gone_with_the_import(wire: Build, pair: KeyPair, store: Store) -> None:
    application = wire()
    begun = (await send(application, pair, CSV)).json()["import_id"]
    boxes = store.database.read_now(
        lambda connection: connection.execute(select(upload_piece.c.sealed_data)).scalars().all()
    )
    assert not any(b"Lovelace" in box for box in boxes)
    assert (await ask(application, "DELETE", f"/imports/{begun}", headers=basic(pair))).status == 204
    assert kept(store) == 0
    assert store.database.read_now(
        lambda connection: connection.execute(select(func.count(event.c.import_id))).scalar_one()
    )
