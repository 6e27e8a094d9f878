"""The sealed grants of imports under way, those of an earlier version among them."""

import msgspec
import pytest
from sqlalchemy import select, update

from contactport.grant import OAuthToken, Password, Upload
from contactport.store import imports, sealed_grants, vault
from contactport.store.domains import Domain
from contactport.store.imports import RunningImport
from contactport.store.open import Store
from contactport.store.schema import secret
from tests.unit.store.import_factory import GRANT, begin, claim


@pytest.mark.parametrize(
    "grant", [GRANT, OAuthToken(access_token="access-canary", client_key=3), Upload(format="csv", size=9)]
)
def test_a_grant_is_sealed_whole(store: Store, domain: Domain, grant: object) -> None:
    import_id = begin(store, domain, grant=grant)
    assert store.database.read_now(sealed_grants.read, store.ring, import_id) == grant
    row = store.database.read_now(lambda connection: connection.execute(select(secret)).one())
    assert b"canary" not in row.sealed_grant


def as_before(store: Store, one: RunningImport, old: dict[str, str]) -> None:
    """The import's box as version 0.2 sealed it: untagged, without the user's name."""
    box = vault.seal(one.key, msgspec.json.encode(old), f"secret/account/{one.id}")
    changed = update(secret).where(secret.c.import_id == one.id).values(sealed_grant=box)
    store.database.write_now(lambda connection: connection.execute(changed))


@pytest.mark.parametrize("server", ["", "https://dav.example.org/"])
def test_an_import_under_way_at_an_upgrade_goes_on(store: Store, domain: Domain, server: str) -> None:
    import_id = begin(store, domain)
    as_before(store, claim(store, import_id), {"password": "old-password", "server": server})
    claimed = store.database.write_now(imports.claim, store.ring, import_id)
    assert claimed is not None
    assert claimed[1] == Password("user-canary@example.org", "old-password", server)


def test_a_box_of_another_import_does_not_open(store: Store, domain: Domain) -> None:
    one, other = begin(store, domain), begin(store, domain)
    box = select(secret.c.sealed_grant).where(secret.c.import_id == other).scalar_subquery()
    changed = update(secret).where(secret.c.import_id == one).values(sealed_grant=box)
    store.database.write_now(lambda connection: connection.execute(changed))
    with pytest.raises(vault.SealBroken):
        store.database.read_now(sealed_grants.read, store.ring, one)
