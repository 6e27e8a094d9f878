"""xCard: its own shapes and parameters, and documents that are broken or meant to harm."""

from __future__ import annotations

import pytest
from hypothesis import given

from contactport.contact import Address, Contact, Group, Item, Name, PartialDate, Reject, Skipped
from contactport.formats import vcard, xcard
from contactport.formats.elements import CUT_OFF, OUTSIDE
from contactport.formats.vcard.builder import EMPTY
from contactport.formats.xcard import NO_END, NOT_XML, TOO_DEEP
from tests.unit.formats.bare import bare
from tests.unit.formats.strategies import contacts, groups

ADA = "<vcard><fn><text>Ada</text></fn></vcard>"
BEN = "<vcard><fn><text>Ben</text></fn></vcard>"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<vcards xmlns="urn:ietf:params:xml:ns:vcard-4.0">\n'


def read(text: str | bytes, size: int = 0) -> list[Item]:
    data = text.encode() if isinstance(text, str) else text
    return bare(
        xcard.read([data] if not size else [data[at : at + size] for at in range(0, len(data), size)])
    )


def one(properties: str) -> Contact:
    (item,) = read(f"<vcard><fn><text>Ada</text></fn>{properties}</vcard>")
    assert isinstance(item, Contact)
    return item


def names(items: list[Item]) -> list[str]:
    return [item.formatted_name for item in items if isinstance(item, Contact)]


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}{ADA}{BEN}</vcards>",
        f"{HEAD}{ADA}</vcards>{HEAD}{BEN}</vcards>",
        f"{ADA}\n{BEN}",
        f"{HEAD}<!-- two -->{ADA}{BEN}</vcards>".replace("<vcard>", "<v:vcard >").replace(
            "</vcard>", "</v:vcard\n>"
        ),
        "\ufeff" + HEAD + ADA + BEN + "</vcards>",
    ],
)
@pytest.mark.parametrize("size", [0, 1, 7])
def test_cards_are_read_whatever_stands_around_them(text: str, size: int) -> None:
    items = read(text, size)
    assert names(items) == ["Ada", "Ben"]
    assert len(items) == 2


@given(contact=contacts, group=groups)
def test_an_xcard_says_what_the_vcard_says_but_for_control_characters(contact: Contact, group: Group) -> None:
    card = b"".join(vcard.write([contact, group], version="4.0"))
    plain = card.decode().translate(
        dict.fromkeys({*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF}, "\ufffd")
    )
    items = list(vcard.read([plain.encode()]))
    kept = [item for item in items if isinstance(item, Contact | Group)]
    assert list(xcard.read([b"".join(xcard.write(kept))])) == kept


def test_what_is_written_is_xcard() -> None:
    contact = Contact(
        uid="1",
        name=Name("Doe", "A & B"),
        formatted_name="A <B>\x01",
        birthday=PartialDate(None, 12, 10),
        addresses=[Address(city="Ham", kinds=("HOME",), formatted="a\nb", label="Mine", primary=True)],
        categories=["x", "y"],
    )
    data = b"".join(xcard.write([contact])).decode()
    assert data == (
        f"{HEAD}<vcard><uid><uri>1</uri></uid>"
        "<n><surname>Doe</surname><given>A &amp; B</given><additional/><prefix/><suffix/></n>"
        "<fn><text>A &lt;B&gt;\ufffd</text></fn>"
        '<group name="item1"><adr><parameters><type><text>HOME</text></type><pref><integer>1</integer></pref>'
        "<label><text>a\nb</text></label></parameters><pobox/><ext/><street/><locality>Ham</locality>"
        '<region/><code/><country/></adr></group><group name="item1"><x-ablabel><text>Mine</text></x-ablabel></group>'
        "<bday><date>--1210</date></bday><categories><text>x</text><text>y</text></categories></vcard>\n</vcards>\n"
    )


def test_parameters_and_values_of_other_writers() -> None:
    contact = one(
        "<n><surname>Doe</surname><given>Jane</given><suffix>MD</suffix><suffix>PhD</suffix></n>"
        "<tel><parameters><type><text>work</text><text>voice</text></type><pref><integer>1</integer></pref>"
        "</parameters><uri>tel:+1-555</uri></tel>"
        "<adr><street>1 Way</street><street>2nd</street><locality>Ham; North</locality></adr>"
        "<org><text>Acme</text><text>North</text></org>"
        "<note><text><![CDATA[a < b]]></text></note>"
        "<title>Engineer</title>"
        '<group name="g"><url><uri>https://a.example/</uri></url><x-ablabel><unknown>Mine</unknown></x-ablabel></group>'
    )
    assert contact.name == Name("Doe", "Jane", suffixes="MD PhD")
    assert (contact.phones[0].number, contact.phones[0].kinds) == ("+1-555", ("work", "voice"))
    assert (contact.addresses[0].street, contact.addresses[0].city) == ("1 Way,2nd", "Ham; North")
    assert contact.organisations[0].units == ["North"]
    assert (contact.notes, contact.titles) == (["a < b"], ["Engineer"])
    assert contact.urls[0].label == "Mine"


def test_cards_of_things_groups_and_nobody() -> None:
    assert read("<vcard><kind><text>org</text></kind><fn><text>Acme</text></fn></vcard>") == [Skipped("org")]
    assert read("<vcard/><vcard></vcard>") == [Reject("line 1", EMPTY), Reject("line 1", EMPTY)]
    assert read(
        "<vcard><kind><text>group</text></kind><fn><text>T</text></fn><member><uri>urn:uuid:a</uri></member></vcard>"
    ) == [Group("T", "", ["a"])]


@pytest.mark.parametrize("size", [0, 1, 50])
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("<vcard><fn><text>Eve</fn></vcard>", NOT_XML),
        ("<vcard><fn><text>Eve & Co</text></fn></vcard>", NOT_XML),
        ("<vcard><fn><text>&eve;</text></fn></vcard>", NOT_XML),
        ("<vcard><!DOCTYPE x><fn><text>Eve</text></fn></vcard>", NOT_XML),
        ("<vcard><fn><text>Eve</text></fn>", NO_END),
        ("<vcard>" + "<a>" * 20 + "</a>" * 20 + "</vcard>", TOO_DEEP),
    ],
)
def test_a_broken_card_costs_only_itself(broken: str, reason: str, size: int) -> None:
    items = read(f"{HEAD}{ADA}\n{broken}\n{BEN}\n</vcards>", size)
    assert names(items) == ["Ada", "Ben"]
    assert [item for item in items if isinstance(item, Reject)] == [Reject("line 4", reason)]


def test_a_card_of_too_many_elements_is_rejected() -> None:
    items = read(f"{HEAD}<vcard>{'<a/>' * 100_001}</vcard>{BEN}</vcards>")
    assert items[0] == Reject("line 3", TOO_DEEP)
    assert names(items) == ["Ben"]


def test_entities_of_a_doctype_are_never_expanded() -> None:
    bomb = '<!DOCTYPE vcards [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    items = read(f"{bomb}<vcards>{ADA}<vcard><fn><text>&b;</text></fn></vcard></vcards>")
    assert names(items) == ["Ada"]
    assert items[-1] == Reject("line 1", NOT_XML)


def test_text_outside_and_a_card_that_is_cut_off() -> None:
    assert read(f"hello\n{ADA}\n<vcard><fn>")[::2] == [Reject("line 1", OUTSIDE), Reject("line 3", CUT_OFF)]


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "iso-8859-1", "windows-1251"])
def test_the_declared_character_set_counts(codec: str) -> None:
    name = "Иван" if codec == "windows-1251" else "José"
    text = f'<?xml version="1.0" encoding="{codec}"?><vcards>{ADA.replace("Ada", name)}</vcards>'
    assert names(read(text.encode(codec))) == [name]


def test_bytes_that_are_not_utf8_are_read_as_their_words_show() -> None:
    assert names(read(f"{HEAD}{ADA.replace('Ada', 'José Muñoz')}</vcards>".encode("cp1252"))) == [
        "José Muñoz"
    ]
