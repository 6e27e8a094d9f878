from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport import backoff


@pytest.mark.parametrize(
    ("tries", "factor", "most"),
    [(1, 2.0, 3.0), (2, 2.0, 6.0), (4, 2.0, 20.0), (2, 1.5, 4.5), (10**9, 2.0, 20.0)],
)
def test_the_bound_grows_by_its_factor_up_to_the_longest(tries: int, factor: float, most: float) -> None:
    assert backoff.bound(tries, 3.0, 20.0, factor) == most


@given(st.integers(1, 10**6))
def test_a_pause_is_of_the_upper_half_of_its_bound(tries: int) -> None:
    most = backoff.bound(tries, 0.5, 20.0)
    assert most / 2 <= backoff.pause(tries, 0.5, 20.0) <= most


def test_pauses_go_on_without_end() -> None:
    found = list(islice(backoff.pauses(1.0, 8.0), 50))
    assert all(0.5 <= one <= 8.0 for one in found)
    assert all(one >= 4.0 for one in found[3:])
