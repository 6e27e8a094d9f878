"""What a person corrects of a table: its columns and its character set; and what `convert --explain` shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contactport.cli import main
from contactport.contact import Contact
from contactport.formats import registry
from contactport.formats.columns import UnknownColumn, UnknownField
from tests.unit.formats.workbooks import packed, sheet, workbook

ROWS = [["Vorname", "Wibble", "Wobble"], ["Ada", "ada@example.org", "+49 30 123456"]]
CSV = "\n".join(map(";".join, ROWS)).encode()
XLSX = workbook(sheet(ROWS))
ZIP = packed({"a/b.csv": CSV, "c.xlsx": workbook(sheet([["Name", "Wabble"], ["Ben", "x"]])), "d.vcf": b""})
FILES = {"csv": CSV, "xlsx": XLSX, "zip": ZIP}


def contacts(format_: str, overrides: dict[str, str]) -> list[Contact]:
    items = registry.get(format_).read([FILES[format_]], overrides=overrides)
    return [item for item in items if isinstance(item, Contact)]


@pytest.mark.parametrize("format_", FILES)
def test_a_column_is_what_a_person_says(format_: str) -> None:
    ada = contacts(format_, {"wobble": "nickname", "Wibble": ""})[0]
    assert (ada.name.given, ada.nicknames, ada.emails) == ("Ada", ["+49 30 123456"], [])


@pytest.mark.parametrize("format_", FILES)
def test_what_is_not_there_is_told_before_the_first_contact(format_: str) -> None:
    with pytest.raises(UnknownColumn, match=r"'Wubble' \(did you mean .*'Wibble'.*\), only Vorname"):
        contacts(format_, {"Wubble": "nickname"})
    with pytest.raises(UnknownField, match=r"'nickname'\?\), only name"):
        contacts(format_, {"Wibble": "nicknam"})


def test_in_an_archive_each_table_takes_what_concerns_it() -> None:
    ada, ben = contacts("zip", {"Wobble": "nickname", "Wabble": "nickname"})
    assert (ada.nicknames, ben.nicknames) == (["+49 30 123456"], ["x"])


@pytest.mark.parametrize("format_", FILES)
def test_a_table_is_shown_before_it_is_read(format_: str) -> None:
    table = next(registry.get(format_).tables([FILES[format_]], overrides={"Wibble": "email.work"}))
    assert [column.header for column in table.understood.columns] == ROWS[0]
    assert [column.field for column in table.understood.columns] == ["given_name", "email.work", "phone"]
    assert table.rows == (tuple(ROWS[1]),)
    assert table.place == ("file 1" if format_ == "zip" else "")


def test_a_person_names_the_character_set() -> None:
    data = "Vorname;Mail\nJürgen;j@example.org".encode("cp850")
    (contact,) = registry.get("csv").read([data], charset="cp850")
    assert isinstance(contact, Contact)
    assert contact.name.given == "Jürgen"
    (table,) = registry.get("csv").tables([data], charset="cp850")
    assert table.rows[0][0] == "Jürgen"


def test_a_format_without_columns_has_no_tables() -> None:
    card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n"
    assert list(registry.get("vcf").tables([card])) == []
    assert len(list(registry.get("vcf").read([card], overrides={"x": "email"}))) == 1


def run(tmp_path: Path, data: bytes, *options: str) -> Result:
    file = tmp_path / "file"
    file.write_bytes(data)
    return CliRunner().invoke(main, ["convert", str(file), *options])


def test_explain_shows_file_and_columns(tmp_path: Path) -> None:
    data = "Vorname;Erreichbar;Wibble\nJürgen;+49 30 123456;\x1b[2Jx".encode("cp1252")
    lines = run(tmp_path, data, "--explain").stdout.splitlines()
    assert lines[0].endswith(
        "file is a table (CSV). Its lines have 3 columns with semicolons between them; "
        "its words look like names in this set."
    )
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["format", "csv"],
        ["encoding", "cp1252"],
        ["delimiter", "';'"],
    ]
    assert lines[6] == "  header      row 1, in de"
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines[9:]]
    assert cells == [
        ["1", "Vorname", "given_name", "1.00", "the header 'Vorname' means that (de)", "Jürgen"],
        ["2", "Erreichbar", "phone", "0.60", "its values are telephone numbers", "+49 30 123456"],
        [
            "3",
            "Wibble",
            "(not read)",
            "0.00",
            "the header 'Wibble' is not known",
            "\N{REPLACEMENT CHARACTER}[2Jx",
        ],
    ]


def test_explain_shows_each_table_of_an_archive(tmp_path: Path) -> None:
    shown = run(tmp_path, ZIP, "--explain").stdout
    assert "file 1 is a table (CSV)" in shown
    assert "file 2 is a workbook of Excel" in shown
    assert shown.count("first values") == 2


def test_explain_of_cards(tmp_path: Path) -> None:
    done = run(tmp_path, b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nEND:VCARD\r\n", "--explain")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "It has no columns."


def test_map_is_explained_and_converted(tmp_path: Path) -> None:
    mapped = ("--map", "Wibble=email.work", "--map", "3=")
    shown = run(tmp_path, CSV, "--explain", *mapped).stdout
    assert "you said so" in shown
    done = run(tmp_path, CSV, "--to", "vcf", *mapped)
    assert "EMAIL;TYPE=WORK:ada@example.org" in done.stdout
    assert "TEL" not in done.stdout


def test_a_header_may_hold_an_equals_sign(tmp_path: Path) -> None:
    done = run(tmp_path, b"Name,a=b\nAda,x", "--to", "ndjson", "--map", "a=b=email")
    assert done.exit_code == 0


@pytest.mark.parametrize(
    ("data", "options", "text"),
    [
        (CSV, ("--to", "vcf", "--map", "Wubble=email"), "did you mean"),
        (CSV, ("--to", "vcf", "--map", "Wibble=emial"), "did you mean 'email'?"),
        (CSV, ("--to", "vcf", "--map", "Wibble"), "needs a column and a field"),
        (ZIP, ("--to", "vcf", "--map", "Wubble=email"), "no column 'Wubble'"),
        (b"BEGIN:VCARD\nFN:A\nEND:VCARD\n", ("--to", "csv", "--map", "a=email"), "has no columns for --map"),
        (CSV, (), "Give --to with a format, or --explain alone."),
        (CSV, ("--to", "vcf", "--explain"), "Give --to with a format, or --explain alone."),
    ],
)
def test_errors_name_the_choices_and_nothing_is_written(
    tmp_path: Path, data: bytes, options: tuple[str, ...], text: str
) -> None:
    done = run(tmp_path, data, *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert text in done.stderr
