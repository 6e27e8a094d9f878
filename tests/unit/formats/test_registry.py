"""The registry: what it says of a format holds, and every writer keeps the contract that answers rely on."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from contactport.contact import Contact, Email, Group, Item, Note, Reject, Skipped
from contactport.formats import registry
from contactport.formats.charsets.evidence import Evidence
from contactport.formats.registry import FORMATS, SUFFIXES, WRITTEN, FileFormat, UnknownFormat

ITEMS: list[Item] = [
    Contact(uid="1", formatted_name="Ann", emails=[Email("ann@example.org")]),
    Reject("line 1", "no"),
    Group("Friends", uid="g", members=["1"]),
    Note("line 2", "cut"),
    Contact(uid="2", formatted_name="Bob", categories=["Club"]),
    Skipped("org"),
]


@pytest.mark.parametrize("each", FORMATS, ids=lambda each: each.name)
def test_an_entry_has_what_it_says(each: FileFormat) -> None:
    assert registry.get(each.name) is each
    assert each.reads or each.writes
    assert each.media_type.count("/") == 1
    for suffix in each.suffixes:
        assert suffix == suffix.lower()
        assert suffix[0] == "."
        assert SUFFIXES[suffix] is each


def test_a_name_and_a_suffix_mean_one_format() -> None:
    assert len({each.name for each in FORMATS}) == len(FORMATS)
    assert len(SUFFIXES) == sum(len(each.suffixes) for each in FORMATS)


@pytest.mark.parametrize("each", WRITTEN, ids=lambda each: each.name)
def test_a_writer_gives_a_head_then_a_part_for_each_item_and_looks_at_none_before_it_is_asked(
    each: FileFormat,
) -> None:
    waiting: deque[Item] = deque()

    def fed() -> Iterator[Item]:
        while waiting:
            yield waiting.popleft()

    parts = each.write(fed())
    made = [next(parts)]
    for item in ITEMS:
        waiting.append(item)
        made.append(next(parts))
        assert not waiting
    made += parts
    assert b"".join(made) == b"".join(each.write(ITEMS))
    if made[0].startswith(b"PK"):
        # What is packed comes when there is enough of it.
        return
    for at, item in enumerate(ITEMS, start=1):
        assert bool(made[at]) == (isinstance(item, Contact) or (each.has_groups and isinstance(item, Group)))


@pytest.mark.parametrize("each", WRITTEN, ids=lambda each: each.name)
def test_the_groups_of_a_contact_are_written(each: FileFormat) -> None:
    groups = {"1": ["Friends"]}
    written = b"".join(each.write(ITEMS[:1], groups))
    if written.startswith(b"PK"):
        assert b"Friends" in zipfile.ZipFile(io.BytesIO(written)).read("xl/worksheets/sheet1.xml")
    else:
        assert b"Friends" in written
    assert written != b"".join(each.write(ITEMS[:1]))
    assert ITEMS[0] == Contact(uid="1", formatted_name="Ann", emails=[Email("ann@example.org")])


def test_what_is_read_is_the_same_with_pauses_and_without() -> None:
    vcf = registry.get("vcf")
    data = b"".join(vcf.write([ITEMS[0], ITEMS[4]]))
    assert list(vcf.read([data])) == [ITEMS[0], ITEMS[4]]
    evidence = Evidence()
    assert list(filter(None, vcf.steps([data], evidence))) == [ITEMS[0], ITEMS[4]]
    assert list(vcf.observe(data, evidence)) == []


def test_what_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(UnknownFormat, match="no format 'docx', only vcf, "):
        registry.get("docx")
    with pytest.raises(UnknownFormat, match="vcf4 can't be read"):
        registry.get("vcf4").read([b""])
    with pytest.raises(UnknownFormat, match="pdf can't be written"):
        _ = FileFormat(name="pdf", module="pdf", media_type="a/b", reads=True).write


def test_a_reader_needs_no_more_than_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import contactport.formats

    (tmp_path / "lines_of_names.py").write_text(
        "from contactport.contact import Contact\n"
        "def read(chunks, *, evidence=None):\n"
        "    for name in b''.join(chunks).decode().splitlines():\n"
        "        yield Contact(formatted_name=name)\n"
    )
    monkeypatch.setattr(contactport.formats, "__path__", [*contactport.formats.__path__, str(tmp_path)])
    format_ = FileFormat(name="names", module="lines_of_names", media_type="text/plain", reads=True)
    ann = Contact(formatted_name="Ann")
    assert list(format_.read([b"Ann\n"])) == list(format_.steps([b"Ann\n"])) == [ann]
    assert list(format_.observe(b"Ann", Evidence())) == []


def test_a_format_is_loaded_when_it_is_used() -> None:
    code = (
        "import sys; from contactport.formats import registry\n"
        "names = [f'contactport.formats.{each.module}' for each in registry.FORMATS]\n"
        "assert not any(name in sys.modules for name in names)\n"
        "registry.get('csv').write\n"
        "assert 'contactport.formats.csv' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
