"""XLSX (ECMA-376): the sheet of a workbook that looks like contacts; written with the columns of our CSV.

`workbook` finds the parts, `sheet` gives the text of each cell as people see it, and `formats.columns` says what the
columns are. The index of a ZIP is at its end, so a file is held in memory, packed, up to `zip_parts.MOST_BYTES`.
Beside it memory holds the shared texts, one row, and a piece of 64 KiB.
"""

from contactport.formats.xlsx.reader import read, tables
from contactport.formats.xlsx.writer import write

__all__ = ["read", "tables", "write"]
