"""`contactport oauth`: what operators register, at the command line and in the settings file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

SECRET = "secret-canary-44"
URI = "https://contacts.example.com/auth"


@pytest.fixture
def made(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A service with one domain, at a public address."""
    monkeypatch.setenv("CONTACTPORT_PUBLIC_URL", "https://contacts.example.com")
    assert run("domain", "add", "shop", "--create").exit_code == 0
    return run


def test_a_client_is_set_and_listed_and_its_secret_shown_nowhere(made: Run) -> None:
    done = made("oauth", "set", "google", "--client-id", "id.apps", "--offline", stdin=f"{SECRET}\n")
    assert done.exit_code == 0, done.output
    assert f"  {URI}\n" in done.stdout
    assert "offline: Ask for a refresh token" in done.stdout
    listed = made("oauth", "list", "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["provider"], row["place"], row["client_id"], row["switches"]) == (
        "google",
        "installation",
        "id.apps",
        ["offline"],
    )
    assert SECRET not in done.output + listed.output + made("oauth", "list").output


def test_a_domain_has_its_own(made: Run) -> None:
    made("oauth", "set", "google", "--client-id", "a", stdin=SECRET)
    done = made("oauth", "set", "google", "--domain", "shop", "--client-id", "b", "--json", stdin=SECRET)
    assert json.loads(done.stdout)["domain"] == "shop"
    assert [row["client_id"] for row in json.loads(made("oauth", "list", "--json").stdout)] == ["a", "b"]
    assert made("oauth", "rm", "google", "--domain", "shop").exit_code == 0
    assert [row["client_id"] for row in json.loads(made("oauth", "list", "--json").stdout)] == ["a"]
    gone = made("oauth", "rm", "google", "--domain", "shop")
    assert gone.exit_code == 1
    assert "there is no client of google of this domain" in gone.stderr
    unknown = made("oauth", "set", "google", "--domain", "shopp", "--client-id", "b", stdin=SECRET)
    assert unknown.exit_code == 1
    assert "no domain called 'shopp'" in unknown.stderr


def test_a_secret_is_no_argument(made: Run) -> None:
    done = made("oauth", "set", "google", "--client-id", "a", "--client-secret", SECRET)
    assert done.exit_code == 2
    assert SECRET not in done.output
    assert "first line of standard input" in done.stderr
    assert made("oauth", "set", "google", "--client-id", "a", stdin="").exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--public", "--client-secret", "-"),
        ("--client-id", "a", "--tenant", "a/b"),
        ("--client-id", ""),
        ("--client-id", "a", "--redirect-uri", "https://shop.example/auth#back"),
        ("--client-id", "a", "--redirect-uri", "https://ann@shop.example/auth"),
        ("--client-id", "a", "--redirect-uri", "/auth"),
        ("--client-id", "a", "--name", "A b"),
    ],
)
def test_what_can_not_be_is_refused(made: Run, arguments: tuple[str, ...]) -> None:
    assert made("oauth", "set", "microsoft", *arguments, stdin=SECRET).exit_code == 2


def test_a_public_client_asks_for_no_secret(made: Run) -> None:
    done = made(
        "oauth", "set", "microsoft", "--client-id", "a", "--public", "--tenant", "contoso.example", "--json"
    )
    row = json.loads(done.stdout)
    assert (row["method"], row["tenant"], row["secret_lost"]) == ("none", "contoso.example", False)
    again = made("oauth", "set", "microsoft", "--tenant", "any", "--json")
    assert json.loads(again.stdout)["tenant"] is None


def test_an_application_s_own_page_may_be_the_registered_one(made: Run) -> None:
    page = "https://shop.example/contacts/auth"
    done = made("oauth", "set", "google", "--client-id", "a", "--redirect-uri", page, stdin=SECRET)
    assert f"to the letter:\n\n  {page}\n" in done.stdout
    assert f"with the redirect URI {page}" in made("oauth", "check").stdout
    assert json.loads(made("oauth", "list", "--json").stdout)[0]["redirect_uri"] == page
    again = made("oauth", "set", "google", "--redirect-uri", "own", "--json")
    assert json.loads(again.stdout)["redirect_uri"] == URI
    assert json.loads(made("oauth", "list", "--json").stdout)[0]["redirect_uri"] is None


class TestCheck:
    def test_it_prints_the_redirect_uri_to_the_letter(self, made: Run) -> None:
        made("oauth", "set", "google", "--client-id", "a", stdin=SECRET)
        for command in (("oauth", "check"), ("doctor",)):
            done = made(*command)
            assert f"the redirect URI to register at every provider, to the letter: {URI}\n" in done.stdout
        assert made("oauth", "check").exit_code == 0
        assert json.loads(made("oauth", "check", "--json").stdout)["redirect_uri"] == URI

    def test_without_a_client_there_is_little_to_say(self, made: Run) -> None:
        assert "there is no OAuth client" in made("oauth", "check").stdout
        assert "consent" not in made("doctor").stdout

    def test_a_fault_is_told_in_a_sentence(self, made: Run, folder: Path) -> None:
        made("oauth", "set", "google", "--client-id", "a", stdin=SECRET)
        with closing(sqlite3.connect(folder / "contactport.db")) as connection, connection:
            connection.execute("UPDATE oauth_client SET fault = 'redirect_uri', fault_at = 1")
        for command in (("oauth", "check"), ("doctor",)):
            done = made(*command)
            assert done.exit_code == 1
            assert f"register it to the letter, {URI}" in done.stdout

    def test_a_lost_secret_is_told(self, made: Run, folder: Path) -> None:
        made("oauth", "set", "google", "--domain", "shop", "--client-id", "a", stdin=SECRET)
        (folder / "ring.json").unlink()
        assert "the secret of 1 OAuth client" in made("domain", "list").stderr
        replaced = made("keys", "replace", "--yes")
        assert "contactport oauth list" in replaced.stdout
        done = made("oauth", "check")
        assert done.exit_code == 1
        assert "contactport oauth set google --domain 'shop' --client-secret -" in done.stdout

    def test_without_an_address_nobody_can_consent(self, made: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CONTACTPORT_PUBLIC_URL")
        made("oauth", "set", "google", "--client-id", "a", stdin=SECRET)
        assert "http://127.0.0.1:8321/auth" in made("oauth", "check").stdout
        monkeypatch.setenv("CONTACTPORT_HOST", "0.0.0.0")
        done = made("oauth", "check")
        assert done.exit_code == 1
        assert "set public_url" in done.stdout


class TestSettingsFile:
    @pytest.fixture
    def file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        path = tmp_path / "settings.toml"
        monkeypatch.setenv("CONTACTPORT_CONFIG", str(path))
        return path

    def test_a_client_may_stand_there(self, made: Run, file: Path) -> None:
        file.write_text(
            f'[oauth.google]\nclient_id = "x"\nclient_secret = "{SECRET}"\nswitches = ["offline"]\n'
        )
        done = made("oauth", "list", "--json")
        assert [row["place"] for row in json.loads(done.stdout)] == ["settings"]
        told = (
            done.output + made("oauth", "list").output + made("oauth", "check").output + made("doctor").output
        )
        assert "of the settings file: x" in told
        assert SECRET not in told

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            ('client_id = "x"', "no client_secret"),
            (f'client_id = "x"\nclient_secret = "{SECRET}"\nswitches = ["all"]', "the switch 'all'"),
            (f'client_id = 3\nclient_secret = "{SECRET}"', "oauth"),
            (f'client_secret = "{SECRET}"', "oauth"),
        ],
    )
    def test_a_slip_is_told_without_the_secret(self, made: Run, file: Path, lines: str, told: str) -> None:
        file.write_text(f"[oauth.google]\n{lines}\n")
        done = made("oauth", "list")
        assert done.exit_code == 2
        assert told in done.stderr
        assert SECRET not in done.output

    def test_a_variable_holds_no_table(self, made: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CONTACTPORT_OAUTH", SECRET)
        done = made("oauth", "list")
        assert done.exit_code == 2
        assert "oauth" in done.stderr
        assert SECRET not in done.output


@pytest.mark.parametrize(
    "address", ["ftp://a.example", "https://a.example/path", "a.example", "https://*.example"]
)
def test_an_address_that_is_none_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("CONTACTPORT_PUBLIC_URL", address)
    done = run("oauth", "list")
    assert done.exit_code == 2
    assert "public_url (CONTACTPORT_PUBLIC_URL): " in done.stderr
