"""Writing contacts to a file: it gets its name only when it is complete."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest

from contactport.cli.contact_writer import FORMATS, Writer, format_of, output, part, write_of
from contactport.cli.exit_codes import CommandError
from contactport.contact import Contact, Email, Group
from contactport.formats import vcard

ANNA = Contact(uid="u1", formatted_name="Anna", emails=[Email("anna@example.org")])
BEN = Contact(uid="u2", formatted_name="Ben")


def written(
    format_: str, *batches: list[Contact | Group], groups: dict[str, list[str]] | None = None
) -> bytes:
    out = io.BytesIO()
    writer = Writer(write_of(format_, groups or {}), out)
    for batch in batches:
        writer.put(batch)
    writer.close()
    return out.getvalue()


def test_json_is_one_array_over_all_batches() -> None:
    told = json.loads(written("json", [ANNA], [BEN], groups={"u1": ["Friends"]}))
    assert [(one["first_name"], one["groups"]) for one in told] == [("Anna", ["Friends"]), ("Ben", [])]


def test_ndjson_is_a_line_a_contact() -> None:
    lines = written("ndjson", [ANNA], [BEN]).splitlines()
    assert [json.loads(line)["first_name"] for line in lines] == ["Anna", "Ben"]


def test_csv_has_one_header_over_all_batches() -> None:
    lines = written("csv", [ANNA], [BEN], groups={"u1": ["Friends"]}).decode().splitlines()
    assert lines[0].startswith("First Name,")
    assert len(lines) == 3
    assert "Friends" in lines[1]


def test_vcard_has_cards_for_groups_too() -> None:
    items = list(vcard.read([written("vcf", [ANNA, Group("Friends", "g1", ["u1"])], [BEN])]))
    assert [type(item).__name__ for item in items] == ["Contact", "Group", "Contact"]


@pytest.mark.parametrize("format_", FORMATS)
def test_an_empty_book_is_written_as_one_and_a_failed_import_is_not(format_: str) -> None:
    out = io.BytesIO()
    Writer(write_of(format_, {}), out).abandon()
    assert out.getvalue() == b""
    assert (b"[]" in written(format_)) is (format_ in ("json", "jcard", "jscontact"))


def test_what_was_begun_is_ended_also_when_it_is_abandoned() -> None:
    out = io.BytesIO()
    writer = Writer(write_of("json", {}), out)
    writer.put([ANNA])
    writer.abandon()
    assert len(json.loads(out.getvalue())) == 1


class Full(io.BytesIO):
    """A disk without room."""

    def write(self, data: object) -> int:
        raise OSError(28, "No space left on device")


class Gone(io.BytesIO):
    """A pipe without a reader."""

    def write(self, data: object) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize(("out", "error"), [(Full(), CommandError), (Gone(), BrokenPipeError)])
def test_what_writing_raises_comes_out_where_more_is_put(out: io.BytesIO, error: type[Exception]) -> None:
    writer = Writer(write_of("ndjson", {}), out)

    def put_for_ever() -> None:
        while True:
            writer.put([ANNA])

    with pytest.raises(error):
        put_for_ever()
    with pytest.raises(error):
        writer.close()


def test_a_file_is_there_under_its_name_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "book.vcf"
    path.write_text("what was there before")
    with output(path) as out:
        out.write(b"new")
        assert path.read_text() == "what was there before"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def fail(path: Path, error: BaseException, data: bytes) -> None:
    with output(path) as out:
        out.write(data)
        raise error


def test_what_a_failed_import_had_written_stays_beside(tmp_path: Path) -> None:
    path = tmp_path / "book.vcf"
    with pytest.raises(ValueError, match="half"):
        fail(path, ValueError("half"), b"half")
    assert not path.exists()
    assert part(path).read_bytes() == b"half"


@pytest.mark.parametrize(("error", "data"), [(ValueError("none"), b""), (KeyboardInterrupt(), b"half")])
def test_nothing_stays_of_nothing_or_of_an_interruption(
    tmp_path: Path, error: BaseException, data: bytes
) -> None:
    with pytest.raises(type(error)):
        fail(tmp_path / "book.vcf", error, data)
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_to_and_not_replaced() -> None:
    with output(Path("/dev/null")) as out:
        out.write(b"gone")
    assert Path("/dev/null").is_char_device()


def test_a_place_that_can_t_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"book\.vcf"), output(tmp_path / "none" / "book.vcf"):
        pass


@pytest.mark.parametrize(
    ("name", "named", "expected"),
    [
        *((None, None, "vcf"), (None, "csv", "csv"), ("book.csv", None, "csv"), ("book.CSV", None, "csv")),
        *(
            ("book.vcf", None, "vcf"),
            ("b.vcard", "vcf", "vcf"),
            ("b.json", None, "json"),
            ("b.ndjson", None, "ndjson"),
        ),
        *(
            ("b.jsonl", None, "ndjson"),
            ("book", None, "vcf"),
            ("book", "json", "json"),
            ("b.txt", "csv", "csv"),
        ),
        *(("/dev/null", None, "vcf"), ("/dev/null", "csv", "csv"), ("a.csv.vcf", None, "vcf")),
    ],
)
def test_the_name_decides_on_the_format(name: str | None, named: str | None, expected: str) -> None:
    assert format_of(Path(name) if name else None, named) == expected


@pytest.mark.parametrize(
    ("name", "named", "says"),
    [
        ("b.csv", "vcf", "b.csv"),
        ("b.vcf", "json", "json"),
        ("b.jsonl", "json", "ndjson"),
        ("b.xls", None, "--format"),
    ],
)
def test_a_name_that_says_otherwise_is_an_error(name: str, named: str | None, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        format_of(Path(name), named)
