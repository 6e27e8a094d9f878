"""The records that could not be read, as one file, for the import's domain."""

from __future__ import annotations

import io
import zipfile

import pytest

from contactport.batch import KEPT, KEPT_BYTES, Batch
from contactport.contact import Contact, Reject, RejectedRecord
from contactport.errors import Code
from contactport.store import endings
from contactport.store.domains import KeyPair
from contactport.store.open import Store
from tests.unit.http.asgi import ask, basic
from tests.unit.http.conftest import Build
from tests.unit.http.stored_imports import StoredImports

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nEND:VCARD\r\n"


def reject(n: int, data: bytes = CARD, format_: str = "vcf", head: bytes = b"") -> Reject:
    return Reject(f"/b/{n}.vcf", "why", RejectedRecord(data, format_, head))


async def test_they_come_as_one_file_and_the_report_says_which_are_in_it(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    rejects = [reject(1), Reject("/b/gone.vcf", "gone"), reject(2, CARD.replace(b"3.0", b"2.1"))]
    one = stored.complete([Contact()], rejects=rejects)
    answer = await ask(wire(), "GET", f"/imports/{one}/rejects", headers=basic(pair))
    assert answer.status == 200
    assert answer.body == CARD + CARD.replace(b"3.0", b"2.1")
    assert answer.headers["content-type"] == "text/vcard; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="import-{one}-rejects.vcf"'
    assert answer.headers["cache-control"] == "no-store"
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert [each["raw"] for each in body["rejects"]] == [True, False, True]
    head = await ask(wire(), "HEAD", f"/imports/{one}/rejects/", headers=basic(pair))
    assert (head.status, head.body, head.headers["content-type"]) == (200, b"", "text/vcard; charset=utf-8")


async def test_several_formats_and_tables_come_in_an_archive(
    wire: Build, pair: KeyPair, stored: StoredImports
) -> None:
    rejects = [
        *(reject(1, b",,1", "csv", b"A,B,C\r\n"), reject(2), reject(3, b",2", "csv", b"A,B\r\n")),
        *(reject(4, b",,4", "csv", b"A,B,C\r\n"), reject(5, b'{"a":1}', "json")),
    ]
    one = stored.complete([], rejects=rejects)
    answer = await ask(wire(), "GET", f"/imports/{one}/rejects", headers=basic(pair))
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].endswith('-rejects.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            "rejects-1.csv": b"A,B,C\r\n,,1\n,,4\n",
            "rejects-2.vcf": CARD,
            "rejects-3.csv": b"A,B\r\n,2\n",
            "rejects-4.json": b'[\n{"a":1}\n]\n',
        }


async def test_those_of_a_failed_import_are_there_and_none_is_204(
    wire: Build, pair: KeyPair, stored: StoredImports, store: Store
) -> None:
    running = stored.running()
    stored.store(running, Batch(rejects=[reject(1)], found=1))
    early = await ask(wire(), "GET", f"/imports/{running.id}/rejects", headers=basic(pair))
    assert (early.status, early.json()["error"]["code"]) == (404, 528)
    store.database.write_now(endings.fail, running.id, int(Code.UNAVAILABLE), "It is down.")
    answer = await ask(wire(), "GET", f"/imports/{running.id}/rejects", headers=basic(pair))
    assert (answer.status, answer.body) == (200, CARD)
    one = stored.complete([Contact()], rejects=[Reject("/b/gone.vcf", "gone")])
    none = await ask(wire(), "GET", f"/imports/{one}/rejects", headers=basic(pair))
    assert (none.status, none.body) == (204, b"")


async def test_they_are_gone_with_the_import_and_nobody_else_s(
    wire: Build, pair: KeyPair, stored: StoredImports, store: Store
) -> None:
    one = stored.complete([], rejects=[reject(1)])
    path = f"/imports/{one}/rejects"
    assert (await ask(wire(), "GET", path)).status == 401
    other = KeyPair(pair.domain_key, "wrong")
    assert (await ask(wire(), "GET", path, headers=basic(other))).status == 401
    assert (await ask(wire(), "GET", "/imports/999/rejects", headers=basic(pair))).status == 401
    called = await ask(wire(), "GET", path, query="callback=f", headers=basic(pair))
    assert called.body == CARD
    store.ring.destroy_before(store.ring.add().id)
    lost = await ask(wire(), "GET", path, headers=basic(pair))
    assert lost.status == 410
    assert "key" in lost.json()["error"]["message"]
    await ask(wire(), "DELETE", f"/imports/{one}", headers=basic(pair))
    assert (await ask(wire(), "GET", path, headers=basic(pair))).status == 410


@pytest.mark.parametrize(("count", "size", "kept"), [(KEPT + 5, 10, KEPT), (20, 1024**2, 15)])
async def test_a_thousand_of_them_and_16_mib_at_most_are_kept(
    wire: Build, pair: KeyPair, stored: StoredImports, count: int, size: int, kept: int
) -> None:
    rejects = [reject(n, b"x" * size) for n in range(count)]
    one = stored.complete([], rejects=rejects)
    body = (await ask(wire(), "GET", f"/imports/{one}", headers=basic(pair))).json()
    assert body["ledger"]["rejected"] == count
    assert sum(each["raw"] for each in body["rejects"]) == kept
    answer = await ask(wire(), "GET", f"/imports/{one}/rejects", headers=basic(pair))
    assert answer.body.count(b"\n") == kept
    assert len(answer.body) <= KEPT_BYTES
