from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import PartialDate
from contactport.formats.dates import compose, parse
from tests.unit.formats.strategies import dates


@given(dates.filter(lambda date: not date.text))
def test_what_is_composed_is_parsed_as_the_same(date: PartialDate) -> None:
    assert parse(compose(date)) == date


@given(st.text(max_size=20) | st.from_regex(r"[-0-9/.T]{0,12}", fullmatch=True))
def test_any_text_is_a_date_or_stays_as_words(text: str) -> None:
    date = parse(text)
    if date.text:
        assert date == PartialDate(text=text.strip())
    else:
        assert parse(compose(date)) == date
    assert date.month is None or 1 <= date.month <= 12
    assert date.day is None or 1 <= date.day <= 31


def test_a_day_without_its_month_is_spelt_as_a_day() -> None:
    assert compose(PartialDate(day=2)) == "---02"


def test_nothing_is_spelt_as_nothing() -> None:
    assert compose(PartialDate()) == ""
    assert parse("") == PartialDate()
