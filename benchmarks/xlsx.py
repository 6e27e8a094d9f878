"""XLSX in one run: rows and contacts a second, beside openpyxl (read-only) and calamine. `python -m benchmarks.xlsx`.

`pip install openpyxl python-calamine xlsxwriter` first; what is not installed is left out. The workbooks have
Google's columns, of which 18 are filled, with shared texts (as Excel and XlsxWriter write them) and with texts in the
cells (as openpyxl writes them without memory). Times are of the processor, the best of several.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

from benchmarks.figures import table
from contactport.contact import Contact
from contactport.formats import csv, xlsx
from contactport.formats.xlsx.sheet import rows
from contactport.formats.xlsx.workbook import opened

FILLED = {
    "First Name": "Given{}",
    "Last Name": "Family{}",
    "Organization Name": "Company {}",
    "Organization Title": "Engineer",
    "Birthday": "1980-01-02",
    "Labels": "* myContacts",
    "E-mail 1 - Label": "Home",
    "E-mail 1 - Value": "u{}@example.org",
    "E-mail 2 - Label": "Work",
    "E-mail 2 - Value": "w{}@example.com",
    "Phone 1 - Label": "Mobile",
    "Phone 1 - Value": "+49 170 {}",
    "Phone 2 - Label": "Work",
    "Phone 2 - Value": "+49 30 {}",
    "Address 1 - Label": "Home",
    "Address 1 - Street": "Street {}",
    "Address 1 - City": "Berlin",
    "Address 1 - Country": "Germany",
}


def table_of(count: int) -> list[list[str]]:
    """The header and so many rows."""
    return [
        list(csv.HEADER),
        *([FILLED.get(name, "").format(at) for name in csv.HEADER] for at in range(count)),
    ]


def shared(table_: list[list[str]]) -> bytes:
    file = io.BytesIO()
    book = import_module("xlsxwriter").Workbook(file)
    sheet = book.add_worksheet()
    for at, row in enumerate(table_):
        for column, cell in enumerate(row):
            if cell:
                sheet.write_string(at, column, cell)
    book.close()
    return file.getvalue()


def inline(table_: list[list[str]]) -> bytes:
    file = io.BytesIO()
    book = import_module("openpyxl").Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in table_:
        sheet.append([cell or None for cell in row])
    book.save(file)
    return file.getvalue()


def ours(data: bytes) -> int:
    book = opened(data)
    return sum(1 for _ in rows(book, book.sheets[0])) - 1


def ours_to_contacts(data: bytes) -> int:
    return sum(isinstance(item, Contact) for item in xlsx.read([data]))


def openpyxl(data: bytes) -> int:
    book = import_module("openpyxl").load_workbook(io.BytesIO(data), read_only=True)
    return sum(1 for _ in book.worksheets[0].iter_rows(values_only=True)) - 1


def calamine(data: bytes) -> int:
    book = import_module("python_calamine").CalamineWorkbook.from_filelike(io.BytesIO(data))
    return len(book.get_sheet_by_index(0).to_python()) - 1


READERS: dict[str, tuple[str, Callable[[bytes], int]]] = {
    "openpyxl, read-only": ("openpyxl", openpyxl),
    "ours, rows": ("contactport", ours),
    "ours, contacts": ("contactport", ours_to_contacts),
    "calamine (Rust)": ("python_calamine", calamine),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--tries", type=int, default=3)
    given = parser.parse_args()
    table_ = table_of(given.rows)
    for words, package, write in (
        ("shared texts", "xlsxwriter", shared),
        ("texts in cells", "openpyxl", inline),
    ):
        if find_spec(package) is None:
            print(f"{words}: left out, pip install {package}")
            continue
        data = write(table_)
        best: dict[str, float] = {}
        for _ in range(given.tries):
            for name, (needed, read) in READERS.items():
                if find_spec(needed) is None:
                    continue
                start = time.process_time()
                assert read(data) == given.rows
                best[name] = min(best.get(name, 1e9), time.process_time() - start)
        first = next(iter(best.values()))
        lines = [[name, f"{given.rows / spent:,.0f}", f"{first / spent:.1f}"] for name, spent in best.items()]
        print(table(f"{given.rows:,} rows, {words}", lines, ["rows a second", "times openpyxl"]))


if __name__ == "__main__":
    main()
