"""docs/formats.md is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given

from contactport.contact import Contact, Group
from contactport.formats import budgets, csv, vcard
from contactport.formats.registry import WRITTEN
from tests.unit.formats.strategies import contacts, groups

DOC = (Path(__file__).parents[3] / "docs" / "formats.md").read_text("utf-8")


@pytest.mark.parametrize("version", vcard.VERSIONS)
@given(contact=contacts, group=groups)
def test_every_extension_that_is_written_is_in_its_table(
    contact: Contact, group: Group, version: vcard.Version
) -> None:
    for line in b"".join(vcard.write([contact, group], version=version)).replace(b"\r\n ", b"").splitlines():
        head = line.partition(b":")[0].decode()
        for name in re.findall(r"(?:^|[.;])(X-[A-Za-z-]+)(?=[;=]|$)", head.partition('"')[0]):
            # A kind of the contact's own may look like one.
            if name.upper() not in {kind.upper() for kind in _kinds(contact, group)}:
                assert name in DOC


def _kinds(contact: Contact, group: Group) -> set[str]:
    entries = (*contact.emails, *contact.phones, *contact.addresses, *contact.urls, *contact.relations)
    own = (*group.emails, *group.phones)
    return {kind for entry in (*entries, *contact.messengers, *own) for kind in entry.kinds}


def test_every_budget_is_in_its_table() -> None:
    rows = re.findall(r"\| at most \|\n\|---\|---\|\n((?:\|.*\n)+)", DOC)
    assert rows == ["".join(f"| {of} | {most:,} {unit} |\n" for of, most, unit in budgets.TABLE)]
    named = {value for name, value in vars(budgets).items() if name.isupper() and isinstance(value, int)}
    assert named == {most for _, most, _ in budgets.TABLE}


def test_every_format_of_the_command_is_in_its_table() -> None:
    for name in (each.name for each in WRITTEN):
        assert f"`{name}`" in DOC


def test_the_numbers_of_columns_are_the_table_s() -> None:
    spelt = {"E-mail": "e-mails", "Phone": "phones", "Address": "addresses", "Relation": "relations"}
    spelt |= {"Website": "websites", "Event": "events", "Custom Field": "custom fields"}
    for sort, count in csv.COLUMNS.items():
        assert f"{spelt[sort]} ({count}" in DOC.replace("\n", " ")
