"""A row in the operator's own file adds a provider to a real service; a bad one is one clear line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.book import cards
from tests.e2e.service_process import command, service
from tests.servers.radicale import Radicale, radicale

ROW = """
[[provider]]
code = "acme"
name = "Acme Mail"
aliases = ["acmemail"]
[provider.password]
protocol = "carddav"
[provider.carddav]
start = "{start}"
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Radicale]:
    with radicale() as running:
        running.book("alice", "one", cards(12))
        yield running


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return tmp_path / "rows.toml"


@pytest.fixture
def config(rows: Path, tmp_path: Path) -> tuple[str, str]:
    """The options that name the settings file, which names the file of rows."""
    file = tmp_path / "settings.toml"
    file.write_text(f'providers = "{rows}"\n', "utf-8")
    return "--config", str(file)


def test_one_row_adds_a_provider(
    server: Radicale, rows: Path, config: tuple[str, str], tmp_path: Path
) -> None:
    rows.write_text(ROW.format(start=server.url), "utf-8")
    with service(tmp_path / "data", *config) as running:
        shop = running.application("shop", *config, "--sources", "acmemail")
        status, body = shop.call("GET", "/services.json")
        assert status == 200
        assert json.loads(body)["acmemail"]["methods"] == ["password"]
        import_id = shop.begin(service="ACME", username="alice", password="secret")
        assert shop.end(import_id)["value"] == 0
        assert len(shop.contacts(import_id)) == 12


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"acme"', '"gmx"', "row gmx: code: 'gmx' is taken by row gmx of the package contactport"),
        ("start =", "strat =", "row acme: carddav.strat: there is no such field"),
    ],
)
def test_a_bad_row_is_one_line_at_the_start_and_in_the_doctor(
    rows: Path, config: tuple[str, str], tmp_path: Path, old: str, new: str, told: str
) -> None:
    rows.write_text(ROW.format(start="https://dav.acme.example/").replace(old, new), "utf-8")
    begun = command("serve", "--port", "0", *config, data=tmp_path / "data")
    assert begun.returncode == 2
    assert begun.stderr.splitlines()[-1].endswith(f"{rows}, {told}")
    found = command("doctor", *config, data=tmp_path / "data")
    assert found.returncode == 1
    assert f"{rows}, {told}" in found.stdout
