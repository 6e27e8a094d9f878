from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from contactport.net.failures import TooLarge, Unreadable
from contactport.sources.base import BookResult, Page
from contactport.sources.carddav.members import BookMembers, href_hash, without_pictures
from contactport.sources.carddav.model import AddressBook
from contactport.sources.carddav.page_builder import BYTES, CARDS, PageBuilder

HOME = URL("https://dav.example.com/alice/")
BOOK = AddressBook(HOME / "contacts/", HOME)


class Gathered:
    """One book's members, and the builder that they go to."""

    def __init__(
        self,
        known: frozenset[str] = frozenset(),
        *,
        limit: int = 10_000,
        longest: int = 1000,
        photos: bool = False,
    ) -> None:
        self.builder = PageBuilder(limit)
        self.members = BookMembers(BOOK, known, self.builder, longest=longest, photos=photos)
        self.card = self.members.card
        self.reject = self.members.reject
        self.page = self.builder.page


class TestKeys:
    @pytest.mark.parametrize(
        ("href", "key"),
        [
            ("/alice/contacts/1.vcf", "/alice/contacts/1.vcf"),
            ("/alice/contacts/a%40b.vcf", "/alice/contacts/a%40b.vcf"),
            ("1.vcf", "/alice/contacts/1.vcf"),
            ("https://dav.example.com/alice/contacts/%7e1.vcf", "/alice/contacts/%7e1.vcf"),
            ("https://other.example/1.vcf", "https://other.example/1.vcf"),
            ("//other.example/1.vcf", "https://other.example/1.vcf"),
            ("https://x:y/", "https://x:y/"),
        ],
    )
    async def test_are_the_servers_own_paths(self, href: str, key: str) -> None:
        assert Gathered().members.key(href) == key


_PIECES = st.sampled_from(
    [
        "a",
        "b",
        "/",
        "%2F",
        "%2f",
        "%25",
        "%",
        "%4",
        "%40",
        "@",
        "%FC",
        "%fc",
        "%F6",
        "%C3%BC",
        "ü",
        "ö",
        "\ud800",
        "\udcfc",
    ]
)


def octets_of(href: str) -> list[bytes]:
    """The octets of each segment (RFC 3986 section 3.3), unescaped by hand."""
    found: list[bytes] = []
    for segment in href.encode("utf-8", "surrogatepass").split(b"/"):
        head, *rest = segment.split(b"%")
        for part in rest:
            escaped = re.match(rb"[0-9A-Fa-f]{2}", part)
            head += b"%" + part if escaped is None else bytes.fromhex(part[:2].decode()) + part[2:]
        found.append(head)
    return found


class TestMarks:
    @given(st.lists(_PIECES, max_size=4).map("".join), st.lists(_PIECES, max_size=4).map("".join))
    def test_are_the_same_only_where_the_octets_are(self, one: str, other: str) -> None:
        assert (href_hash(one) == href_hash(other)) is (octets_of(one) == octets_of(other))

    @given(st.binary(min_size=1, max_size=12), st.binary(min_size=1, max_size=12))
    def test_tell_names_of_any_character_set_apart(self, one: bytes, other: bytes) -> None:
        assert (href_hash("/" + quote(one)) == href_hash("/" + quote(other))) is (one == other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [("M%FCller", "M%F6ller"), ("M%FCller", "M%EF%BF%BDller"), ("a%2Fb", "a/b"), ("a%2540", "a%40")],
    )
    async def test_tell_two_people_apart(self, one: str, other: str) -> None:
        gathered = Gathered()
        gathered.card(f"/{one}.vcf", b"x")
        gathered.card(f"/{other}.vcf", b"y")
        page = gathered.page()
        assert ([card.data for card in page.records], page.repeats) == ([b"x", b"y"], 0)


class TestDoubles:
    async def test_are_counted_when_the_server_sends_them(self) -> None:
        gathered = Gathered()
        for _ in range(3):
            gathered.card("/1", b"x")
        page = gathered.page()
        assert ([card.key for card in page.records], page.repeats) == (["/1"], 2)

    async def test_are_not_when_we_asked_twice(self) -> None:
        gathered = Gathered()
        gathered.card("/1", b"x")
        gathered.card("/1", b"x", again=True)
        assert gathered.page().repeats == 0

    async def test_are_one_whichever_way_the_href_is_escaped(self) -> None:
        gathered = Gathered()
        gathered.card("/a@b", b"x")
        gathered.card("/a%40b", b"x")
        assert gathered.page().repeats == 1
        assert gathered.members.has("/a%40b")

    async def test_of_what_is_known_are_not_passed_on(self) -> None:
        gathered = Gathered(frozenset({"/1"}))
        gathered.card("/1", b"x")
        gathered.reject("/1", "because")
        assert gathered.builder.empty
        assert gathered.members.received == 1


class TestPages:
    async def test_are_full_by_number(self) -> None:
        gathered = Gathered()
        for number in range(CARDS + 1):
            assert not gathered.builder.full
            gathered.card(f"/{number}", b"x")
            if number == CARDS - 1:
                break
        assert gathered.builder.full
        assert len(gathered.page().records) == CARDS
        assert gathered.builder.empty

    async def test_are_full_by_size(self) -> None:
        gathered = Gathered(longest=BYTES)
        gathered.card("/1", bytes(BYTES))
        assert gathered.builder.full

    async def test_tell_what_was_listed_over_all_books(self) -> None:
        builder = PageBuilder(10)
        for count in (3, 4):
            book = BookMembers(BOOK, (), builder, longest=10)
            book.listed(count)
            book.card("/1", b"x")
        assert builder.page().listed == 7

    async def test_tell_of_a_book_after_its_last_record(self) -> None:
        gathered = Gathered()
        for number in range(CARDS + 1):
            gathered.card(f"/{number}", b"x")
        result = BookResult("/", "complete")
        gathered.builder.book(result)
        assert gathered.page().books == []
        last = gathered.page()
        assert (len(last.records), last.books) == (1, [result])


class TestSteps:
    """What reads runs beside what takes, and no more than a page ahead of it."""

    async def test_go_on_only_when_a_full_page_was_taken(self) -> None:
        gathered = Gathered()
        pushed = 0

        async def steps() -> None:
            nonlocal pushed
            for number in range(3 * CARDS):
                gathered.card(f"/{number}", b"x")
                pushed += 1
                await gathered.builder.room()

        async with aclosing(gathered.builder.pages(steps)) as pages:
            for taken in (1, 2, 3):
                assert len((await anext(pages)).records) == CARDS
                await asyncio.sleep(0)
                assert pushed == taken * CARDS
            assert await anext(pages, None) is None

    async def test_hand_over_what_there_is_before_they_fail(self) -> None:
        gathered = Gathered()

        async def steps() -> None:
            gathered.card("/1", b"x")
            await gathered.builder.flush()
            gathered.card("/2", b"x")
            raise Unreadable("it is not")

        found: list[Page] = []

        async def read() -> None:
            async for page in gathered.builder.pages(steps):
                found.append(page)

        with pytest.raises(Unreadable):
            await read()
        assert [[record.key for record in page.records] for page in found] == [["/1"]]

    async def test_end_at_once_when_nobody_wants_more(self) -> None:
        gathered = Gathered()
        ended = asyncio.Event()

        async def steps() -> None:
            gathered.card("/1", b"x")
            try:
                await gathered.builder.flush()
                await asyncio.Event().wait()
            finally:
                ended.set()

        async with aclosing(gathered.builder.pages(steps)) as pages:
            await anext(pages)
        assert ended.is_set()

    async def test_may_be_several_at_once(self) -> None:
        gathered = Gathered()

        async def step(name: str) -> None:
            for number in range(2 * CARDS):
                gathered.card(f"/{name}/{number}", b"x")
                await gathered.builder.room()

        async def steps() -> None:
            await asyncio.gather(step("a"), step("b"))

        records = [record.key async for page in gathered.builder.pages(steps) for record in page.records]
        assert len(set(records)) == len(records) == 4 * CARDS


class TestLimits:
    async def test_too_many_members_are_too_many(self) -> None:
        gathered = Gathered(limit=2)
        gathered.card("/1", b"x")
        gathered.reject("/2", "because")
        with pytest.raises(TooLarge, match="more than 2"):
            gathered.card("/3", b"x")

    async def test_a_card_too_large_is_rejected(self) -> None:
        gathered = Gathered(longest=10)
        gathered.card("/1", b"BEGIN:VCARD\nEND:VCARD")
        (reject,) = gathered.page().rejects
        assert (reject.place, reject.reason) == ("/1", "the card is larger than 10 bytes")

    async def test_but_not_for_a_picture_that_nobody_wants(self) -> None:
        card = b"BEGIN:VCARD\nFN:A\nPHOTO:" + b"x" * 1000 + b"\nEND:VCARD\n"
        gathered = Gathered()
        gathered.card("/1", card)
        assert [taken.data for taken in gathered.page().records] == [b"BEGIN:VCARD\nFN:A\nEND:VCARD\n"]
        wanted = Gathered(photos=True)
        wanted.card("/1", card)
        assert len(wanted.page().rejects) == 1


class TestPictures:
    @pytest.mark.parametrize(
        "photo",
        [
            b"PHOTO:data:image/jpeg;base64,AAAA\r\n",
            b"photo;ENCODING=b;TYPE=JPEG:AAAA\r\n AAAA\r\n\tAAAA==\r\n",
            b"item1.PHOTO;VALUE=uri:https://x/\n",
            b"PHOTO;JPEG;ENCODING=BASE64:\r\nAAAA\r\nBBBB==\r\n\r\n",
            b"PHOTO;JPEG;ENCODING=BASE64:AAAA\n  BBBB\n\n",
            b"PHOTO:\n",
        ],
    )
    def test_go_and_all_else_stays(self, photo: bytes) -> None:
        card = (
            b"BEGIN:VCARD\r\nFN:PHOTO:not\r\nNOTE:a\r\n PHOTO:folded\r\n%bTEL:1\r\nX-PHOTO:2\r\nEND:VCARD\r\n"
        )
        assert without_pictures(card % photo) == card % b""

    @given(st.binary(max_size=300))
    def test_whatever_the_card_is(self, card: bytes) -> None:
        assert len(without_pictures(card)) <= len(card)
