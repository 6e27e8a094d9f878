"""`formats.xlsx`: workbooks of any program, and what no workbook should be."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Contact, Email, Item, Name, Note, Phone, Reject
from contactport.formats import xlsx, zip_parts
from contactport.formats.columns import COLUMNS
from contactport.formats.xlsx import sheet as sheets
from contactport.formats.xlsx import workbook as books
from contactport.formats.xlsx.number_formats import number, shown_by
from contactport.formats.xlsx.workbook import opened
from contactport.formats.xlsx.xml_part import BROKEN, DOCTYPE, TOO_LONG, UnreadableWorkbook
from tests.unit.formats.strategies import contacts
from tests.unit.formats.workbooks import packed, sheet, workbook

HEADER = ["First Name", "Last Name", "E-mail", "Mobile Phone", "Birthday"]
ADA = ["Ada", "Lovelace", "ada@example.org"]
BEN = ["Ben", "Ada", "ben@example.org"]


def read(data: bytes) -> list[Item]:
    return list(xlsx.read([data]))


def rows(data: bytes) -> list[list[str]]:
    book = opened(data)
    return [row.cells for row in sheets.rows(book, book.sheets[0])]


def cells(*xml: str, strings: str = "", styles: str = "", properties: str = "") -> list[str]:
    """The texts of one row of cells."""
    (row,) = rows(workbook(sheet([xml]), strings=strings, styles=styles, properties=properties))
    return row


def reason(data: bytes) -> str:
    """Why a file is refused as a whole."""
    (item,) = read(data)
    assert isinstance(item, Reject)
    assert item.place == "file"
    return item.reason


def test_rows_are_contacts() -> None:
    first, second = read(workbook(sheet([HEADER, [*ADA, "+49 30 1"], [], BEN])))
    assert first == Contact(
        name=Name("Lovelace", "Ada"), emails=[Email("ada@example.org")], phones=[Phone("+49 30 1", ("CELL",))]
    )
    assert isinstance(second, Contact)
    assert second.name.given == "Ben"


def test_texts_of_every_kind() -> None:
    strings = (
        "<si><t>one</t></si><si><r><t>t</t></r>\n <r><rPr><b/></rPr><t xml:space='preserve'> </t></r>"
        " <r><t>wo</t></r><rPh sb='0' eb='1'><t>phonetic</t></rPh><phoneticPr fontId='1'/></si>\n"
        "<si><t>a_x000D_b_x005F_x0041_</t></si><si/>"
    )
    assert cells(
        '<c t="s"><v>0</v></c>',
        '<c t="s"><v>1</v></c>',
        '<c t="s"><v>2</v></c>',
        '<c t="s"><v>3</v></c>',
        '<c t="s"><v>99</v></c>',
        '<c t="s"><v>-1</v></c>',
        '<c t="s"><v>x</v></c>',
        '<c t="inlineStr"><is><r><t>in</t></r><r><t>line</t></r><rPh sb="0" eb="1"><t>x</t></rPh></is></c>',
        '<c t="str"><f>A1&amp;"x"</f><v>cached</v></c>',
        '<c t="b"><v>1</v></c>',
        '<c t="b"><v>0</v></c>',
        '<c t="e"><v>#N/A</v></c>',
        '<c t="d"><v>1980-01-02T00:00:00</v></c>',
        "<c><f>1+1</f><v>2</v></c>",
        strings=strings,
    ) == [
        "one",
        "t wo",
        "a\rb_x0041_",
        "",
        "",
        "",
        "",
        "inline",
        "cached",
        "TRUE",
        "FALSE",
        "",
        "1980-01-02",
        "2",
    ]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("491701234567", "491701234567"),
        ("4.91701234567E+11", "491701234567"),
        ("4.91701234567E11", "491701234567"),
        ("30123456.0", "30123456"),
        ("1.5", "1.5"),
        ("0.1", "0.1"),
        ("-3", "-3"),
        ("1E+99", "1E+99"),
        ("nan", "nan"),
        ("words", "words"),
        ("", ""),
    ],
)
def test_numbers_keep_their_digits(raw: str, text: str) -> None:
    assert number(raw) == text


@pytest.mark.parametrize(
    ("code", "spelled", "raw", "text"),
    [
        (14, "", "29222", "1980-01-02"),
        (22, "", "29222.75", "1980-01-02"),
        (16, "", "29222", "--01-02"),
        (17, "", "29222", "1980-01"),
        (0, "", "29222", "29222"),
        (164, "dd.mm.yyyy", "29222", "1980-01-02"),
        (164, '[$-407]d. mmmm yyyy;@', "29222", "1980-01-02"),
        (164, "d/m", "29222", "--01-02"),
        (164, '"Day" 0', "29222", "29222"),
        (164, "[Red]0.00", "29222", "29222"),
        (164, "0.00E+00", "29222", "29222"),
        (164, "hh:mm", "0.5", "0.5"),
        (164, "#,##0.00 [$€-407]", "12", "12"),
        (164, "00000", "1067", "01067"),
        (164, '"+"0', "4930123", "+4930123"),
        (164, "\\+#", "4930123", "+4930123"),
        (14, "", "1", "1900-01-01"),
        (14, "", "59", "1900-02-28"),
        (14, "", "61", "1900-03-01"),
        (14, "", "2958465", "9999-12-31"),
        (14, "", "2958466", "2958466"),
        (14, "", "-5", "-5"),
        (14, "", "1e999", "1e999"),
        (14, "", "x", "x"),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_its_format_shows_it(code: int, spelled: str, raw: str, text: str) -> None:
    assert shown_by(code, spelled, is_1904=False)(raw) == text


def test_dates_of_both_systems() -> None:
    styles = (
        '<numFmts count="1"><numFmt numFmtId="164" formatCode="d\\.m\\.yyyy"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs>'
    )
    row = (
        '<c s="1"><v>29222</v></c>',
        "<c><v>29222</v></c>",
        '<c s="0"><v>29222</v></c>',
        '<c s="7"><v>1</v></c>',
    )
    assert cells(*row, styles=styles) == ["1980-01-02", "29222", "29222", "1"]
    properties = '<workbookPr date1904="1"/>'
    assert cells('<c s="1"><v>27760</v></c>', styles=styles, properties=properties) == ["1980-01-02"]
    assert shown_by(14, "", is_1904=True)("2957003") == "9999-12-31"
    assert shown_by(14, "", is_1904=True)("2957004") == "2957004"


def test_a_birthday_is_a_date() -> None:
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    (item,) = read(workbook(sheet([HEADER, [*ADA, "", '<c s="1"><v>29222</v></c>']]), styles=styles))
    assert isinstance(item, Contact)
    assert item.birthday is not None
    assert (item.birthday.year, item.birthday.month, item.birthday.day) == (1980, 1, 2)


def test_merged_cells_empty_rows_and_rows_without_places() -> None:
    body = (
        "<worksheet><sheetData><row/><row><c t='inlineStr'><is><t>First Name</t></is></c>"
        "<c t='inlineStr'><is><t>E-mail</t></is></c></row>\n<row><c/></row>"
        "<row><c t='inlineStr'><is><t>Ada</t></is></c><c t='inlineStr'><is><t>a@example.org</t></is></c></row>"
        "</sheetData><mergeCells><mergeCell ref='A2:A3'/></mergeCells>"
        "<headerFooter><oddHeader>words</oddHeader></headerFooter></worksheet>"
    )
    (item,) = read(workbook(body))
    assert isinstance(item, Contact)
    assert item.name.given == "Ada"


def test_text_beside_the_cells_of_a_row_is_none_of_them() -> None:
    body = sheet([["kept"]])
    for lost in ("<v>lost</v>", "<is><t>lost</t></is>"):
        assert rows(workbook(body.replace("<c ", f"{lost}<c ", 1))) == [["kept"]]


def test_a_prefix_and_the_strict_namespace_make_no_difference() -> None:
    body = re.sub(r"<(/?)(\w)", r"<\1x:\2", sheet([HEADER, ADA])).replace("xmlns=", "xmlns:x=")
    assert rows(workbook(body)) == [HEADER, ADA]


def test_places_are_rows_of_the_spreadsheet() -> None:
    (contact, item) = read(workbook(sheet([HEADER, ADA, ["", "", "no address at all", ""]], first=5)))
    assert isinstance(contact, Contact)
    assert isinstance(item, Reject)
    assert item.place == "row 7"


def test_the_sheet_that_looks_like_contacts() -> None:
    prices = sheet([["Item", "Price"], ["Tea", "3"]])
    data = workbook(
        prices, sheet([]), sheet([HEADER, ADA, BEN]), sheet([HEADER, ADA]), states=["", "", "", "hidden"]
    )
    found = read(data)
    assert [type(item) for item in found] == [Contact, Contact, Note]
    assert found[2].place == "sheet 1"  # type: ignore[union-attr]


def test_a_hidden_sheet_is_read_where_there_is_no_other() -> None:
    assert len(read(workbook(sheet([HEADER, ADA]), states=["veryHidden"]))) == 1


def test_the_last_cell_of_a_sheet_is_bounded() -> None:
    body = sheet([HEADER, ADA]).replace(
        "</sheetData>",
        '<row r="1048576"><c r="A1048576"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row></sheetData>',
    )
    tracemalloc.start()
    found = read(workbook(body))
    assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    tracemalloc.stop()
    assert [type(item) for item in found] == [Contact, Contact, Note]
    assert found[2] == Note("row 1048576", f"only {COLUMNS} columns are read: a cell beyond them is left out")


@pytest.mark.parametrize("place", ["ZZZZ1", "1", "", "A0", "A99999999", "é1", "AAAAAAAAAAAAAAAAAAA1"])
def test_an_impossible_place_is_no_trouble(place: str) -> None:
    body = sheet([HEADER, ADA]).replace('r="A2"', f'r="{place}"').replace('<row r="2"', f'<row r="{place}"')
    assert any(isinstance(item, Contact) for item in read(workbook(body)))


def test_entities_are_refused() -> None:
    body = '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/passwd">]>' + sheet([HEADER, ["&a;"]])
    assert reason(workbook(body)) == DOCTYPE
    assert reason(workbook(sheet([HEADER]), more={"xl/workbook.xml": "<!DOCTYPE x><workbook/>"})) == DOCTYPE


def test_what_unpacks_to_very_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    body = sheet([HEADER, ADA]).replace("</sheetData>", " " * 4_000_000 + "</sheetData>")
    data = workbook(body)
    assert len(data) < 10_000
    assert read(data)[-1] == Reject("after row 2", zip_parts.EXPANDS)
    monkeypatch.setattr(zip_parts, "MOST_UNPACKED", 10_000)
    rows_ = [[f"Given{at}", f"Family{at * 7919}", f"u{at * 104729}@example.org"] for at in range(200)]
    found = read(workbook(sheet([HEADER, *rows_])))
    assert isinstance(found[-1], Reject)
    assert found[-1].reason == zip_parts.EXPANDS


@pytest.mark.parametrize(
    "inner",
    [
        "<a>" * 100_000,
        "<a " + "x" * 2_000_000 + "='1'/>",
        "".join(f"<a{at}/>" for at in range(20_000)),
        "".join(f"<a b{at}='1'/>" for at in range(20_000)),
        "<!--" + "x" * 3_000_000 + "-->",
    ],
    ids=["deep", "long", "names", "attributes", "comment"],
)
def test_tags_are_bounded(inner: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_parts, "MOST_RATIO", 10_000)
    body = sheet([HEADER, ADA]).replace("</sheetData>", inner + "</sheetData>")
    found = read(workbook(body))
    assert found[-1].reason in (TOO_LONG, BROKEN)  # type: ignore[union-attr]


def test_shared_strings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    strings = "".join(f"<si><t>text {at}</t></si>" for at in range(100))
    monkeypatch.setattr(books, "STRING_BYTES", 500)
    assert reason(workbook(sheet([HEADER]), strings=strings)) == books.TOO_MANY_STRINGS
    monkeypatch.setattr(books, "STRING_BYTES", 50_000)
    monkeypatch.setattr(books, "STRINGS", 50)
    assert reason(workbook(sheet([HEADER]), strings=strings)) == books.TOO_MANY_STRINGS


def test_a_text_that_is_shared_by_many_cells_makes_no_endless_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    strings = f"<si><t>{'word ' * 10_000}</t></si>"
    row = ['<c t="s"><v>0</v></c>'] * 52
    found = read(workbook(sheet([HEADER, row, ADA]), strings=strings))
    assert [type(item) for item in found] == [Reject, Contact]
    assert found[0] == Reject("row 2", sheets.TOO_LARGE)
    monkeypatch.setattr(sheets, "CHARACTERS", 10_000)
    found = read(workbook(sheet([HEADER, ADA, ["x" * 20_000], *[ADA] * 5000])))
    assert found[-1].reason == sheets.TOO_MUCH  # type: ignore[union-attr]


def test_a_row_that_is_too_large_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_parts, "MOST_RATIO", 10_000)
    found = read(workbook(sheet([HEADER, ["é" * (sheets.ROW + 1), "x"], ADA])))
    assert [type(item) for item in found] == [Reject, Contact]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "Workbook".encode("utf-16-le"), "old workbook"),
        (b"%PDF-1.4", "PDF"),
        (b"Name,E-mail\r\n", "table"),
        (b"PK\3\4garbage", "damaged"),
        (workbook(sheet([HEADER, ADA]))[:-30], "damaged"),
        (packed({"x.txt": "y"}), "no sheet"),
        (workbook(), "no sheet"),
    ],
)
def test_what_is_no_workbook_is_refused_in_words(data: bytes, words: str) -> None:
    assert words in reason(data)


def test_an_encrypted_part_and_other_methods_are_refused() -> None:
    data = bytearray(workbook(sheet([HEADER, ADA])))
    for at in (found.start() for found in re.finditer(rb"PK\x01\x02", bytes(data))):
        data[at + 8] |= 1
    assert reason(bytes(data)) == zip_parts.ENCRYPTED
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("xl/workbook.xml", "<workbook/>")
    assert reason(file.getvalue()) == zip_parts.METHOD


def test_a_file_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_parts, "MOST_BYTES", 100)
    assert "larger than" in reason(workbook(sheet([HEADER, ADA])))
    monkeypatch.setattr(zip_parts, "MOST_BYTES", 10**9)
    monkeypatch.setattr(zip_parts, "MOST_PARTS", 2)
    assert "more than" in reason(workbook(sheet([HEADER, ADA])))


def test_what_comes_before_a_damage_is_read() -> None:
    many = [[f"Given{at}", "x", f"u{at}@example.org"] for at in range(3000)]
    body = sheet([HEADER, *many])
    found = read(workbook(body[: len(body) // 2] + "<<" + body[len(body) // 2 :]))
    assert isinstance(found[-1], Reject)
    assert found[-1].reason == BROKEN
    assert found[-1].place.startswith("after row ")
    assert len(found) > 1000


def test_a_table_without_known_columns_is_refused() -> None:
    (item,) = read(workbook(sheet([["Pieces"], ["3"], ["4"]])))
    assert isinstance(item, Reject)
    assert "column" in item.reason


def test_what_is_written_is_the_same_each_time_and_read_by_zipfile() -> None:
    contact = Contact(name=Name("Love\rlace _x0041_", " Ada\x00"), notes=["=1+1\n<&>"], titles=["x" * 40_000])
    data = b"".join(xlsx.write([contact]))
    assert data == b"".join(xlsx.write([contact]))
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    (item,) = (item for item in read(data) if isinstance(item, Contact))
    assert item.name.family == "Love\rlace _x0041_"
    assert item.notes[0] == "=1+1\n<&>"
    assert rows(data)[1].count("x" * 32_767) == 1


@given(contacts)
def test_every_contact_can_be_written(contact: Contact) -> None:
    opened(b"".join(xlsx.write([contact])))


@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(1, 40))
def test_any_damage_is_no_exception(data: bytes, at: int, length: int) -> None:
    whole = workbook(
        sheet([HEADER, ADA, BEN]), strings="<si><t>x</t></si>", styles="<cellXfs><xf/></cellXfs>"
    )
    for item in read(whole[:at] + data + whole[at + length :]):
        assert isinstance(item, Contact | Reject | Note)


@given(st.text(alphabet="<>/ =\"'crvtsi10A&;\n", max_size=200))
def test_any_xml_is_no_exception(inner: str) -> None:
    body = sheet([HEADER, ADA]).replace("</sheetData>", inner + "</sheetData>")
    for item in read(workbook(body)):
        assert isinstance(item, Contact | Reject | Note)


CELLS = st.sampled_from(
    [
        "",
        "words",
        "a & b < c",
        "é漢\u2028",
        "<c/>",
        '<c t="s"><v>0</v></c>',
        '<c t="s"><v>1</v></c>',
        '<c t="s"><v>7</v></c>',
        '<c s="1"><v>29222</v></c>',
        '<c s="1" t="n"><v>4.9E+11</v></c>',
        '<c t="b"><v>1</v></c>',
        "<c><v> 12\n</v></c>",
        "<c><f>1</f><v>2</v></c>",
        '<c t="inlineStr"><is><t xml:space="preserve"> x_x0041_ </t></is></c>',
        '<c t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>',
        '<c t="e"><v>#N/A</v></c>',
        "<c><v></v></c>",
    ]
)


@given(
    st.lists(st.lists(CELLS, max_size=6), max_size=6),
    st.lists(st.sampled_from(["a", "é", "&lt;"]), max_size=3),
)
def test_rows_of_the_usual_shape_are_read_as_the_parser_reads_them(
    table: list[list[str]], texts: list[str]
) -> None:
    """In UTF-16 nothing has the usual shape."""
    strings = "".join(f"<si><t>{text}</t></si>" for text in texts) + "<si><r><t>x</t></r></si>"
    styles = '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    body = sheet(table)
    plain = rows(workbook(body, strings=strings, styles=styles))
    assert plain == rows(workbook(body.encode("utf-16"), strings=strings, styles=styles))
    assert plain == rows(workbook(body, strings=f"<!-- x -->{strings}", styles=styles))


@pytest.mark.parametrize("size", [1, 7, 100, 4096])
def test_it_does_not_matter_where_parts_are_cut(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = workbook(sheet([HEADER, ADA, ["é", '<c t="s"><v>0</v></c>'], BEN]), strings="<si><t>漢</t></si>")
    expected = rows(data)
    monkeypatch.setattr(zip_parts, "_PIECE", size)
    assert rows(data) == expected


def test_the_parts_of_a_workbook_may_be_missing() -> None:
    whole = workbook(sheet([HEADER, ADA]), strings="<si><t>x</t></si>")
    for name in zipfile.ZipFile(io.BytesIO(whole)).namelist():
        some = io.BytesIO()
        with zipfile.ZipFile(some, "w") as made:
            for each in zipfile.ZipFile(io.BytesIO(whole)).namelist():
                if each != name:
                    made.writestr(each, zipfile.ZipFile(io.BytesIO(whole)).read(each))
        assert all(isinstance(item, Contact | Reject) for item in read(some.getvalue()))


def test_unreadable_workbook_is_raised_for_readers_of_rows() -> None:
    with pytest.raises(UnreadableWorkbook):
        opened(b"PK")
