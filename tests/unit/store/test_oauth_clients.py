"""OAuth clients: whose they are, sealed for years, and lost with the ring."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from contactport.store import domains, oauth_clients, ring_binding, ring_recovery, rotation
from contactport.store.domains import Domain
from contactport.store.oauth_clients import OAuthClientError, StoredClient
from contactport.store.open import Store, open_store
from contactport.store.ring_binding import Loss
from contactport.store.schema import oauth_client
from contactport.store.vault import SealBroken

SECRET = "secret-canary-71"
INSTALLATION = (None, "google", "")


def put(store: Store, owner: oauth_clients.Owner = INSTALLATION, **values: Any) -> StoredClient:
    given: dict[str, Any] = {"client_id": "id", "secret": SECRET, **values}
    return store.database.write_now(oauth_clients.put, store.ring, owner, **given)


def found(store: Store, owner: oauth_clients.Owner = INSTALLATION) -> StoredClient:
    one = store.database.read_now(oauth_clients.find, store.ring, owner)
    assert one is not None
    return one


def test_a_client_comes_back_as_it_was_set(store: Store) -> None:
    put(store, tenant="contoso.example", switches={"offline": True, "owner": False})
    one = found(store)
    assert (one.client_id, one.secret, one.tenant, one.switches) == (
        "id",
        SECRET,
        "contoso.example",
        ("offline",),
    )
    assert (one.method, one.lost, one.domain) == ("client_secret_post", False, None)
    assert SECRET not in repr(one)
    by_number = store.database.read_now(oauth_clients.get, store.ring, one.id)
    assert by_number == one


def test_the_secret_is_in_no_column(store: Store) -> None:
    put(store)
    with store.database.engine.connect() as connection:
        (row,) = connection.execute(select(oauth_client)).all()
    assert not any(SECRET.encode() in bytes(value) for value in row if isinstance(value, bytes))
    assert SECRET not in map(str, row)


def test_what_is_not_named_stays(store: Store) -> None:
    first = put(store, tenant="t", redirect_uri="https://shop.example/auth", switches={"offline": True})
    put(store, client_id=None, secret=None, switches={"owner": True})
    changed = found(store)
    assert changed.id == first.id
    assert (changed.client_id, changed.secret, changed.tenant) == ("id", SECRET, "t")
    assert changed.redirect_uri == "https://shop.example/auth"
    assert changed.switches == ("offline", "owner")
    put(store, client_id=None, secret=None, switches={"offline": False})
    assert found(store).switches == ("owner",)


def test_a_new_one_needs_an_id_and_a_secret(store: Store) -> None:
    with pytest.raises(OAuthClientError, match=r"there is no client of google .* --client-id"):
        put(store, client_id=None)
    with pytest.raises(OAuthClientError, match="no secret"):
        put(store, secret=None)
    public = put(store, secret=None, method="none")
    assert not public.lost
    with pytest.raises(OAuthClientError, match="no secret"):
        put(store, client_id=None, secret=None, method="client_secret_basic")


def test_a_domain_s_client_is_its_own(store: Store, domain: Domain) -> None:
    put(store)
    put(store, (domain.id, "google", ""), client_id="its own")
    put(store, (None, "microsoft", ""), client_id="another provider's")
    serving = store.database.read_now(oauth_clients.serving, store.ring, domain.id, "google")
    assert sorted((one.domain or "", one.client_id) for one in serving) == [("", "id"), ("shop", "its own")]
    assert [
        one.client_id
        for one in store.database.read_now(oauth_clients.serving, store.ring, domain.id + 1, "google")
    ] == ["id"]
    assert store.database.read_now(oauth_clients.served_providers, domain.id) == {"google", "microsoft"}
    store.database.write_now(domains.remove, "shop")
    assert [one.domain for one in store.database.read_now(oauth_clients.all_clients)] == [None, None]


def test_a_named_client_serves_nobody_who_does_not_ask(store: Store, domain: Domain) -> None:
    put(store, (domain.id, "google", "beta"))
    assert store.database.read_now(oauth_clients.served_providers, domain.id) == set()


def test_a_removed_client_is_gone(store: Store) -> None:
    one = put(store)
    store.database.write_now(oauth_clients.remove, INSTALLATION)
    assert store.database.read_now(oauth_clients.get, store.ring, one.id) is None
    with pytest.raises(OAuthClientError, match="there is no client"):
        store.database.write_now(oauth_clients.remove, INSTALLATION)


def test_a_fault_is_remembered_until_it_is_mended(store: Store) -> None:
    one = put(store)
    store.database.write_now(oauth_clients.record_fault, one.id, "redirect_uri")
    assert found(store).fault == "redirect_uri"
    assert (found(store).fault_at or 0) >= one.created_at
    store.database.write_now(oauth_clients.record_fault, one.id, None)
    assert (found(store).fault, found(store).fault_at) == (None, None)
    store.database.write_now(oauth_clients.record_fault, one.id, "secret_wrong")
    put(store, client_id=None)
    assert found(store).fault is None


def test_a_box_belongs_to_its_row(store: Store, domain: Domain) -> None:
    put(store)
    other = put(store, (domain.id, "google", ""), secret="another")
    with store.database.engine.begin() as connection:
        box = connection.execute(
            select(oauth_client.c.sealed_secret).where(oauth_client.c.id != other.id)
        ).scalar_one()
        connection.execute(
            oauth_client.update().where(oauth_client.c.id == other.id).values(sealed_secret=box)
        )
    assert found(store, (domain.id, "google", "")).lost


def test_a_rotation_leaves_them_and_says_so(store: Store) -> None:
    put(store)
    store.ring.add()
    assert rotation.rotate(store.database, store.ring, grace=0.0).lasting == 1
    assert found(store).secret == SECRET


def test_a_lost_ring_loses_the_secrets_and_says_so(store: Store, engine_url: str) -> None:
    put(store)
    put(store, (None, "yahoo", ""), secret=None, method="none")
    (store.folder / "ring.json").unlink()
    assert "and the secret of 1 OAuth client" in str(store.database.read_now(ring_binding.loss))
    done = ring_recovery.replace(store.database, store.folder / "ring.json")
    assert done.lost == Loss(0, 0, 1)
    again = open_store(store.folder, engine_url)
    one = found(again)
    assert (one.client_id, one.secret, one.lost) == ("id", "", True)
    assert not found(again, (None, "yahoo", "")).lost
    put(again, client_id=None, secret="new")
    assert (found(again).secret, found(again).lost) == ("new", False)


def test_an_older_copy_of_the_ring_loses_none(store: Store) -> None:
    put(store)
    assert store.database.read_now(ring_binding.loss, [1]).clients == 0


def test_another_ring_opens_nothing(store: Store, tmp_path: Any) -> None:
    from contactport.store.vault import Ring

    box = store.ring.seal_lasting(b"x", "context")
    assert store.ring.unseal_lasting(box, "context") == b"x"
    for ring, context in ((store.ring, "other"), (Ring.open(tmp_path / "other.json")[0], "context")):
        with pytest.raises(SealBroken):
            ring.unseal_lasting(box, context)
