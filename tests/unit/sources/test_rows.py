"""Where the rows of providers come from, and what is said of one that can't be used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import Distribution, EntryPoint, EntryPoints
from pathlib import Path

import pytest

from contactport.sources import plugins, rows
from contactport.sources.base import SourceContext
from contactport.sources.carddav.table import table_of
from contactport.sources.plugins import PROTOCOLS, ROWS, PluginError, protocols
from contactport.sources.registry import Sources
from contactport.sources.rows import FILE_BYTES, RowError, RowFile, load_providers

ROW = """
[[provider]]
code = "acme"
name = "Acme Mail"
aliases = ["acme.example"]
domains = ["acme.example"]
[provider.consent]
protocol = "acme_api"
authorization_endpoint = "https://login.acme.example/authorize"
token_endpoint = "https://login.acme.example/token"
scopes = ["contacts"]
[provider.password]
protocol = "carddav"
kind = "app_password"
help = "Acme Mail needs an app password. Make one at"
url = "https://acme.example/passwords"
[provider.carddav]
start = "https://dav.acme.example/"
hosts = ["*.acme.example"]
"""
Write = Callable[[str], str]
Install = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str) -> str:
        file = tmp_path / "rows.toml"
        file.write_text(text, "utf-8")
        return str(file)

    return make


class Package(Distribution):
    """An installed package of another's."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read_text(self, filename: str) -> str | None:
        return f"Metadata-Version: 2.1\nName: {self._name}\nVersion: 1\n" if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        return Path(str(path))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Adds entry points of other packages to those that are there."""
    added: list[EntryPoint] = []
    there = plugins.entry_points

    def both(*, group: str) -> EntryPoints:
        return EntryPoints([*there(group=group), *(point for point in added if point.group == group)])

    monkeypatch.setattr(plugins, "entry_points", both)

    def one(package: str, group: str, name: str, value: str) -> None:
        point = EntryPoint(name, value, group)
        vars(point)["dist"] = Package(package)
        added.append(point)

    return one


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    def make(name: str, rows: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "providers.toml").write_text(rows, "utf-8")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        monkeypatch.delitem(sys.modules, name, raising=False)

    return make


def test_a_row_alone_adds_a_provider(write: Write) -> None:
    providers = load_providers(write(ROW))
    row = providers.find("ACME.example")
    assert row is not None
    assert row is providers.of_domain("acme.example")
    assert (row.method, row.methods) == ("password", ("password",)), (
        "the protocol of its consent is not installed"
    )
    assert row.secret.kind == "app_password"
    assert table_of(row).start == "https://dav.acme.example/"
    assert len(providers) == len(load_providers()) + 1
    assert list(providers)[-1] is row
    Sources(SourceContext(providers=providers)).check_rows()


def test_the_order_of_the_ways_is_the_order_of_their_tables(write: Write) -> None:
    row = load_providers(write(ROW)).find("acme")
    assert row is not None
    assert [way.protocol for way in row.ways] == ["acme_api", "carddav"]


def test_a_row_none_of_whose_protocols_is_installed_says_that_it_is_not_read(write: Write) -> None:
    row = load_providers(write(ROW.replace('"carddav"', '"davx"').replace(".carddav]", ".davx]"))).find(
        "acme"
    )
    assert row is not None
    assert (row.method, row.methods) == ("consent", ())
    assert "Acme Mail" in row.unavailable_message


def test_a_plug_in_brings_rows(install: Install, importable: Callable[[str, str], None]) -> None:
    importable("acme_rows", ROW)
    install("acme-contacts", ROWS, "acme", "acme_rows")
    row = load_providers().find("acme")
    assert row is not None
    assert row.defined_in == "the package acme-contacts"


def test_rows_that_a_process_adds_may_reach_networks_and_no_others_may(write: Write) -> None:
    networks = ("127.0.0.1:4711",)
    providers = load_providers(more=[RowFile("the test", ROW.encode(), networks)])
    assert [(row.code, row.networks) for row in providers if row.networks] == [("acme", networks)]
    with pytest.raises(RowError, match=r"row acme: networks: there is no such field"):
        load_providers(write(ROW.replace('code = "acme"', 'code = "acme"\nnetworks = ["127.0.0.1"]')))


def test_a_plug_in_without_rows_is_named(install: Install) -> None:
    install("acme-contacts", ROWS, "acme", "no_such_module")
    with pytest.raises(PluginError, match="acme-contacts"):
        load_providers()


@pytest.mark.parametrize(
    ("old", "new", "field", "word", "row"),
    [
        ('"acme"\n', '"gmx"\n', "code", "'gmx'", "row gmx"),
        ('["acme.example"]\ndomains', '["hotmail"]\ndomains', "aliases", "'hotmail'", "row outlookcom"),
        ('domains = ["acme.example"]', 'domains = ["me.com"]', "domains", "'me.com'", "row icloud"),
    ],
)
def test_a_clash_names_both_files(write: Write, old: str, new: str, field: str, word: str, row: str) -> None:
    file = write(ROW.replace(old, new))
    with pytest.raises(RowError) as caught:
        load_providers(file)
    text = str(caught.value)
    assert text.startswith(f"{file}, row ")
    assert f" {field}: {word} " in text
    assert text.endswith(f"{row} of the package contactport")


def test_a_clash_of_plug_in_and_operator_names_both(
    write: Write, install: Install, importable: Callable[[str, str], None]
) -> None:
    importable("acme_rows", ROW)
    install("acme-contacts", ROWS, "acme", "acme_rows")
    with pytest.raises(
        RowError, match=r"rows\.toml, row acme: code: 'acme' is taken .* package acme-contacts"
    ):
        load_providers(write(ROW))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('code = "acme"', "code = 7", "row 7: code: expected `str`, got `int`"),
        ('code = "acme"\n', "", "row 1: code: it is missing"),
        ('code = "acme"', 'code = "Ac me"', "row Ac me: code: 'Ac me' is not a code"),
        ('name = "Acme Mail"\n', "", "row acme: name: it is missing"),
        ("name =", "nmae =", "row acme: nmae: there is no such field"),
        ("name =", 'methods = ["file"]\nname =', "row acme: methods: there is no such field"),
        ("[provider.carddav]", "[provider.cardav]", "row acme: cardav: there is no such field"),
        ('protocol = "carddav"\n', "", "row acme: password.protocol: it is missing"),
        ('"app_password"', '"pin"', "row acme: password.kind: "),
        ("token_endpoint =", "token_endpoit =", "row acme: consent"),
        ('"https://login.acme.example/token"', '"ftp://x/"', "row acme: consent.token_endpoint: "),
        ('domains = ["acme.example"]', 'domains = ["a b"]', "row acme: domains: 'a b' is not a mail domain"),
        ('["acme.example"]\ndom', '["A!"]\ndom', "row acme: aliases: 'A!' is not an alias"),
        ("name =", 'mail_hosts = ["*"]\nname =', "row acme: mail_hosts: '*' is not a host"),
        ("[[provider]]", "[provider]", "each provider is a table [[provider]]"),
        ("[[provider]]", "[[providers]]", "each provider is a table [[provider]]"),
        ("[[provider]]", "[[provider", "is not TOML"),
    ],
)
def test_a_bad_row_is_one_line_with_file_row_and_field(write: Write, old: str, new: str, told: str) -> None:
    assert old in ROW
    file = write(ROW.replace(old, new, 1))
    with pytest.raises(RowError) as caught:
        load_providers(file)
    assert str(caught.value).startswith(file)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_row_without_ways_says_why(write: Write) -> None:
    bare = '[[provider]]\ncode = "acme"\nname = "Acme"\n'
    with pytest.raises(RowError, match="row acme: it has no way"):
        load_providers(write(bare))
    row = load_providers(write(f'{bare}unavailable_message = "Acme has closed."\n')).find("acme")
    assert row is not None
    assert (row.method, row.unavailable_message) == ("retired", "Acme has closed.")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('start = "https://dav.acme.example/"\n', "", "carddav.start: it is missing"),
        ("https://dav.acme.example/", "https://me@dav.acme.example/", "carddav.start: 'https://me@"),
        ("https://dav.acme.example/", "dav.acme.example", "carddav.start: 'dav.acme.example' is not"),
        ("start =", 'paths = ["dav"]\nstart =', "carddav.paths: 'dav' does not begin"),
        ('"*.acme.example"', '"*"', "carddav.hosts: '*' is not a host"),
        ("start =", "batch = -1\nstart =", "carddav.batch: expected `int` >= 0"),
        ("start =", "sart = 1\nstart =", "carddav.sart: there is no such field"),
    ],
)
def test_a_protocol_checks_the_table_that_is_its_own(write: Write, old: str, new: str, told: str) -> None:
    file = write(ROW.replace(old, new, 1))
    with pytest.raises(RowError) as caught:
        Sources(SourceContext(providers=load_providers(file))).check_rows()
    assert f"{file}, row acme: {told}" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RowError, match=r"rows\.toml can't be read: No such file"):
        load_providers(str(tmp_path / "rows.toml"))


def test_a_file_that_is_too_long_is_refused(write: Write) -> None:
    with pytest.raises(RowError, match=f"longer than {FILE_BYTES} bytes"):
        load_providers(write("#" * (FILE_BYTES + 1)))


def test_two_packages_that_claim_one_protocol_are_both_named(install: Install) -> None:
    assert list(protocols()) == sorted(protocols())
    install("evil-dav", PROTOCOLS, "carddav", "evil:CardDav")
    with pytest.raises(PluginError, match="contactport and evil-dav both offer the protocol 'carddav'"):
        Sources(SourceContext(providers=load_providers(spoken=["carddav"])))


def test_what_is_served_depends_on_the_ways_and_on_the_protocols_that_are_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    providers = load_providers(spoken=["carddav", "google"])
    methods = {name: row.methods for name in ("gmail", "yahoo", "hotmail") if (row := providers.find(name))}
    assert methods == {"gmail": ("consent", "password"), "yahoo": ("password", "consent"), "hotmail": ()}
    monkeypatch.setattr(rows, "WAYS", frozenset({"password"}))
    gmail = load_providers(spoken=["carddav", "google"]).find("gmail")
    assert gmail is not None
    assert (gmail.method, gmail.methods) == ("password", ("password",))


def test_a_protocol_that_can_t_be_loaded_is_named_with_its_package(install: Install, write: Write) -> None:
    install("acme-contacts", PROTOCOLS, "acme_api", "no_such_module:Source")
    sources = Sources(SourceContext(providers=load_providers(write(ROW))))
    with pytest.raises(PluginError, match=r"'acme_api' of the package acme-contacts .* ModuleNotFoundError"):
        sources.check_rows()
