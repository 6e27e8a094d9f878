"""Which OAuth client serves: named, then the domain's, then the installation's, then that of the settings."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from contactport.oauth.client_choice import SWITCH_HELP, SWITCHES, Credential, choose
from contactport.oauth.messages import OAuthClient

SECRET = "secret-canary"


def credential(place: Any, name: str = "", *, lost: bool = False) -> Credential:
    return Credential(key=1, place=place, name=name, client=OAuthClient(place, SECRET), lost=lost)


@pytest.mark.parametrize(
    "candidates", list(permutations(map(credential, ("domain", "installation", "settings"))))
)
def test_the_nearest_serves_whatever_the_order(candidates: tuple[Credential, ...]) -> None:
    chosen = choose(candidates)
    assert chosen is not None
    assert chosen.place == "domain"
    rest = [one for one in candidates if one.place != "domain"]
    assert choose(rest) == next(one for one in rest if one.place == "installation")


def test_a_name_is_served_by_that_name_alone() -> None:
    candidates = [credential("domain"), credential("installation", "b"), credential("settings")]
    assert choose(candidates, "b") == candidates[1]
    assert choose(candidates, "c") is None
    assert choose(candidates[1:2]) is None


def test_nothing_serves_in_the_place_of_one_that_has_lost_its_secret() -> None:
    assert choose([credential("domain", lost=True), credential("installation")]) is None


def test_nothing_is_chosen_from_nothing() -> None:
    assert choose([]) is None


def test_no_repr_shows_a_secret() -> None:
    assert SECRET not in repr(credential("domain"))


def test_every_switch_says_what_it_brings() -> None:
    assert tuple(SWITCH_HELP) == SWITCHES
