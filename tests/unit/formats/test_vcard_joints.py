"""Where one card ends and the next begins: two people never become one, and a wrong line loses nobody."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.contact import Contact, Group, Item, Note, Phone, Reject, Skipped
from contactport.formats import vcard
from samples.book import cards as samples
from tests.unit.formats.bare import bare
from tests.unit.formats.strategies import contacts, groups

STRAY = "this line is neither a property nor the rest of one"
ANN = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann\r\nEMAIL:ann@example.org\r\nEND:VCARD\r\n"
BOB = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\nTEL:2\r\nEND:VCARD\r\n"
BOOK = [text.encode() for text in samples(40, pictures=0.2)]


def items(data: str | bytes) -> list[Item]:
    """By both ways, and by chunks of any size, the same."""
    raw = data if isinstance(data, bytes) else data.encode()
    read = list(vcard.read([raw]))
    assert read == list(vcard.read([raw], quick=False))
    for size in (1, 7, 50):
        assert read == list(vcard.read(raw[at : at + size] for at in range(0, len(raw), size)))
    return bare(read)


def both(data: str | bytes) -> None:
    """Ann and Bob, as they are alone."""
    assert items(data) == [*items(ANN), *items(BOB)]


def at_ends(text: str, end: str) -> str:
    return text.replace("\r\n", end)


BETWEEN = [
    "",
    " ",
    "\t",
    "  \t ",
    "\0",
    "\x1a",
    "\ufeff",
    " \ufeff",
    "\r",
    "\n",
    "\r\n",
    "\r\r\n",
    "\n\n \n",
    "\n\ufeff",
]


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
class TestJoinedFiles:
    def test_without_a_final_line_end(self, between: str, ends: str) -> None:
        both(at_ends(ANN, ends).rstrip() + between + at_ends(BOB, ends))

    def test_in_small_letters(self, between: str, ends: str) -> None:
        swapped = {"BEGIN:VCARD": "begin:vcard", "END:VCARD": "end:vcard"}
        for usual, small in swapped.items():
            data = (ANN.rstrip() + between + BOB).replace(usual, small)
            both(at_ends(data, ends))

    def test_in_utf_16(self, between: str, ends: str) -> None:
        both((at_ends(ANN, ends).rstrip() + between + at_ends(BOB, ends)).encode("utf-16"))

    def test_without_the_line_end_after_the_last_value_either(self, between: str, ends: str) -> None:
        both(at_ends(ANN, ends).rstrip().replace(f"{ends}END", "END") + between + at_ends(BOB, ends))

    def test_indented(self, between: str, ends: str) -> None:
        for indent in (" ", "\t", "      "):
            rows = [indent + row for row in (ANN.rstrip() + between + BOB).splitlines()]
            both(ends.join(rows) + ends)


sound = st.one_of(contacts, groups).map(
    lambda one: b"".join(vcard.write([one], version="3.0")).removesuffix(b"\r\n")
)
glue = st.lists(
    st.sampled_from([b" ", b"\t", b"\r", b"\n", b"\r\n", b"\0", b"\x1a", b"\xef\xbb\xbf"]), max_size=4
).map(b"".join)


@given(st.lists(st.one_of(sound, st.sampled_from(BOOK).map(bytes.rstrip)), min_size=2, max_size=5), glue)
def test_any_sound_cards_joined_anyhow_are_the_same_cards(cards: list[bytes], between: bytes) -> None:
    data = between.join(cards)
    apart = [item for card in cards for item in vcard.read([card])]
    assert list(vcard.read([data])) == apart
    assert list(vcard.read([data], quick=False)) == apart


@given(
    st.sampled_from(BOOK),
    st.sampled_from(BOOK),
    st.sampled_from([" ", "\t", "    "]),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_cards_of_which_every_line_is_indented(one: bytes, other: bytes, indent: str, end: str) -> None:
    rows = [indent + row for row in (one + other).decode().split("\r\n")[:-1]]
    data = (end.join(rows) + end).encode()
    assert list(vcard.read([data])) == [*vcard.read([one]), *vcard.read([other])]


@given(st.data())
def test_a_stray_line_anywhere_outside_of_a_text_is_a_note(data: st.DataObject) -> None:
    card = data.draw(st.sampled_from([card for card in BOOK if b"NOTE" not in card and b"PHOTO" not in card]))
    rows = card.split(b"\r\n")[:-1]
    places = [at for at in range(1, len(rows)) if rows[at][:1] != b" "]
    at = data.draw(st.sampled_from(places))
    stray = data.draw(st.sampled_from([b"# comment", b"word", b"<br>", b"\0\0 x", b"EMAIL", b"=", b"(((: x"]))
    rows.insert(at, stray)
    (contact,) = vcard.read([card])
    assert items(b"\r\n".join([*rows, b""])) == [contact, Note(f"line {at + 1}", STRAY)]


class TestEdges:
    def test_a_begin_closes_the_card_before_it(self) -> None:
        both(ANN.replace("END:VCARD\r\n", "") + BOB)
        both(ANN.replace("END:VCARD\r\n", "").rstrip() + BOB)

    def test_the_card_before_it_is_rejected_if_it_says_nothing(self) -> None:
        read = items("BEGIN:VCARD\r\nVERSION:3.0\r\n" + BOB)
        assert read == [Reject("line 1", "this card says nothing about a person"), *items(BOB)]

    def test_a_value_may_speak_of_edges(self) -> None:
        for text in ("see END:VCARD", "see BEGIN:VCARD", "END:VCARD", "BEGIN:VCARD", "VCARD", "a VCARD b"):
            for fold in ("", "\r\n "):
                (contact,) = items(ANN.replace("EMAIL", f"NOTE:{fold}{text}\r\nEMAIL"))
                assert isinstance(contact, Contact)
                assert contact.notes == [text]
                assert contact.emails

    def test_an_indented_end_ends_a_card_before_text(self) -> None:
        read = items(ANN.replace("END", " END") + "</html>\r\n" + BOB)
        assert read == [
            *items(ANN),
            Reject("line 6", "this is outside of any card (BEGIN:VCARD is missing)"),
            *items(BOB),
        ]

    def test_base64_that_runs_into_the_end(self) -> None:
        picture = "PHOTO;ENCODING=b;TYPE=JPEG:/9j/AAAA"
        with_it = ANN.replace("EMAIL", f"{picture}\r\nEMAIL")
        for head in (picture, picture.replace("/9j", "\r\n /9j"), picture + "\r\n AAAA"):
            data = ANN.replace("END:VCARD", f"{head}END:VCARD")
            first, *rest = items(data + BOB)
            assert isinstance(first, Contact)
            assert first.photos[0].data[:3] == b"\xff\xd8\xff"
            assert rest == items(BOB)
        assert isinstance(items(with_it)[0], Contact)

    def test_an_error_page_between_cards_is_one_reject(self) -> None:
        page = "<html>\r\n<body>Gateway: time-out</body>\r\n</html>"
        for between in ("\r\n", ""):
            read = items(ANN + page + between + BOB)
            assert read == [
                *items(ANN),
                Reject("line 6", "this is outside of any card (BEGIN:VCARD is missing)"),
                *items(BOB),
            ]

    def test_an_error_page_within_a_card_costs_nobody(self) -> None:
        read = items(ANN.replace("END:VCARD", "<html>\r\n</html>") + BOB)
        assert read == [*items(ANN), Note("line 5", STRAY), Note("line 6", STRAY), *items(BOB)]

    def test_what_follows_an_edge_in_its_line_is_a_line(self) -> None:
        both(ANN.replace("CARD\r\nVER", "CARD VER") + BOB.replace("CARD\r\nVER", "CARDVER"))
        assert items(ANN.replace("CARD\r\nVER", "CARD x\r\nVER")) == [*items(ANN), Note("line 1", STRAY)]
        assert items(ANN.replace("END:VCARD", "END:VCARD</data>"))[0] == items(ANN)[0]


class TestAgents:
    def test_a_folded_one_swallows_nothing(self) -> None:
        agent = "AGENT:BEGIN:VCARD\r\n N:Agent;X\r\n END:VCARD\r\n"
        both(ANN.replace("EMAIL", f"{agent}EMAIL") + BOB)
        both(ANN.replace("END", f"{agent}END") + BOB)
        both(ANN.replace("END:VCARD\r\n", agent) + BOB)

    @pytest.mark.parametrize(
        "agent",
        [
            "AGENT:\r\n BEGIN:VCARD\r\n N:Agent;X\r\n TEL:1\r\n END:VCARD\r\n",
            "AGENT:BEGIN:VCARD\r\nN:Agent;X\r\nTEL:1\r\nEND:VCARD\r\n",
            "AGENT:\r\nBEGIN:VCARD\r\nN:Agent;X\r\nTEL:1\r\nEND:VCARD\r\n",
            "AGENT:\r\nBEGIN:VCARD\r\nAGENT:\r\nBEGIN:VCARD\r\nTEL:1\r\nEND:VCARD\r\nTEL:1\r\nEND:VCARD\r\n",
            "AGENT:BEGIN:VCARD\\nN:Agent;X\\nTEL:1\\nEND:VCARD\\n\r\n",
            "AGENT:BEGIN:VCARD\\nN:Agent;X\\nTEL:1\\n\r\n END:VCARD\r\n",
            "AGENT:BEGIN:VCARD\r\n N:Agent;X\r\n",
        ],
    )
    def test_what_it_holds_is_nobody_s(self, agent: str) -> None:
        both(ANN.replace("EMAIL", f"{agent}EMAIL") + BOB)
        both(ANN.replace("FN", f"{agent}FN") + BOB)

    @pytest.mark.parametrize(
        "agent",
        ["AGENT:\r\nBEGIN:VCARD\r\nN:Agent\r\n", "AGENT:BEGIN:VCARD\r\nTEL:1\r\n", "AGENT:BEGIN:VCARD\r\n"],
    )
    def test_an_unfinished_one_ends_where_a_card_begins(self, agent: str) -> None:
        both(ANN.replace("END:VCARD\r\n", agent) + BOB)
        both(ANN.replace("END:VCARD\r\n", f"{agent}END:VCARD\r\n") + BOB)

    def test_its_end_alone_is_no_cut(self) -> None:
        agent = "AGENT:\r\nBEGIN:VCARD\r\nN:Agent\r\nEND:VCARD\r\n"
        assert items(ANN.replace("END:VCARD\r\n", agent)) == [
            *items(ANN),
            Note("line 1", "the input ends within this card (END:VCARD is missing)"),
        ]


class TestSoftBreaks:
    URL = "URL;ENCODING=QUOTED-PRINTABLE:http://x/?q="

    def card(self, *lines: str) -> Contact:
        (item,) = items("\r\n".join(["BEGIN:VCARD", "VERSION:2.1", "FN:A", *lines, "END:VCARD", ""]))
        assert isinstance(item, Contact)
        return item

    @pytest.mark.parametrize(
        "line", ["EMAIL;INTERNET:a@x.example", "email:a@x.example", "item1.EMAIL:a@x.example"]
    )
    def test_a_value_that_ends_in_an_equals_sign_eats_nothing(self, line: str) -> None:
        contact = self.card(self.URL, line)
        assert [email.address for email in contact.emails] == ["a@x.example"]
        assert [url.value for url in contact.urls] == ["http://x/?q="]

    def test_nor_at_the_end_of_its_card(self) -> None:
        assert [url.value for url in self.card(self.URL).urls] == ["http://x/?q="]

    def test_what_looks_like_no_property_goes_on(self) -> None:
        contact = self.card("NOTE;ENCODING=QUOTED-PRINTABLE:a=", "b: c=", "http://x=", "=3D")
        assert contact.notes == ["ab: chttp://x="]

    @pytest.mark.parametrize("end", ["=0D=0A=", "=0d=0a=", "=0A=", f"{'x' * 60}="])
    def test_a_break_that_is_meant_is_one(self, end: str) -> None:
        contact = self.card(f"NOTE;ENCODING=QUOTED-PRINTABLE:a{end}", "TEL: none", "TEL:1")
        assert contact.notes[0].endswith("TEL: none")
        assert contact.phones == [Phone("1")]

    def test_a_break_before_nothing_is_no_text(self) -> None:
        assert self.card("NOTE;ENCODING=QUOTED-PRINTABLE:caf=C3=A9=").notes == ["café"]


class TestStrayLines:
    def card(self, *lines: str) -> list[Item]:
        return items("\r\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""]))

    def test_before_the_first_property(self) -> None:
        assert self.card("# comment", "", "word", "FN:A") == [
            Contact(formatted_name="A"),
            Note("line 2", STRAY),
            Note("line 4", STRAY),
        ]

    def test_many_are_counted(self) -> None:
        contact, *notes = self.card("FN:A", *["# comment"] * 1000)
        assert contact == Contact(formatted_name="A")
        assert len(notes) == 21
        assert notes[20] == Note("line 23", "980 more such lines of this card are left out")

    def test_a_group_has_its_own(self) -> None:
        group, note = self.card("FN:A", "KIND:group", "word")
        assert isinstance(group, Group)
        assert note == Note("line 4", STRAY)

    def test_those_of_nobody_are_not_told(self) -> None:
        assert self.card("word", "UID:1") == [Reject("line 1", "this card says nothing about a person")]
        assert self.card("word", "KIND:org", "FN:A") == [Skipped("org")]

    def test_a_whole_address_takes_no_more(self) -> None:
        contact, note = self.card("ADR:;;1 Road;Town;;1;Land", "# comment", "TEL:1")
        assert isinstance(contact, Contact)
        assert contact.addresses[0].country == "Land"
        assert note == Note("line 3", STRAY)

    def test_an_extension_takes_none(self) -> None:
        for head in ("X-FOO:bar", "X-SKYPE:a"):
            *_, note = self.card("FN:A", head, "# comment", "TEL:1")
            assert note == Note("line 4", STRAY)

    def test_markup_of_an_extension_is_its_own(self) -> None:
        assert len(self.card("FN:A", "X-MS-OL-DESIGN:<card>", "<img/>", "</card>", "TEL:1")) == 1

    def test_a_picture_s_lines_end_where_it_does(self) -> None:
        for last in ("AAA=", ""):
            contact, note = self.card("FN:A", "PHOTO;BASE64:", "AAAA", last, "word", "TEL:1")
            assert isinstance(contact, Contact)
            assert contact.phones == [Phone("1")]
            assert note == Note("line 6", STRAY)


class TestAValueThatSpeaksOfACard:
    @pytest.mark.parametrize("end", ["", " ", "\t", "\0", "\x1a", " \0\t"])
    @pytest.mark.parametrize(
        "word", ["VCARD", "vcard", "my VCARD", "END:VCARD", "x BEGIN:VCARD", "begin:vcard"]
    )
    @pytest.mark.parametrize("version", vcard.VERSIONS)
    def test_keeps_the_blanks_at_its_end(self, word: str, end: str, version: Literal["3.0", "4.0"]) -> None:
        contact = Contact(notes=[word + end])
        assert items(b"".join(vcard.write([contact], version=version))) == [contact]
