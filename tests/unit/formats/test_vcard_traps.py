"""Reading of what real programs write. Each test is one such way."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import date

import pytest

from contactport.contact import (
    Address,
    Contact,
    Email,
    Group,
    Item,
    Labelled,
    LabelledDate,
    Name,
    Note,
    Organisation,
    PartialDate,
    Phone,
    Photo,
    Reject,
    Skipped,
)
from contactport.formats import vcard
from tests.unit.formats.bare import bare

STRAY = "this line is neither a property nor the rest of one"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(200))


def items(data: str | bytes) -> list[Item]:
    raw = data if isinstance(data, bytes) else data.encode()
    read = list(vcard.read([raw]))
    assert read == list(vcard.read([raw], quick=False))
    return bare(read)


def card(*lines: str | bytes, version: str = "3.0", end: str = "\r\n") -> Contact:
    """The contact of a card with these lines."""
    raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
    edges = (b"BEGIN:VCARD", f"VERSION:{version}".encode(), *raw, b"END:VCARD", b"")
    (item,) = items(end.encode().join(edges))
    assert isinstance(item, Contact)
    return item


def names(read: Iterable[Item]) -> list[str]:
    return [item.formatted_name if isinstance(item, Contact) else type(item).__name__ for item in read]


class TestVCard21:
    def test_parameters_stand_without_their_names(self) -> None:
        contact = card("TEL;CELL;VOICE:1", "TEL;WORK;PREF:2", "EMAIL;INTERNET:a@example.org", version="2.1")
        assert contact.phones == [Phone("1", ("CELL", "VOICE")), Phone("2", ("WORK",), primary=True)]
        assert contact.emails == [Email("a@example.org", ("INTERNET",))]

    def test_quoted_printable_with_a_character_set(self) -> None:
        contact = card(
            "N;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg;;;",
            "FN;ENCODING=QUOTED-PRINTABLE;CHARSET=windows-1251:=CF=E5=F2=F0",
            version="2.1",
        )
        assert contact.name == Name("Müller", "Jörg")
        assert contact.formatted_name == "Петр"

    def test_quoted_printable_is_utf_8_where_no_character_set_is_named(self) -> None:
        assert card("FN;QUOTED-PRINTABLE:J=C3=B6rg", version="2.1").formatted_name == "Jörg"

    def test_a_soft_break_is_no_fold_and_keeps_the_next_line_s_blank(self) -> None:
        contact = card("NOTE;ENCODING=QUOTED-PRINTABLE:one=", " two=0D=0A=", "three", "TEL:1", version="2.1")
        assert contact.notes == ["one two\nthree"]
        assert contact.phones == [Phone("1")]

    def test_a_folded_head_may_hide_its_encoding(self) -> None:
        contact = card("NOTE;CHARSET=UTF-8;", " ENCODING=QUOTED-PRINTABLE:a=3Db=", "c", version="2.1")
        assert contact.notes == ["a=bc"]

    def test_an_encoded_separator_separates_nothing(self) -> None:
        contact = card("ADR;HOME;ENCODING=QUOTED-PRINTABLE:;;1 Road=3B left=2C up;Town", version="2.1")
        assert contact.addresses == [Address(street="1 Road; left, up", city="Town", kinds=("HOME",))]

    def test_an_encoded_backslash_is_a_backslash(self) -> None:
        assert card("NOTE;ENCODING=QUOTED-PRINTABLE:C:=5Cnew", version="2.1").notes == ["C:\\new"]

    def test_base64_without_indentation_ends_at_a_blank_line(self) -> None:
        data = base64.b64encode(JPEG).decode()
        contact = card("PHOTO;JPEG;ENCODING=BASE64:", data[:76], data[76:], "", "TEL:1", version="2.1")
        assert contact.photos == [Photo("image/jpeg", JPEG)]
        assert contact.phones == [Phone("1")]

    def test_a_base64_line_that_ends_in_an_equals_sign_is_no_soft_break(self) -> None:
        contact = card("PHOTO;BASE64;PNG:AAA=", "TEL:1", version="2.1")
        assert contact.photos == [Photo("image/png", b"\0\0")]
        assert contact.phones == [Phone("1")]

    def test_a_comma_in_a_name_is_a_comma(self) -> None:
        assert card("N:Smith, Jr.;John", version="2.1").name == Name("Smith, Jr.", "John")

    def test_the_card_within_an_agent_is_skipped(self) -> None:
        data = (
            "BEGIN:VCARD\nVERSION:2.1\nFN:Boss\nAGENT:\nBEGIN:VCARD\nFN:Clerk\nTEL:2\nEND:VCARD\nTEL:1\nEND:VCARD\n"
            "BEGIN:VCARD\nFN:Other\nAGENT;X=1:BEGIN:VCARD\nFN:Clerk\nEND:VCARD\nTEL:3\nEND:VCARD\n"
        )
        assert items(data) == [
            Contact(formatted_name="Boss", phones=[Phone("1")]),
            Contact(formatted_name="Other", phones=[Phone("3")]),
        ]

    def test_lines_are_counted_through_an_agent_s_card(self) -> None:
        data = "BEGIN:VCARD\nAGENT:\n\nBEGIN:VCARD\nFN:Clerk\nEND:VCARD\nFN:Boss\nTEL\nEND:VCARD\n"
        assert items(data) == [Contact(formatted_name="Boss"), Note("line 8", STRAY)]

    def test_an_agent_that_never_ends_costs_no_later_card(self) -> None:
        data = "BEGIN:VCARD\nFN:Boss\nAGENT:\nBEGIN:VCARD\nFN:Clerk\nBEGIN:VCARD\nFN:C\nEND:VCARD\n"
        assert names(items(data)) == ["Boss", "C"]

    def test_an_agent_in_one_line_is_no_card(self) -> None:
        contact = card("FN:Boss", "AGENT:BEGIN:VCARD\\nFN:Clerk\\nEND:VCARD\\n", "TEL:1")
        assert contact == Contact(formatted_name="Boss", phones=[Phone("1")])

    def test_outlook_s_card(self) -> None:
        contact = card(
            "N;LANGUAGE=en-us:Doe;Jane;;Dr.",
            "ORG:Acme;Sales",
            "TEL;WORK;VOICE:1",
            "ADR;WORK;PREF:;Room 4;1 Road;Town;RG;12345;Land",
            "LABEL;WORK;PREF;ENCODING=QUOTED-PRINTABLE:Room 4=0D=0A=",
            "1 Road",
            "X-MS-OL-DEFAULT-POSTAL-ADDRESS:2",
            'X-MS-OL-DESIGN;CHARSET=utf-8:<card xmlns="http://x">',
            "X-MS-SPOUSE:Pat",
            "X-MS-ANNIVERSARY:20010203",
            "BDAY:19800102",
            "REV:20200101T000000Z",
            version="2.1",
        )
        assert contact == Contact(
            name=Name("Doe", "Jane", "", "Dr."),
            organisations=[Organisation("Acme", ["Sales"])],
            phones=[Phone("1", ("WORK", "VOICE"))],
            addresses=[
                Address(
                    "",
                    "Room 4",
                    "1 Road",
                    "Town",
                    "RG",
                    "12345",
                    "Land",
                    "Room 4\n1 Road",
                    ("WORK",),
                    primary=True,
                )
            ],
            relations=[Labelled("Pat", ("spouse",))],
            anniversary=PartialDate(2001, 2, 3),
            birthday=PartialDate(1980, 1, 2),
            revision="20200101T000000Z",
        )


class TestCharactersAndLines:
    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
    def test_other_spellings_of_unicode(self, encoding: str) -> None:
        data = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jörg 漢字\r\nEND:VCARD\r\n".encode(encoding)
        assert names(items(data)) == ["Jörg 漢字"]

    def test_a_mark_before_a_later_card_is_no_text(self) -> None:
        one = "\ufeffBEGIN:VCARD\r\nFN:A\r\nEND:VCARD\r\n"
        assert names(items(one * 2)) == ["A", "A"]

    @pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
    def test_every_line_end_is_one(self, end: str) -> None:
        contact = card("FN:Jo", "NOTE:a", " b", "TEL:1", end=end)
        assert contact == Contact(formatted_name="Jo", notes=["ab"], phones=[Phone("1")])

    def test_line_ends_may_be_mixed(self) -> None:
        data = "BEGIN:VCARD\r\nFN:Jo\nNOTE:a\r b\rTEL:1\r\nEND:VCARD\n"
        assert items(data) == [Contact(formatted_name="Jo", notes=["ab"], phones=[Phone("1")])]

    def test_a_fold_within_a_character(self) -> None:
        assert card(b"FN:J\xc3", b" \xb6rg").formatted_name == "Jörg"

    def test_a_fold_by_a_tab(self) -> None:
        assert card("FN:Jo", "\thn").formatted_name == "John"

    def test_windows_1252_that_nobody_announced(self) -> None:
        contact = card(b"FN:J\xf6rg \x80", "NOTE:J\u00f6rg")
        assert (contact.formatted_name, contact.notes) == ("Jörg €", ["Jörg"])

    def test_a_damaged_byte_in_utf_8_damages_one_character(self) -> None:
        assert card("FN:Jörg ".encode() + b"\xff" + "Müller".encode()).formatted_name == "Jörg \ufffdMüller"

    def test_a_character_set_that_is_none_is_not_looked_up(self) -> None:
        contact = card("FN;CHARSET=rot13:Jo", "NOTE;CHARSET=punycode:a", "TITLE;CHARSET=x:\u00f6")
        assert (contact.formatted_name, contact.notes, contact.titles) == ("Jo", ["a"], ["ö"])

    @pytest.mark.parametrize(
        ("charset", "text"),
        [
            ("SHIFT_JIS", "山田"),
            ("gb2312", "王"),
            ("KOI8-R", "Пётр"),
            ("iso-8859-2", "Łukasz"),
            ("UTF-8", "漢"),
        ],
    )
    def test_a_named_character_set_is_used(self, charset: str, text: str) -> None:
        codec = charset.lower()
        assert card(f"FN;CHARSET={charset}:".encode() + text.encode(codec)).formatted_name == text

    def test_blank_lines_and_the_end_mark_of_dos_are_nothing(self) -> None:
        data = "\r\n\r\nBEGIN:VCARD\r\n\r\nFN:A\r\n\r\nEND:VCARD\r\n \r\n\x1a"
        assert names(items(data)) == ["A"]

    def test_names_of_any_case_and_blanks_around_the_edges(self) -> None:
        assert items("begin:vcard\nfn:a\nTel;Type=home:1\nend : vCard \n") == [
            Contact(formatted_name="a", phones=[Phone("1", ("home",))])
        ]


class TestBrokenCards:
    def test_a_line_that_is_no_property_is_told_and_costs_nobody(self) -> None:
        data = "BEGIN:VCARD\nFN:A\nEMAIL;TYPE=HOME\nEND:VCARD\nBEGIN:VCARD\nFN:B\nEND:VCARD\n"
        assert items(data) == [
            Contact(formatted_name="A"),
            Note("line 3", STRAY),
            Contact(formatted_name="B"),
        ]

    def test_raw_line_ends_in_a_note_belong_to_it(self) -> None:
        contact = card("NOTE:first", "second", "10:30 third", "see https://example.org/ fourth", "TEL:1")
        assert contact.notes == ["first\nsecond\n10:30 third\nsee https://example.org/ fourth"]
        assert contact.phones == [Phone("1")]

    def test_raw_line_ends_in_a_street_belong_to_it(self) -> None:
        contact = card("ADR:;;1 Road", "Flat 2;Town;;;")
        assert contact.addresses == [Address(street="1 Road\nFlat 2", city="Town")]

    def test_a_card_without_its_end_is_read_when_the_next_begins(self) -> None:
        data = "BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\n"
        assert names(items(data)) == ["A", "B"]

    @pytest.mark.parametrize("rest", ["TEL:+49", "TEL:+49\r\n", ""])
    def test_a_card_that_the_input_s_end_cuts_off_is_rejected(self, rest: str) -> None:
        data = f"BEGIN:VCARD\r\nFN:A\r\nEND:VCARD\r\nBEGIN:VCARD\r\n{rest}"
        assert items(data)[1:] == [Reject("line 4", "the input ends within this card (END:VCARD is missing)")]

    def test_the_last_line_needs_no_line_end(self) -> None:
        assert names(items("BEGIN:VCARD\r\nFN:A\r\nEND:VCARD")) == ["A"]

    def test_text_outside_of_cards_is_told_once(self) -> None:
        data = (
            "Dear all,\nhere is\nBEGIN:VCARD\nFN:A\nEND:VCARD\n\n"
            "BEGXN:VCARD\nFN:B\nEND:VCARD\nBEGIN:VCARD\nFN:C\nEND:VCARD\n"
        )
        missing = "this is outside of any card (BEGIN:VCARD is missing)"
        assert items(data) == [
            Reject("line 1", missing),
            Contact(formatted_name="A"),
            Reject("line 7", missing),
            Contact(formatted_name="C"),
        ]

    def test_an_end_alone_is_told(self) -> None:
        assert items("END:VCARD\n") == [
            Reject("line 1", "a card ends here that never began (BEGIN:VCARD is missing)")
        ]

    @pytest.mark.parametrize("lines", ["", "VERSION:3.0\n", "VERSION:3.0\nN:;;;;\nFN:\nUID:1\nREV:2\n"])
    def test_a_card_of_nobody_is_rejected(self, lines: str) -> None:
        assert items(f"\nBEGIN:VCARD\n{lines}END:VCARD\n") == [
            Reject("line 2", "this card says nothing about a person")
        ]

    @pytest.mark.parametrize(
        "line",
        ["EMAIL:a@b", "TEL:1", "NOTE:x", "ORG:x", "NICKNAME:x", "BDAY:2000", "PHOTO;VALUE=uri:https://x"],
    )
    def test_whatever_a_card_says_makes_it_somebody_s(self, line: str) -> None:
        card(line)

    def test_a_picture_that_can_t_be_read_costs_nobody(self) -> None:
        contact = card("FN:A", "PHOTO;ENCODING=b:!", "PHOTO:data:image/png;base64,")
        assert contact == Contact(formatted_name="A")

    def test_a_version_that_nobody_knows_or_none_is_read_all_the_same(self) -> None:
        assert card("FN:A", version="5.0").formatted_name == "A"
        assert names(items("BEGIN:VCARD\nFN:A\nEND:VCARD\n")) == ["A"]


class TestValues:
    def test_escapes(self) -> None:
        assert card("NOTE:a\\, b\\; c\\: d\\\\n e\\n f\\N g").notes == ["a, b; c: d\\n e\n f\n g"]

    def test_a_backslash_that_escapes_nothing_stays(self) -> None:
        assert card("NOTE:C:\\temp\\").notes == ["C:\\temp\\"]

    def test_colons_within_quoted_parameters(self) -> None:
        contact = card('ADR;LABEL="1 Road: left\\n;Town";TYPE="home,work":;;1 Road;;;;', version="4.0")
        assert contact.addresses == [
            Address(street="1 Road", formatted="1 Road: left\n;Town", kinds=("home", "work"))
        ]

    def test_a_quote_that_never_closes_is_a_character(self) -> None:
        assert card('TEL;X="a:1').phones == [Phone("1")]

    def test_what_one_line_taught_about_quotes_misleads_no_other(self) -> None:
        for _ in range(2):
            assert card('TEL;TYPE="a:1').phones == [Phone("1", ("a",))]
            assert card('TEL;TYPE="a:b":1').phones == [Phone("1", ("a:b",))]

    def test_caret_escapes_in_parameters(self) -> None:
        contact = card("ADR;LABEL=\"^'A^'^nB^^\":;;1 Road;;;;", version="4.0")
        assert contact.addresses[0].formatted == '"A"\nB^'

    def test_several_given_names_are_joined_by_a_space(self) -> None:
        contact = card("N:Stevenson;John;Philip,Paul;Dr.;Jr.,M.D.,A.C.P.")
        assert contact.name == Name("Stevenson", "John", "Philip Paul", "Dr.", "Jr. M.D. A.C.P.")

    def test_a_name_may_have_fewer_parts_and_more(self) -> None:
        assert card("N:Doe").name == Name("Doe")
        assert card("N:Doe;J;;;;;;Jr").name == Name("Doe", "J")

    def test_the_first_name_that_says_something_counts(self) -> None:
        contact = card("N:;;;;", "N:Doe;Jane", "N;LANGUAGE=ja:土井;", "FN:", "FN:Jane", "FN:J.")
        assert (contact.name, contact.formatted_name) == (Name("Doe", "Jane"), "Jane")

    def test_types_keep_their_order_and_their_case(self) -> None:
        contact = card("EMAIL;TYPE=INTERNET,HOME;type=x:a@example.org", 'TEL;TYPE="home,cell":1')
        assert contact.emails[0].kinds == ("INTERNET", "HOME", "x")
        assert contact.phones[0].kinds == ("home", "cell")

    def test_the_lowest_preference_wins_and_the_first_of_equals(self) -> None:
        contact = card("TEL;PREF=3:1", "TEL;PREF=2:2", "TEL;PREF=2:3", "EMAIL:a", "URL;PREF=x:http://y")
        assert [phone.primary for phone in contact.phones] == [False, True, False]
        assert [email.primary for email in contact.emails] == [False]
        assert contact.urls[0].primary

    def test_schemes_of_telephones_and_addresses_are_no_part_of_them(self) -> None:
        contact = card(
            "TEL;VALUE=uri:tel:+1-555;ext=1", "EMAIL;VALUE=uri:MAILTO:a@example.org", version="4.0"
        )
        assert contact.phones == [Phone("+1-555;ext=1")]
        assert contact.emails == [Email("a@example.org")]

    def test_empty_values_are_none(self) -> None:
        contact = card(
            "FN:A", "TEL:", "EMAIL:mailto:", "ADR:;;;;;;", "ORG:;", "NOTE:", "URL:", "CATEGORIES:,", "BDAY:"
        )
        assert contact == Contact(formatted_name="A")

    def test_lists(self) -> None:
        contact = card("NICKNAME:Jim, Jimmie\\, the Kid", "CATEGORIES:A,B", "CATEGORIES:C")
        assert contact.nicknames == ["Jim", "Jimmie, the Kid"]
        assert contact.categories == ["A", "B", "C"]

    def test_organisations_with_units(self) -> None:
        contact = card("ORG:ABC\\, Inc.;North;;Marketing", "TITLE:Boss", "ROLE:Writes")
        assert contact.organisations == [Organisation("ABC, Inc.", ["North", "Marketing"])]
        assert (contact.titles, contact.roles) == (["Boss"], ["Writes"])

    def test_unknown_properties_are_passed_over(self) -> None:
        assert card("FN:A", "X-FOO;BAR=1:x", "ZZZ:y", "X-KADDRESSBOOK-X/Y:z") == Contact(formatted_name="A")

    def test_identities_lose_the_scheme_of_version_4(self) -> None:
        assert card("FN:A", "UID:urn:uuid:1-2", version="4.0").uid == "1-2"


class TestDates:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ("BDAY:19800102", PartialDate(1980, 1, 2)),
            ("BDAY:1980-01-02", PartialDate(1980, 1, 2)),
            ("BDAY;VALUE=date:1980-01-02", PartialDate(1980, 1, 2)),
            ("BDAY:1980-01-02T12:00:00Z", PartialDate(1980, 1, 2)),
            ("BDAY:19800102T000000", PartialDate(1980, 1, 2)),
            ("BDAY:--0102", PartialDate(None, 1, 2)),
            ("BDAY:--01-02", PartialDate(None, 1, 2)),
            ("BDAY:---02", PartialDate(day=2)),
            ("BDAY:--01", PartialDate(month=1)),
            ("BDAY:1980-01", PartialDate(1980, 1)),
            ("BDAY:1980", PartialDate(1980)),
            ("BDAY:1604-01-02", PartialDate(None, 1, 2)),
            ("BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29", PartialDate(None, 2, 29)),
            ("BDAY;X-APPLE-OMIT-YEAR=1900:1900-01-02", PartialDate(None, 1, 2)),
            ("BDAY:0000-01-02", PartialDate(None, 1, 2)),
            ("BDAY:1980/1/2", PartialDate(1980, 1, 2)),
            ("BDAY;VALUE=text:circa 1800", PartialDate(text="circa 1800")),
            ("BDAY;VALUE=text:19800102", PartialDate(text="19800102")),
            ("BDAY:2 January", PartialDate(text="2 January")),
            ("BDAY:1980-13-02", PartialDate(text="1980-13-02")),
            ("BDAY:1981-02-29", PartialDate(text="1981-02-29")),
            ("BDAY:1980-W01-1", PartialDate(text="1980-W01-1")),
            ("BDAY:--0230", PartialDate(text="--0230")),
        ],
    )
    def test_birthdays(self, line: str, expected: PartialDate) -> None:
        assert card(line).birthday == expected

    @pytest.mark.parametrize(
        "name", ["ANNIVERSARY", "X-ANNIVERSARY", "X-MS-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY"]
    )
    def test_anniversaries(self, name: str) -> None:
        assert card(f"{name}:2001-05-06").anniversary == PartialDate(2001, 5, 6)

    def test_every_day_of_a_leap_year_is_one(self) -> None:
        for day in range(date(2000, 1, 1).toordinal(), date(2001, 1, 1).toordinal()):
            when = date.fromordinal(day)
            expected = PartialDate(when.year, when.month, when.day)
            assert card(f"BDAY:{when:%Y%m%d}").birthday == expected
            assert card(f"BDAY:--{when:%m%d}").birthday == PartialDate(None, when.month, when.day)


class TestApple:
    def test_labels_by_group(self) -> None:
        contact = card(
            "item1.TEL;type=pref:1",
            "item1.X-ABLabel:_$!<Mobile>!$_",
            "item2.X-ABLabel:Boat",
            "item2.EMAIL;type=INTERNET:a@example.org",
            "item3.ADR;type=HOME:;;1 Road;;;;",
            "item3.X-ABADR:de",
            "TEL:2",
        )
        assert contact.phones == [Phone("1", (), "Mobile", primary=True), Phone("2")]
        assert contact.emails == [Email("a@example.org", ("INTERNET",), "Boat")]
        assert contact.addresses == [Address(street="1 Road", kinds=("HOME",))]

    @pytest.mark.parametrize("name", ["item1.X-ABLABEL", "ITEM1.X-ABLabel", "Item1.x-ablabel"])
    @pytest.mark.parametrize("label", ["_$!<Other>!$_", "_$!<other>!$_", "_$!<OTHER>!$_"])
    def test_servers_change_the_case_of_labels(self, name: str, label: str) -> None:
        assert card("item1.TEL:1", f"{name}:{label}").phones == [Phone("1", label="Other")]

    def test_dates_and_relations_with_labels(self) -> None:
        contact = card(
            "item1.X-ABDATE;type=pref:2001-05-06",
            "item1.X-ABLabel:_$!<Anniversary>!$_",
            "item2.X-ABDATE:2020-01-02",
            "item2.X-ABLabel:Moved",
            "item3.X-ABRELATEDNAMES;type=pref:Pat",
            "item3.X-ABLabel:_$!<Spouse>!$_",
        )
        assert contact.anniversary == PartialDate(2001, 5, 6)
        assert contact.dates == [LabelledDate(PartialDate(2020, 1, 2), "Moved")]
        assert contact.relations == [Labelled("Pat", (), "Spouse", primary=True)]

    def test_one_account_of_a_messenger_is_told_twice_and_kept_once(self) -> None:
        contact = card(
            "IMPP;X-SERVICE-TYPE=Skype;type=HOME;type=pref:skype:jo",
            "X-SKYPE:jo",
            "IMPP;X-SERVICE-TYPE=Facebook:x-apple:jo.b",
            "X-JABBER;type=WORK:jo@example.org",
        )
        assert contact.messengers == [
            Labelled("skype:jo", ("HOME",), primary=True),
            Labelled("xmpp:jo.b"),
            Labelled("xmpp:jo@example.org", ("WORK",)),
        ]

    def test_profiles_are_pages(self) -> None:
        contact = card("X-SOCIALPROFILE;type=twitter:https://example.org/jo")
        assert contact.urls == [Labelled("https://example.org/jo", ("twitter",))]

    def test_phonetic_names(self) -> None:
        contact = card("X-PHONETIC-FIRST-NAME:たろう", "X-PHONETIC-LAST-NAME:やまだ", "FN:山田太郎")
        assert (contact.phonetic_given, contact.phonetic_family) == ("たろう", "やまだ")

    def test_groups_are_cards(self) -> None:
        data = (
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Friends\r\nFN:Friends\r\nX-ADDRESSBOOKSERVER-KIND:group\r\n"
            "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:2\r\nUID:9\r\nEND:VCARD\r\n"
        )
        assert items(data) == [Group("Friends", "9", ["1", "2"])]

    @pytest.mark.parametrize("head", ["X-ADDRESSBOOKSERVER-KIND:group", "KIND:group"])
    def test_what_a_group_says_of_itself(self, head: str) -> None:
        data = (
            f"BEGIN:VCARD\r\nVERSION:3.0\r\nEMAIL;TYPE=pref:team@example.org\r\nN:Team\r\nFN:Team\r\n{head}\r\n"
            "item1.TEL:1\r\nitem1.X-ABLabel:Desk\r\nNOTE:ours\r\nCATEGORIES:A,B\r\nUID:9\r\nEND:VCARD\r\n"
        )
        (group,) = items(data)
        assert group == Group(
            "Team",
            "9",
            [],
            [Email("team@example.org", primary=True)],
            [Phone("1", label="Desk")],
            ["ours"],
            ["A", "B"],
        )
        for version in vcard.VERSIONS:
            written = b"".join(vcard.write([group], version=version))
            assert items(written) == [group]
            assert b"\r\nNOTE:ours\r\nCATEGORIES:A,B\r\n" in written


class TestVersion4:
    def test_groups_and_things(self) -> None:
        data = (
            "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nFN:Friends\r\nUID:urn:uuid:9\r\nMEMBER:urn:uuid:1\r\n"
            "MEMBER:mailto:jo@example.org\r\nEND:VCARD\r\n"
            "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:org\r\nFN:Acme\r\nEND:VCARD\r\n"
            "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:individual\r\nFN:Jo\r\nEND:VCARD\r\n"
        )
        assert items(data) == [
            Group("Friends", "9", ["1", "mailto:jo@example.org"]),
            Skipped("org"),
            Contact(formatted_name="Jo"),
        ]

    def test_relations(self) -> None:
        contact = card("RELATED;TYPE=spouse;VALUE=text:Pat", "RELATED;TYPE=friend:urn:uuid:7", version="4.0")
        assert contact.relations == [Labelled("Pat", ("spouse",)), Labelled("urn:uuid:7", ("friend",))]

    def test_a_name_s_sound(self) -> None:
        contact = card("N:孫;中山", "N;PHONETIC=jyut;ALTID=1:syun1;zung1saan1", version="4.0")
        assert contact.name == Name("孫", "中山")
        assert (contact.phonetic_family, contact.phonetic_given) == ("syun1", "zung1saan1")


class TestPictures:
    encoded = base64.b64encode(JPEG).decode()

    @pytest.mark.parametrize(
        "head",
        [
            "PHOTO;ENCODING=b;TYPE=JPEG:",
            "PHOTO;TYPE=JPEG;ENCODING=BASE64:",
            "PHOTO;JPEG;BASE64:",
            "PHOTO;X-ABCROP-RECTANGLE=ABClipRect_1&0&0&64&64&abc==;ENCODING=b;TYPE=jpeg:",
            "PHOTO;TYPE=JPEG;VALUE=BINARY:",
            "PHOTO:data:image/jpeg;base64,",
            "PHOTO:DATA:image/jpeg;base64\\,",
            "PHOTO;ENCODING=b;VALUE=uri:data:image/jpeg;base64,",
        ],
    )
    def test_inline(self, head: str) -> None:
        contact = card(head + self.encoded[:40], " " + self.encoded[40:])
        assert contact.photos == [Photo("image/jpeg", JPEG)]

    def test_a_data_uri_may_be_percent_encoded(self) -> None:
        assert card("PHOTO:data:image/svg+xml,%3Csvg/%3E").photos == [Photo("image/svg+xml", b"<svg/>")]

    def test_padding_may_be_missing(self) -> None:
        assert card("PHOTO;ENCODING=b:AAA").photos == [Photo("", b"\0\0")]

    @pytest.mark.parametrize("head", ["PHOTO;VALUE=uri", "PHOTO;VALUE=URL", "PHOTO", "PHOTO;ENCODING=b"])
    def test_where_it_lies(self, head: str) -> None:
        assert card(f"{head}:https://example.org/a\\,b.jpg").photos == [
            Photo(uri="https://example.org/a,b.jpg")
        ]

    @pytest.mark.parametrize(
        "head", ["PHOTO;VALUE=uri", "PHOTO", "PHOTO;ENCODING=b", "PHOTO;MEDIATYPE=image/png"]
    )
    @pytest.mark.parametrize(
        "uri",
        [
            *(
                "http://example.org/a.jpg",
                "javascript:alert(1)",
                "file:///etc/passwd",
                "ftp://example.org/a.jpg",
            ),
            *("cid:part1", "vbscript:x", "https:", "blob:https://example.org/1"),
            *(
                "data:text/html,<script>",
                "data:text/html;base64,PHNjcmlwdD4=",
                "data:,x",
                "data:text/html;x,%3Cb%3E",
            ),
            *(
                "https://example.org/\\n<script>",
                'https://example.org/"onload="x',
                " javascript:https://a.example/",
            ),
        ],
    )
    def test_another_place_than_https_is_no_picture(self, head: str, uri: str) -> None:
        assert card("FN:A", f"{head}:{uri}") == Contact(formatted_name="A")

    @pytest.mark.parametrize("kind", ["TYPE=text/html", "MEDIATYPE=text/html", "MEDIATYPE=application/pdf"])
    def test_what_is_no_image_is_no_picture(self, kind: str) -> None:
        encoded = base64.b64encode(b"<script>alert(1)</script>").decode()
        assert card("FN:A", f"PHOTO;ENCODING=b;{kind}:{encoded}") == Contact(formatted_name="A")
        assert card("FN:A", f"PHOTO;ENCODING=b;{kind}:{self.encoded}").photos == [Photo("image/jpeg", JPEG)]

    @pytest.mark.parametrize("about", ["", "application/octet-stream", "text/plain"])
    def test_a_data_uri_that_names_no_image_may_hold_one(self, about: str) -> None:
        assert card(f"PHOTO:data:{about};base64,{self.encoded}").photos == [Photo("image/jpeg", JPEG)]

    def test_its_kind(self) -> None:
        assert card("PHOTO;MEDIATYPE=image/gif:https://example.org/a").photos == [
            Photo("image/gif", uri="https://example.org/a")
        ]


class TestAndroid:
    def test_rows_of_its_own(self) -> None:
        kind = "X-ANDROID-CUSTOM:vnd.android.cursor.item"
        contact = card(
            f"{kind}/nickname;Jo;1;;;",
            f"{kind}/relation;Pat;14;;;",
            f"{kind}/relation;Kim;0;Neighbour;;",
            f"{kind}/contact_event;2001-05-06;1;;;",
            f"{kind}/contact_event;--01-02;3;;;",
            f"{kind}/contact_event;2020-01-02;0;Moved;;",
            f"{kind}/unknown;x",
            f"{kind}/nickname;;1",
        )
        assert contact.nicknames == ["Jo"]
        assert contact.relations == [Labelled("Pat", ("spouse",)), Labelled("Kim", (), "Neighbour")]
        assert (contact.anniversary, contact.birthday) == (PartialDate(2001, 5, 6), PartialDate(None, 1, 2))
        assert contact.dates == [LabelledDate(PartialDate(2020, 1, 2), "Moved")]

    def test_sounds_of_japanese_telephones(self) -> None:
        contact = card("N:山田;太郎", "SOUND;X-IRMC-N:ﾔﾏﾀﾞ;ﾀﾛｳ;;;", version="2.1")
        assert (contact.phonetic_family, contact.phonetic_given) == ("ﾔﾏﾀﾞ", "ﾀﾛｳ")


class TestAddressLabels:
    def test_a_label_belongs_to_the_address_of_its_group_or_its_kinds(self) -> None:
        contact = card(
            "ADR;TYPE=HOME:;;1 Road;;;;",
            "item1.ADR;TYPE=HOME:;;2 Road;;;;",
            "ADR;TYPE=WORK:;;3 Road;;;;",
            "LABEL;TYPE=work:Three",
            "item1.LABEL:Two",
            "LABEL;TYPE=HOME:One",
            "LABEL;TYPE=OTHER:Four",
        )
        assert [(address.street, address.formatted) for address in contact.addresses] == [
            ("1 Road", "One"),
            ("2 Road", "Two"),
            ("3 Road", "Three"),
            ("", "Four"),
        ]
