"""A domain may poll so often, and no oftener."""

from __future__ import annotations

from contactport.http.polls import Polls


def test_a_second_s_worth_of_polls_may_come_at_once() -> None:
    polls = Polls()
    assert [polls.take(1, 3, 100.0) for _ in range(4)] == [0, 0, 0, 1]


def test_what_was_used_comes_back_with_time() -> None:
    polls = Polls()
    for _ in range(10):
        polls.take(1, 10, 100.0)
    assert polls.take(1, 10, 100.0) == 1
    assert polls.take(1, 10, 100.1) == 0
    assert polls.take(1, 10, 100.1) == 1


def test_a_poll_every_interval_of_the_limit_is_never_refused() -> None:
    polls = Polls()
    assert {polls.take(1, 100, at / 100) for at in range(1000)} == {0}


def test_one_domain_does_not_use_up_another_s() -> None:
    polls = Polls()
    assert polls.take(1, 1, 5.0) == 0
    assert polls.take(1, 1, 5.0) == 1
    assert polls.take(2, 1, 5.0) == 0


def test_many_domains_leave_no_more_buckets_than_there_is_room_for() -> None:
    polls = Polls()
    for domain in range(25_000):
        polls.take(domain, 1, domain / 1000)
    assert len(polls) <= 10_000


def test_a_busy_domain_is_not_forgotten_when_there_are_too_many() -> None:
    polls = Polls()
    for domain in range(10_000):
        polls.take(domain, 1, 0.0)
    assert polls.take(9_999, 1, 0.5) == 1
    assert polls.take(10_000, 1, 1.2) == 0
    assert polls.take(9_999, 1, 1.3) == 0
    assert polls.take(9_999, 1, 1.4) == 1
