from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.sources.carddav.element_parser import ElementParser
from contactport.sources.carddav.model import (
    CARD,
    DAV,
    Malformed,
    MultistatusLimits,
    MultistatusResponse,
    PropertyValue,
)
from contactport.sources.carddav.multistatus import Multistatus
from contactport.sources.carddav.xml_repair import XmlRepairer

LIMITS = MultistatusLimits(card=2000, text=4000, depth=64)
RADICALE = b"""<?xml version='1.0' encoding='utf-8'?>
<multistatus xmlns="DAV:" xmlns:CR="urn:ietf:params:xml:ns:carddav"><response><href>/alice/b/1.vcf</href><propstat>
<prop><getetag>"abc"</getetag><CR:address-data>BEGIN:VCARD\r\nFN:A &amp; B\r\nEND:VCARD\r\n</CR:address-data></prop>
<status>HTTP/1.1 200 OK</status></propstat></response></multistatus>"""
XANDIKOS = b"""<ns0:multistatus xmlns:ns0="DAV:" xmlns:ns1="urn:ietf:params:xml:ns:carddav"><ns0:response>
<ns0:href>/alice/b/1.vcf</ns0:href><ns0:propstat><ns0:status>HTTP/1.1 200 OK</ns0:status><ns0:prop>
<ns1:address-data>BEGIN:VCARD
FN:A &amp; B
END:VCARD
</ns1:address-data></ns0:prop></ns0:propstat></ns0:response></ns0:multistatus>"""
CYRUS = b"""<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">
<D:response><D:href>/alice/b/1.vcf</D:href><D:propstat><D:prop><C:address-data><![CDATA[BEGIN:VCARD\r
FN:A & B\r
END:VCARD\r
]]></C:address-data></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"""
SABRE = b"""<?xml version="1.0"?>
<d:multistatus xmlns:d="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><d:response>
<d:href>/alice/b/1.vcf</d:href><d:propstat><d:prop><d:getetag>&quot;x&quot;</d:getetag><card:address-data>BEGIN:VCARD&#13;
FN:A &amp; B&#13;
END:VCARD&#13;
</card:address-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop><d:x/></d:prop>
<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response></d:multistatus>"""
SOGO = b"""<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:"><D:response><D:href>/alice/b/1.vcf</D:href>
<D:propstat><D:prop><n1:address-data xmlns:n1="urn:ietf:params:xml:ns:carddav">BEGIN:VCARD
FN:A &amp; B
END:VCARD
</n1:address-data></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"""


def parse(document: bytes, *, step: int = 1 << 20, limits: MultistatusLimits = LIMITS) -> Multistatus:
    parser = Multistatus(limits)
    for at in range(0, len(document), step):
        parser.feed(document[at : at + step])
    parser.close()
    return parser


def items(
    document: bytes, *, step: int = 1 << 20, limits: MultistatusLimits = LIMITS
) -> list[MultistatusResponse]:
    return parse(document, step=step, limits=limits).take()


def by_elements(document: bytes) -> list[MultistatusResponse]:
    """By expat alone, element for element: what any reader of XML would find."""
    cleaner, elements = XmlRepairer(), ElementParser(LIMITS)
    elements.parse(cleaner.feed(document))
    elements.parse(cleaner.finish(), final=True)
    return elements.items


def multistatus(inner: str) -> bytes:
    return f'<d:multistatus xmlns:d="DAV:" xmlns:c="{CARD.strip()}">{inner}</d:multistatus>'.encode()


def card(href: str, data: str) -> str:
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop><c:address-data>{data}</c:address-data></d:prop>"
        "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
    )


class TestTheServersWays:
    @pytest.mark.parametrize("document", [RADICALE, XANDIKOS, CYRUS, SABRE, SOGO])
    @pytest.mark.parametrize("step", [1, 7, 1 << 20])
    def test_all_give_the_same_card(self, document: bytes, step: int) -> None:
        (item,) = items(document, step=step)
        assert item.href == "/alice/b/1.vcf"
        assert item.data is not None
        assert item.data.replace(b"\r", b"") == b"BEGIN:VCARD\nFN:A & B\nEND:VCARD\n"

    def test_a_property_is_text_names_and_hrefs(self) -> None:
        (item,) = items(
            multistatus(
                "<d:response><d:href> /a/ </d:href><d:propstat><d:prop>"
                "<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype>"
                "<c:addressbook-home-set><d:href>/one/</d:href>\n<d:href> /two/ </d:href></c:addressbook-home-set>"
                "<d:displayname>My &lt;book&gt;</d:displayname></d:prop>"
                "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
            )
        )
        assert item.href == "/a/"
        assert item.value(DAV + "resourcetype") == PropertyValue(
            "", (DAV + "collection", CARD + "addressbook"), ()
        )
        assert item.value(DAV + "displayname") == PropertyValue("My <book>")
        homes = item.value(CARD + "addressbook-home-set")
        assert homes is not None
        assert homes.hrefs == ("/one/", "/two/")

    def test_what_is_not_there_is_not_found(self) -> None:
        (item,) = items(
            multistatus(
                "<d:response><d:href>/a/</d:href><d:propstat><d:prop><d:displayname/></d:prop>"
                "<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
            )
        )
        assert item.value(DAV + "displayname") is None

    def test_a_principal_in_a_propstat_of_404_is_taken_all_the_same(self) -> None:
        (item,) = items(
            multistatus(
                "<d:response><d:href>/</d:href><d:propstat><d:prop><d:current-user-principal>"
                "<d:href>/123/principal/</d:href></d:current-user-principal></d:prop>"
                "<d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>"
            )
        )
        principal = item.value(DAV + "current-user-principal")
        assert principal is not None
        assert principal.hrefs == ("/123/principal/",)

    def test_a_card_in_a_propstat_of_an_error_is_none(self) -> None:
        refused = card("/1", "BEGIN:VCARD").replace("200 OK", "403 Forbidden")
        (item,) = items(multistatus(refused))
        assert item.data is None

    def test_a_response_has_a_status_of_its_own(self) -> None:
        found = items(
            multistatus(
                "<d:response><d:href>/1</d:href><d:href>/2</d:href><d:status>HTTP/1.1 404 Not Found</d:status>"
                "</d:response><d:response><d:href>/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status>"
                "<d:error><d:number-of-matches-within-limits/></d:error></d:response>"
            )
        )
        assert [(item.href, item.status) for item in found] == [("/1", 404), ("/2", 404), ("/", 507)]

    def test_nothing_of_one_response_is_left_for_the_next(self) -> None:
        found = items(
            multistatus(
                card("/1", "one") + "<d:response><d:href>/2</d:href></d:response>" + card("/3", "three")
            )
        )
        assert [(item.href, item.data) for item in found] == [("/1", b"one"), ("/2", None), ("/3", b"three")]

    def test_the_sync_token(self) -> None:
        assert parse(multistatus("<d:sync-token> http://x/1 </d:sync-token>")).sync_token == "http://x/1"

    def test_an_empty_answer(self) -> None:
        assert items(multistatus("")) == []

    def test_responses_are_there_as_soon_as_they_are_complete(self) -> None:
        document = multistatus(card("/1", "one") + card("/2", "two") + " " * 300)
        parser = Multistatus(LIMITS)
        parser.feed(document[: document.index(b"two") + 200])
        assert [item.href for item in parser.take()] == ["/1", "/2"]
        assert parser.take() == []


class TestBrokenBytes:
    def test_cost_neither_the_book_nor_the_card(self) -> None:
        bad = b"A\x0bB&#11;C&nbsp;D\xe9E & F"
        document = multistatus(card("/1", "XXX") + card("/2", "sound")).replace(b"XXX", bad)
        assert [item.data for item in items(document, step=5)] == ["ABC\u00a0DéE & F".encode(), b"sound"]


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("document", "why"),
        [
            (b"", "before it is complete"),
            (b"<html><body>Sign in</body></html>", "not a multistatus"),
            (b"<multistatus/>", "not a multistatus"),
            (b"not XML at all", "broken"),
            (b'<!DOCTYPE x [<!ENTITY a "b">]><d:multistatus xmlns:d="DAV:"/>', "document type"),
            (b'<!DOCTYPE x SYSTEM "http://x/"><d:multistatus xmlns:d="DAV:"/>', "document type"),
            (multistatus("<d:response>")[:-17], "before it is complete"),
            (multistatus("</d:response>"), "broken"),
            (multistatus("<d:x>" * 100 + "</d:x>" * 100), "nested"),
            (multistatus("<!--" + "x" * 200_000), "without end"),
            (multistatus("<d:x " + "y" * 200_000), "without end"),
            (
                multistatus(f"<d:response><d:href>{'x' * 5000}</d:href></d:response>"),
                "too long",
            ),
        ],
    )
    def test_and_why(self, document: bytes, why: str) -> None:
        with pytest.raises(Malformed, match=why):
            parse(document, step=16 * 1024)

    def test_a_card_too_long_alone_is_marked_and_not_kept(self) -> None:
        found = items(multistatus(card("/1", "x" * 2001) + card("/2", "x" * 2000)))
        assert [(item.href, item.too_long, item.data == b"x" * 2000) for item in found] == [
            ("/1", True, False),
            ("/2", False, True),
        ]

    @given(st.binary(max_size=2000))
    def test_nothing_but_the_declared_error(self, document: bytes) -> None:
        try:
            parse(document, step=100)
        except Malformed:
            return

    @given(st.integers(0, len(SABRE) - 1), st.binary(max_size=20))
    def test_nothing_but_the_declared_error_for_damage_in_the_middle(self, at: int, junk: bytes) -> None:
        try:
            parse(SABRE[:at] + junk + SABRE[at + len(junk) :], step=50)
        except Malformed:
            return


@given(
    st.lists(
        st.text(
            st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=50
        ),
        max_size=8,
    ),
    st.integers(1, 200),
)
def test_every_card_comes_out_as_it_went_in(cards: list[str], step: int) -> None:
    escaped = [text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for text in cards]
    document = multistatus("".join(card(f"/{number}", text) for number, text in enumerate(escaped)))
    assert [item.data for item in items(document, step=step)] == [text.encode() for text in cards]


class TestResponsesThatAreAlike:
    """They are read by their shape, and come out as if each had been read by itself."""

    @pytest.mark.parametrize("document", [RADICALE, XANDIKOS, CYRUS, SABRE, SOGO])
    @pytest.mark.parametrize("step", [1, 50, 1 << 20])
    def test_in_every_servers_way(self, document: bytes, step: int) -> None:
        start, end = document.index(b"response>"), document.rindex(b"response>")
        start = document.rindex(b"<", 0, start)
        one = document[start : end + len(b"response>")]
        many = b"\n".join(one.replace(b"1.vcf", b"%d.vcf" % number) for number in range(30))
        found = items(document.replace(one, many), step=step)
        assert [item.href for item in found] == [f"/alice/b/{number}.vcf" for number in range(30)]
        assert len({item.data for item in found}) == 1
        assert found == by_elements(document.replace(one, many))

    @pytest.mark.parametrize(
        "odd",
        [
            card("/odd", "AT&amp;T &lt;x&gt; &#233;&#x1F388;&#13;\n"),
            card("/odd", "<![CDATA[a < b ]]>and more"),
            card("/odd", "<!-- a comment -->data"),
            card("/odd", ""),
            card("/odd", "</d:x>").replace("</d:x>", "<d:x/>"),
            card("/odd", "data").replace("200 OK", "403 Forbidden"),
            card("/odd", "data").replace("200 OK", "200  OK"),
            card("/a%20b&amp;c", "data"),
            card(" /odd\n", "data"),
            card("/odd", "data").replace("<d:status>", "<d:getetag>1</d:getetag><d:status>"),
            card("/odd", "data").replace("<d:prop>", "<d:prop><d:getetag>&quot;x&quot;</d:getetag>"),
            card("/odd", "data").replace("<d:response>", '<d:response xmlns:d="urn:other">'),
            card("/odd", "data").replace("<d:propstat>", "<d:href>/second</d:href><d:propstat>", 1),
            "<!-- </d:response> -->",
            "<?pi </d:response> ?>",
            "<d:responsedescription>none</d:responsedescription>",
            "<d:x><d:response>" + card("/inner", "data") + "</d:response></d:x>",
            "<d:response><d:href>/gone</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>",
            card("/odd", "x" * 2001),
            card("/odd", "é" * 2000),
            card("/odd", "&amp;" * 2000),
            card("/odd", "&#233;" * 2001),
            card("/odd", "data").replace("<d:prop>", "<d:prop a=\"&gt;\" b='>'>"),
        ],
    )
    @pytest.mark.parametrize("step", [3, 1 << 20])
    def test_with_an_odd_one_among_them(self, odd: str, step: int) -> None:
        usual = [card(f"/{number}", f"BEGIN:VCARD\nFN:{number}\n") for number in range(9)]
        for place in (0, 1, 5, 9):
            document = multistatus("".join([*usual[:place], odd, odd, *usual[place:]]))
            assert items(document, step=step) == by_elements(document)

    @pytest.mark.parametrize(
        "props",
        [
            "<d:getetag>{number}</d:getetag>",
            "<d:getetag>{number}</d:getetag><d:resourcetype/><d:getcontenttype>text/vcard</d:getcontenttype>",
            "<d:getetag>{number}</d:getetag><d:getcontenttype>text/{number}</d:getcontenttype>",
            "<d:displayname>{number}</d:displayname>",
            "<d:owner><d:href>/{number}</d:href></d:owner>",
        ],
    )
    @pytest.mark.parametrize("step", [7, 1 << 20])
    def test_in_a_listing(self, props: str, step: int) -> None:
        rows = [
            f"<d:response><d:href>/{number}</d:href><d:propstat><d:prop>{props.format(number=number)}</d:prop>"
            "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
            for number in range(8)
        ]
        book = "<d:resourcetype><d:collection/></d:resourcetype>"
        rows.insert(4, rows[0].replace("<d:prop>", f"<d:prop>{book}"))
        document = multistatus("".join(rows))
        found = items(document, step=step)
        assert found == by_elements(document)
        assert len(found) == 9

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["/a", "/b%20c", "/d&amp;e", " /f "]),
                st.sampled_from(["x", "", "a&lt;b", "<![CDATA[c]]>", "<!--c-->", "\r\n", "&#9;é", "y" * 300]),
                st.sampled_from(["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", ""]),
                st.booleans(),
                st.sampled_from(["", "\n", "<!-- </d:response> -->", "<d:sync-token>t</d:sync-token>"]),
            ),
            max_size=12,
        ),
        st.integers(1, 400),
    )
    def test_in_any_mixture(self, rows: list[tuple[str, str, str, bool, str]], step: int) -> None:
        parts: list[str] = []
        for href, data, status, etag, between in rows:
            tag = "<d:getetag>e</d:getetag>" if etag else ""
            parts.append(
                f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{tag}<c:address-data>{data}</c:address-data>"
                f"</d:prop><d:status>{status}</d:status></d:propstat></d:response>{between}"
            )
        document = multistatus("".join(parts))
        assert items(document, step=step) == by_elements(document)
