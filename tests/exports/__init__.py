"""Exports of address books as programs write them, made by our own writers, to judge how tables are understood.

`layouts` has the columns of each program with what each is, `languages` tables that people write in many languages,
`table` writes them as bytes. `test_exports.py` reads them and lists each column that is mapped wrongly.
"""
