"""Domains and their key pairs."""

import pytest
from sqlalchemy import select, update

from contactport.store import domains
from contactport.store.domains import DomainError, authenticate
from contactport.store.open import Store
from contactport.store.schema import domain as table


async def test_a_new_pair_is_accepted_and_nothing_near_it(store: Store) -> None:
    pair = store.database.write_now(domains.add, "shop")
    found = await store.database.read(authenticate, pair.domain_key, pair.domain_password)
    assert found is not None
    assert found.name == "shop"
    for key, password in (
        (pair.domain_key, pair.domain_password + "x"),
        (pair.domain_key, ""),
        (pair.domain_key.upper(), pair.domain_password),
        ("unknown", pair.domain_password),
        ("", ""),
    ):
        assert await store.database.read(authenticate, key, password) is None


async def test_a_password_that_is_no_text_is_refused_and_nothing_breaks(store: Store) -> None:
    pair = store.database.write_now(domains.add, "shop")
    assert await store.database.read(authenticate, pair.domain_key, "\ud800\0") is None


def test_the_password_is_not_in_the_database(store: Store) -> None:
    pair = store.database.write_now(domains.add, "shop")
    everything = b"".join(path.read_bytes() for path in store.folder.iterdir())
    assert pair.domain_password.encode() not in everything


def test_a_name_is_taken_once(store: Store) -> None:
    store.database.write_now(domains.add, "shop")
    with pytest.raises(DomainError, match="rotate shop"):
        store.database.write_now(domains.add, "shop")


async def test_rotation_leaves_both_passwords_good_for_a_while(store: Store) -> None:
    old = store.database.write_now(domains.add, "shop")
    new = store.database.write_now(domains.rotate, "shop", 3600)
    assert new.domain_key == old.domain_key
    assert await store.database.read(authenticate, old.domain_key, old.domain_password) is not None
    assert await store.database.read(authenticate, new.domain_key, new.domain_password) is not None
    store.database.write_now(lambda connection: connection.execute(update(table).values(former_until=1)))
    assert await store.database.read(authenticate, old.domain_key, old.domain_password) is None
    assert await store.database.read(authenticate, new.domain_key, new.domain_password) is not None


def test_limits_are_kept_with_the_domain(store: Store) -> None:
    store.database.write_now(
        domains.add, "shop", sources=("icloud",), origins=("https://a.example",), retention=60
    )
    (one,) = store.database.write_now(domains.all_domains)
    assert (one.sources, one.origins, one.retention) == (("icloud",), ("https://a.example",), 60)
    assert store.database.write_now(domains.longest_retention) == 60


def test_an_unknown_name_is_said_to_be_unknown(store: Store) -> None:
    with pytest.raises(DomainError, match="no domain called 'nobody'"):
        store.database.write_now(domains.remove, "nobody")
    with pytest.raises(DomainError, match="no domain called 'nobody'"):
        store.database.write_now(domains.rotate, "nobody", 60)


def test_a_removed_domain_is_gone(store: Store) -> None:
    store.database.write_now(domains.add, "shop")
    store.database.write_now(domains.remove, "shop")
    with store.database.engine.connect() as connection:
        assert connection.execute(select(table)).first() is None


def test_the_origins_that_any_domain_lists_are_known(store: Store) -> None:
    assert store.database.read_now(domains.listed_origins) == frozenset()
    store.database.write_now(domains.add, "one", origins=("https://a.example", "https://b.example"))
    store.database.write_now(domains.add, "two", origins=("https://b.example", "http://[::1]:3000"))
    store.database.write_now(domains.add, "three")
    listed = {"https://a.example", "https://b.example", "http://[::1]:3000"}
    assert store.database.read_now(domains.listed_origins) == listed
    store.database.write_now(domains.change, "one", origins=())
    store.database.write_now(domains.remove, "two")
    assert store.database.read_now(domains.listed_origins) == frozenset()


def test_the_id_of_a_removed_domain_is_not_given_again(store: Store) -> None:
    """What is remembered of a domain under a mark must not be found by the next one."""
    seen: set[int] = set()
    for number in range(20):
        store.database.write_now(domains.add, f"shop {number}")
        seen |= {one.id for one in store.database.read_now(domains.all_domains)}
        store.database.write_now(domains.remove, f"shop {number}")
    assert len(seen) == 20
