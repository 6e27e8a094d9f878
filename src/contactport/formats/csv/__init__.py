"""CSV and TSV: any program's table of contacts is read, and Google's present layout is written.

`text` decodes the bytes, `records` finds the rows, `formats.columns` says what the columns are.
"""

from contactport.formats.csv.reader import read, tables
from contactport.formats.csv.writer import COLUMNS, HEADER, neutral, restored, write

__all__ = ["COLUMNS", "HEADER", "neutral", "read", "restored", "tables", "write"]
