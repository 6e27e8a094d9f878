"""Applications and their key pairs, as an operator makes, sees, renews and removes them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from contactport.store import domains
from contactport.store.domains import Domain
from contactport.store.open import Store, open_store
from contactport.store.schema import domain as table
from tests.servers.source_run import PROVIDERS
from tests.unit.cli.conftest import Run


@contextmanager
def opened(folder: Path) -> Generator[Store]:
    """The data folder, as the service sees it."""
    store = open_store(folder)
    try:
        yield store
    finally:
        asyncio.run(store.database.close())


def domain_of(folder: Path, key: str, password: str) -> Domain | None:
    """The domain that this key pair opens."""
    store = open_store(folder)

    async def ask() -> Domain | None:
        try:
            return await store.database.read(domains.authenticate, key, password)
        finally:
            await store.database.close()

    return asyncio.run(ask())


def test_adding_prints_the_key_pair_and_says_what_was_made(run: Run, folder: Path) -> None:
    done = run("domain", "add", "shop", "--create")
    assert done.exit_code == 0
    assert "made the data folder" in done.stderr
    assert "ring.json" in done.stderr
    words = done.stdout.split()
    key, password = words[words.index("domain_key") + 1], words[words.index("domain_password") + 1]
    found = domain_of(folder, key, password)
    assert found is not None
    assert found.name == "shop"
    assert (found.sources, found.origins, found.retention) == (None, (), None)


def test_with_json_standard_output_is_the_key_pair_alone(run: Run, folder: Path) -> None:
    done = run("domain", "add", "shop", "--create", "--json")
    pair = json.loads(done.stdout)
    assert list(pair) == ["domain_key", "domain_password"]
    assert domain_of(folder, pair["domain_key"], pair["domain_password"]) is not None


def test_the_password_is_kept_nowhere(run: Run, folder: Path) -> None:
    password = json.loads(run("domain", "add", "shop", "--create", "--json").stdout)["domain_password"]
    assert all(password.encode() not in path.read_bytes() for path in folder.iterdir())
    assert password not in run("domain", "list").output
    assert password not in run("domain", "list", "--json").output


def test_a_name_is_given_once(run: Run) -> None:
    run("domain", "add", "shop", "--create")
    again = run("domain", "add", "shop", "--create", "--json")
    assert again.exit_code == 1
    assert again.stdout == ""
    assert "'shop'" in again.stderr


@pytest.mark.parametrize("name", ["", " shop", "shop ", "a\nb", "a\x1b[31mb", "x" * 201])
def test_a_name_is_short_and_printable(run: Run, folder: Path, name: str) -> None:
    done = run("domain", "add", name, "--create")
    assert done.exit_code == 2
    assert not folder.exists()


def test_any_script_will_do_for_a_name(run: Run) -> None:
    assert run("domain", "add", "Größe 店", "--create").exit_code == 0
    assert json.loads(run("domain", "list", "--json").stdout)[0]["name"] == "Größe 店"


def test_limits_are_kept(run: Run) -> None:
    code, alias = next((row.code, row.aliases[0]) for row in PROVIDERS if row.aliases)
    other = next(row.code for row in PROVIDERS if row.code != code)
    done = run(
        *("domain", "add", "shop", "--create", "--sources", f"{alias.upper()}, {other}", "--sources", code),
        *("--origins", "https://Shop.example:443,http://localhost:3000/", "--retention", "60"),
    )
    assert done.exit_code == 0, done.stderr
    row = json.loads(run("domain", "list", "--json").stdout)[0]
    assert row["sources"] == [code, other]
    assert row["origins"] == ["https://shop.example", "http://localhost:3000"]
    assert row["retention"] == 60
    told = run("domain", "list").stdout
    assert "https://shop.example, http://localhost:3000" in told
    assert "60 s" in told


def test_an_unknown_service_is_refused_with_those_there_are(run: Run, folder: Path) -> None:
    done = run("domain", "add", "shop", "--create", "--sources", "carddav,icluod")
    assert done.exit_code == 2
    assert "icluod" in done.stderr
    for code in (row.code for row in PROVIDERS):
        assert code in done.stderr
    assert not folder.exists()


@pytest.mark.parametrize("option", ["--sources", "--origins"])
def test_an_empty_list_permits_nothing_and_is_refused(run: Run, option: str) -> None:
    assert run("domain", "add", "shop", "--create", option, " , ").exit_code == 2


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example",
        "ftp://shop.example",
        "https://",
        "https://a/b",
        "https://a?b",
        "https://u@a",
        "https://a:x",
        "https://a#b",
        "https://*.a",
        "https://a.",
        "null",
        "all",
        "*",
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(run: Run, origin: str) -> None:
    done = run("domain", "add", "shop", "--create", "--origins", origin)
    assert done.exit_code == 2
    assert "origin" in done.stderr


def test_a_domain_that_lists_no_origin_has_none(run: Run) -> None:
    run("domain", "add", "shop", "--create")
    assert json.loads(run("domain", "list", "--json").stdout)[0]["origins"] == []
    assert "origins    none" in run("domain", "list").stdout


@pytest.mark.parametrize("retention", ["0", "-1", "soon", "99999999999"])
def test_a_retention_is_between_a_second_and_a_year(run: Run, retention: str) -> None:
    assert run("domain", "add", "shop", "--create", "--retention", retention).exit_code == 2


def test_after_a_rotation_two_passwords_work_for_a_while(run: Run, folder: Path) -> None:
    first = json.loads(run("domain", "add", "shop", "--create", "--json").stdout)
    second = json.loads(run("domain", "rotate", "shop", "--json").stdout)
    assert first["domain_key"] == second["domain_key"]
    for pair in (first, second):
        assert domain_of(folder, pair["domain_key"], pair["domain_password"]) is not None
    row = json.loads(run("domain", "list", "--json").stdout)[0]
    assert row["former_password_until"] > row["created_at"]
    assert "before the last change" in run("domain", "list").stdout


def test_an_overlap_of_nothing_ends_the_old_password_at_once(run: Run, folder: Path) -> None:
    first = json.loads(run("domain", "add", "shop", "--create", "--json").stdout)
    told = run("domain", "rotate", "shop", "--overlap", "0")
    assert "no longer works" in told.stdout
    assert domain_of(folder, first["domain_key"], first["domain_password"]) is None
    assert json.loads(run("domain", "list", "--json").stdout)[0]["former_password_until"] is None


def test_removing_asks_first_and_where_it_can_t_it_does_not_remove(run: Run, folder: Path) -> None:
    run("domain", "add", "shop", "--create")
    done = run("domain", "rm", "shop", stdin="y\n")
    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert len(json.loads(run("domain", "list", "--json").stdout)) == 1


def test_removing_ends_the_key_pair(run: Run, folder: Path) -> None:
    pair = json.loads(run("domain", "add", "shop", "--create", "--json").stdout)
    assert run("domain", "rm", "shop", "--yes").exit_code == 0
    assert domain_of(folder, pair["domain_key"], pair["domain_password"]) is None
    with opened(folder) as store:
        assert store.database.write_now(lambda connection: connection.execute(select(table)).all()) == []


@pytest.mark.parametrize(
    "command", [("rotate", "none"), ("rm", "none", "--yes"), ("set", "none", "--retention", "9")]
)
def test_what_is_not_there_is_said(run: Run, command: tuple[str, ...]) -> None:
    run("domain", "add", "shop", "--create")
    done = run("domain", *command)
    assert done.exit_code == 1
    assert "'none'" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("add", "shop"),
        ("list",),
        ("rotate", "shop"),
        ("rm", "shop", "--yes"),
        ("set", "shop", "--retention", "9"),
    ],
)
def test_no_command_makes_a_data_folder_unasked(run: Run, folder: Path, command: tuple[str, ...]) -> None:
    done = run("domain", *command)
    assert done.exit_code == 4
    assert str(folder) in done.stderr
    assert not folder.exists()


def test_an_empty_list_says_how_to_begin(run: Run) -> None:
    run("domain", "add", "shop", "--create")
    run("domain", "rm", "shop", "--yes")
    done = run("domain", "list")
    assert done.exit_code == 0
    assert "contactport domain add" in done.stderr
    assert json.loads(run("domain", "list", "--json").stdout) == []


def test_the_option_names_the_folder_before_the_variable_does(run: Run, folder: Path, tmp_path: Path) -> None:
    assert run("domain", "add", "shop", "--create", "--data", str(tmp_path / "other")).exit_code == 0
    assert (tmp_path / "other" / "ring.json").exists()
    assert not folder.exists()


def test_adding_where_no_database_is_names_the_one_that_stands_beside_it(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    run("domain", "add", "shop", "--create", "--data", str(tmp_path / "the-service-s"))
    done = run("domain", "add", "shop")
    assert done.exit_code == 4
    assert str(tmp_path / "the-service-s") in done.stderr
    assert "--data" in done.stderr
    assert "--create" in done.stderr
    assert not folder.exists()


def put_a_file(folder: Path) -> str:
    folder.write_text("")
    return str(folder)


def put_no_database(folder: Path) -> str:
    folder.mkdir(mode=0o700)
    (folder / "contactport.db").write_bytes(b"this is no database " * 100)
    return "contactport.db"


def lose_the_ring(folder: Path) -> str:
    asyncio.run(open_store(folder).database.close())
    (folder / "ring.json").unlink()
    return "ring.json"


def show_the_ring(folder: Path) -> str:
    asyncio.run(open_store(folder).database.close())
    (folder / "ring.json").chmod(0o640)
    return "0600"


def come_from_the_future(folder: Path) -> str:
    store = open_store(folder)
    store.database.write_now(
        lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    asyncio.run(store.database.close())
    return "newer version"


@pytest.mark.parametrize(
    "spoil", [put_a_file, put_no_database, lose_the_ring, show_the_ring, come_from_the_future]
)
@pytest.mark.parametrize("command", [("add", "shop"), ("list",)])
def test_a_folder_that_can_t_be_used_is_said_and_not_mended(
    run: Run, folder: Path, spoil: Callable[[Path], str], command: tuple[str, ...]
) -> None:
    says = spoil(folder)
    before = {path: path.read_bytes() for path in folder.glob("*") if path.suffix in (".db", ".json")}
    done = run("domain", *command)
    assert done.exit_code == 4
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.glob("*") if path.suffix in (".db", ".json")} == before


def test_a_folder_that_can_t_be_made_is_said(run: Run) -> None:
    # Not one that its mode protects: that would not keep root out.
    done = run("domain", "add", "shop", "--create", "--data", "/proc/contactport-data")
    assert done.exit_code == 4
    assert "/proc/contactport-data" in done.stderr


def test_a_database_that_fails_later_is_said_in_its_own_words(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection, *_arguments: object, **_options: object) -> None:
        connection.execute(text("SELECT secret FROM nowhere"))

    monkeypatch.setattr(domains, "add", fail)
    done = run("domain", "add", "shop", "--create")
    assert done.exit_code == 4
    assert "no such table: nowhere" in done.stderr
    assert "SELECT" not in done.stderr
