"""An application that has a key pair already keeps it: chosen keys and passwords, and `domain set`."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.store.domains import UnfitPair, check_pair
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_domain import domain_of

KEY = "X5A7SRJSE62DRDQNBZFJ"
"""Of the shape that CloudSponge gives: 20 capitals and digits."""
PASSWORD = "rJ7c kkW?ü0qVb/Zu2eN"
OTHER = "n9Q_other-secret.77x"


def row_of(run: Run, name: str = "shop") -> dict[str, object]:
    return next(row for row in json.loads(run("domain", "list", "--json").stdout) if row["name"] == name)


def add(run: Run, *options: str, name: str = "shop", key: str = KEY, password: str = PASSWORD) -> None:
    done = run(
        *("domain", "add", name, "--create", "--domain-key", key, "--domain-password", "-", *options),
        stdin=f"{password}\n",
    )
    assert done.exit_code == 0, done.stderr


def test_a_pair_of_one_s_own_opens_the_domain_and_is_not_printed(run: Run, folder: Path) -> None:
    done = run(
        "domain",
        "add",
        "shop",
        "--create",
        "--domain-key",
        KEY,
        "--domain-password",
        "-",
        stdin=f"{PASSWORD}\n",
    )
    assert done.exit_code == 0, done.stderr
    assert KEY in done.stdout
    assert PASSWORD not in done.output
    found = domain_of(folder, KEY, PASSWORD)
    assert found is not None
    assert found.name == "shop"
    assert all(PASSWORD.encode() not in path.read_bytes() for path in folder.iterdir())


def test_with_json_a_chosen_password_is_null(run: Run) -> None:
    done = run(
        "domain", "add", "shop", "--create", "--domain-password", "-", "--json", stdin=f"{PASSWORD}\r\n"
    )
    pair = json.loads(done.stdout)
    assert pair["domain_password"] is None
    assert pair["domain_key"].startswith("cp_")


def test_a_chosen_key_may_go_with_a_password_that_is_made(run: Run, folder: Path) -> None:
    pair = json.loads(run("domain", "add", "shop", "--create", "--domain-key", KEY, "--json").stdout)
    assert pair["domain_key"] == KEY
    assert domain_of(folder, KEY, pair["domain_password"]) is not None


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("", "no password"),
        ("rJ7ckkW?0qVb/Z9", "15 characters"),
        ("x" * 257, "257 characters"),
        ("abcdefghiabcdefghi", "9 distinct"),
        ("my-SHOP-has-a-secret", "name is in it"),
        ("zz-x5a7srjse62drdqnbzfj-q", "key is in it"),
        ("rJ7ckkW?0qVb/Zu2 ", "space at an end"),
        ("rJ7ckkW?0q\tVb/Zu2", "control character"),
    ],
)
@pytest.mark.parametrize("command", ["add", "set"])
def test_a_password_that_could_be_guessed_is_refused(
    run: Run, command: str, password: str, says: str
) -> None:
    run("domain", "add", "shop" if command == "set" else "other", "--create")
    before = json.loads(run("domain", "list", "--json").stdout)
    done = run(
        "domain", command, "shop", "--domain-key", KEY, "--domain-password", "-", stdin=f"{password}\n"
    )
    assert done.exit_code == 2
    assert says in done.stderr
    assert not password or password not in done.output
    assert json.loads(run("domain", "list", "--json").stdout) == before


@pytest.mark.parametrize(
    "key", ["abc", "x" * 65, "a key with spaces", "a:colon", "schl\u00fcssel", "tab\tkey", ""]
)
@pytest.mark.parametrize("command", ["add", "set"])
def test_a_key_that_the_wire_can_t_carry_is_refused(run: Run, command: str, key: str) -> None:
    run("domain", "add", "shop" if command == "set" else "other", "--create")
    done = run(
        "domain", command, "shop", "--domain-key", key, "--domain-password", "-", stdin=f"{PASSWORD}\n"
    )
    assert done.exit_code == 2
    assert "4 to 64 visible ASCII" in done.stderr


@pytest.mark.parametrize("key", ["localhost-only", "wKq3_Zb-1aQx5T7yUe9RtA", "0f" * 20, "a/b+c=d~e.f"])
def test_keys_of_every_shape_in_use_are_taken(run: Run, folder: Path, key: str) -> None:
    add(run, key=key)
    assert domain_of(folder, key, PASSWORD) is not None


@given(
    password=st.text(st.sampled_from(string.ascii_letters + string.digits + " :?/"), min_size=0, max_size=40),
    name=st.text(st.sampled_from("ab Ä"), min_size=1, max_size=3),
)
def test_only_long_and_various_passwords_are_fit(password: str, name: str) -> None:
    fit = (
        len(password) >= 16
        and len(set(password)) >= 10
        and password == password.strip()
        and name.casefold() not in password.casefold()
    )
    if fit:
        check_pair(name, KEY, password)
    else:
        with pytest.raises(UnfitPair):
            check_pair(name, KEY, password)


@pytest.mark.parametrize("command", ["add", "set"])
def test_a_password_is_never_an_argument(run: Run, command: str) -> None:
    run("domain", "add", "other", "--create")
    done = run("domain", command, "shop", "--domain-password", PASSWORD)
    assert done.exit_code == 2
    assert PASSWORD not in done.output
    assert "standard input" in " ".join(done.stderr.split())


@pytest.mark.parametrize("command", ["add", "set"])
def test_a_key_of_another_domain_is_refused(run: Run, folder: Path, command: str) -> None:
    add(run, name="first")
    if command == "set":
        run("domain", "add", "second")
    done = run("domain", command, "second", "--domain-key", KEY, "--domain-password", "-", stdin=f"{OTHER}\n")
    assert done.exit_code == 1
    assert "another domain has this key" in done.stderr
    assert domain_of(folder, KEY, OTHER) is None


def test_setting_a_password_leaves_the_old_one_good_for_a_while(run: Run, folder: Path) -> None:
    add(run)
    done = run("domain", "set", "shop", "--domain-password", "-", "--json", stdin=f"{OTHER}\n")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["former_password_until"] is not None
    assert domain_of(folder, KEY, PASSWORD) is not None
    assert domain_of(folder, KEY, OTHER) is not None
    run("domain", "set", "shop", "--domain-password", "-", "--overlap", "0", stdin=f"{PASSWORD}\n")
    assert domain_of(folder, KEY, OTHER) is None
    assert domain_of(folder, KEY, PASSWORD) is not None


def test_setting_the_same_pair_again_changes_nothing(run: Run, folder: Path) -> None:
    add(run)
    run("domain", "set", "shop", "--domain-password", "-", stdin=f"{OTHER}\n")
    before = row_of(run)
    done = run(
        "domain",
        "set",
        "shop",
        "--domain-key",
        KEY,
        "--domain-password",
        "-",
        "--overlap",
        "0",
        stdin=f"{OTHER}\n",
    )
    assert done.exit_code == 0, done.stderr
    assert row_of(run) == before
    assert domain_of(folder, KEY, PASSWORD) is not None


def test_a_new_key_ends_the_old_pair_at_once(run: Run, folder: Path) -> None:
    made = json.loads(run("domain", "add", "shop", "--create", "--json").stdout)
    run("domain", "rotate", "shop")
    done = run("domain", "set", "shop", "--domain-key", KEY, "--domain-password", "-", stdin=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.stderr
    assert row_of(run)["former_password_until"] is None
    assert domain_of(folder, made["domain_key"], made["domain_password"]) is None
    assert domain_of(folder, KEY, made["domain_password"]) is None
    assert domain_of(folder, KEY, PASSWORD) is not None


def test_a_new_key_needs_its_password(run: Run) -> None:
    run("domain", "add", "shop", "--create")
    done = run("domain", "set", "shop", "--domain-key", KEY)
    assert done.exit_code == 2
    assert "give both" in done.stderr


def test_rotating_after_a_chosen_pair_makes_a_password_for_the_same_key(run: Run, folder: Path) -> None:
    add(run)
    pair = json.loads(run("domain", "rotate", "shop", "--json").stdout)
    assert pair["domain_key"] == KEY
    assert domain_of(folder, KEY, pair["domain_password"]) is not None
    assert domain_of(folder, KEY, PASSWORD) is not None


def test_set_changes_what_is_named_and_nothing_else(run: Run, folder: Path) -> None:
    add(run, "--sources", "icloud", "--origins", "https://a.example", "--retention", "60")
    before = row_of(run)
    assert run("domain", "set", "shop", "--sources", "gmx,carddav").exit_code == 0
    assert row_of(run) == before | {"sources": ["gmx", "carddav"]}
    assert run("domain", "set", "shop", "--origins", "https://b.example", "--retention", "5").exit_code == 0
    assert row_of(run) == before | {
        "sources": ["gmx", "carddav"],
        "origins": ["https://b.example"],
        "retention": 5,
    }
    told = run("domain", "set", "shop", "--sources", "all", "--origins", "none", "--retention", "0")
    assert "as the service is set" in told.stdout
    assert row_of(run) == before | {"sources": None, "origins": [], "retention": None}
    assert domain_of(folder, KEY, PASSWORD) is not None


def test_setting_nothing_is_said(run: Run) -> None:
    run("domain", "add", "shop", "--create")
    done = run("domain", "set", "shop")
    assert done.exit_code == 2
    assert "nothing to change" in done.stderr


def test_a_list_too_long_for_its_column_is_refused_in_words(run: Run) -> None:
    origins = ",".join(f"https://shop-{number}.example" for number in range(200))
    done = run("domain", "add", "shop", "--create", "--origins", origins)
    assert done.exit_code == 1
    assert "name fewer" in done.stderr
