"""Recent wrong passwords."""

import pytest

from contactport.store.login_failures import MANY_MS, SAME_MS, clear, failed_recently, record
from contactport.store.open import Store
from contactport.testing.clock import SettableClock

ACCOUNT = (1, "dav.example.org", "ann@example.org")


def asked(store: Store, password: str, account: tuple[int, str, str] = ACCOUNT) -> bool:
    return store.database.write_now(failed_recently, store.ring, *account, password)


def fail(store: Store, password: str, account: tuple[int, str, str] = ACCOUNT) -> None:
    store.database.write_now(record, store.ring, *account, password)


def test_the_same_wrong_password_is_not_tried_again(store: Store) -> None:
    assert not asked(store, "wrong")
    fail(store, "wrong")
    assert asked(store, "wrong")
    assert not asked(store, "another")


def test_it_is_tried_again_after_ten_minutes(store: Store, clock: SettableClock) -> None:
    fail(store, "wrong")
    clock.now += SAME_MS - 1
    assert asked(store, "wrong")
    clock.now += 1
    assert not asked(store, "wrong")


def test_five_different_wrong_ones_stop_every_further_one(store: Store, clock: SettableClock) -> None:
    for number in range(5):
        assert not asked(store, "the sixth")
        fail(store, f"wrong {number}")
    assert asked(store, "the sixth")
    clock.now += MANY_MS
    assert not asked(store, "the sixth")


def test_one_wrong_password_told_five_times_is_one(store: Store) -> None:
    for _ in range(5):
        fail(store, "wrong")
    assert not asked(store, "another")


def test_a_success_clears_both(store: Store) -> None:
    for number in range(5):
        fail(store, f"wrong {number}")
    store.database.write_now(clear, store.ring, *ACCOUNT)
    assert not asked(store, "wrong 0")


@pytest.mark.parametrize(
    "other",
    [
        (2, "dav.example.org", "ann@example.org"),
        (1, "dav.example.com", "ann@example.org"),
        (1, "dav.example.org", "bob"),
    ],
)
def test_another_domain_host_or_user_is_not_concerned(store: Store, other: tuple[int, str, str]) -> None:
    for number in range(5):
        fail(store, f"wrong {number}")
    assert not asked(store, "wrong 0", other)


def test_an_account_is_the_same_in_upper_case(store: Store) -> None:
    fail(store, "wrong")
    assert asked(store, "wrong", (1, "DAV.example.org", "Ann@Example.org"))


def test_no_word_of_it_is_kept(store: Store) -> None:
    fail(store, "password-canary", (1, "host-canary", "user-canary"))
    assert b"canary" not in b"".join(path.read_bytes() for path in store.folder.iterdir())
