"""JSON as nobody should send it: any value where another is expected, under the names that are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

_scalars = st.one_of(
    st.sampled_from(
        [None, True, False, 0, 1, -1, 2**40, 1980, 1604, 0.5, "", " ", "home", "other", "CONTACT"]
    ),
    st.sampled_from(["anniversary", "1604-02-30T11:59:00Z", "9999-12-31T23:59:59-23:00", "people/c1"]),
    st.text(max_size=5),
)


def odd_objects(names: list[str]) -> st.SearchStrategy[Mapping[str, Any]]:
    """JSON objects, three deep, whose keys are mostly these names."""
    keys = st.sampled_from([*names, "", "unheard-of"])
    inner = st.one_of(_scalars, st.dictionaries(keys, _scalars, max_size=3))
    value = st.one_of(_scalars, st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3))
    return st.dictionaries(keys, value, max_size=6)
