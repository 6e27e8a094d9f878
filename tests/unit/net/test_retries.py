from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.net.retries import MOST_ASKED, RetryPolicy, retry_after

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


@given(st.integers(1, 60))
def test_a_pause_is_of_the_upper_half_of_a_bound_that_doubles(tries: int) -> None:
    most = min(20.0, 0.5 * 2.0 ** (tries - 1))
    assert most / 2 <= RetryPolicy(base=0.5, cap=20.0).pause(tries) <= most


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("3601", MOST_ASKED),
        ("9" * 400, MOST_ASKED),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MOST_ASKED),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@given(st.text(max_size=60))
def test_nonsense_is_never_an_error(value: str) -> None:
    found = retry_after(value, NOW)
    assert found is None or 0.0 <= found <= MOST_ASKED
