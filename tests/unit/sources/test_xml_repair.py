from __future__ import annotations

from itertools import pairwise
from urllib.parse import unquote_to_bytes
from xml.parsers import expat

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contactport.sources.carddav.xml_repair import XmlRepairer

HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'


def clean(document: bytes, *cuts: int) -> bytes:
    cleaner = XmlRepairer()
    edges = [0, *sorted(cut for cut in cuts if cut < len(document)), len(document)]
    out = b"".join(cleaner.feed(document[one:other]) for one, other in pairwise(edges))
    return out + cleaner.finish()


def text_of(document: bytes) -> str:
    """What an XML parser makes of it."""
    parts: list[str] = []
    parser = expat.ParserCreate("utf-8")
    parser.CharacterDataHandler = parts.append
    parser.Parse(document, True)
    return "".join(parts)


def said(body: str | bytes, *cuts: int, head: bytes = HEAD) -> str:
    raw = body if isinstance(body, bytes) else body.encode("utf-8")
    return text_of(clean(head + b"<a>" + raw + b"</a>", *cuts))


class TestWhatIsMended:
    @pytest.mark.parametrize(
        ("body", "text"),
        [
            (b"a\x00b\x0bc\x1fd", "abcd"),
            (b"a&#11;b&#x0B;c&#0;d&#xFFFF;e&#xD800;f&#99999999;g", "abcdefg"),
            (b"a&nbsp;b&eacute;c&hellip;d&COPY;", "a\u00a0béc…d©"),
            (b"a&unheardof;b", "a&unheardof;b"),
            (b"AT&T & Co &", "AT&T & Co &"),
            (b"a&b;c&&amp;d", "a&b;c&&d"),
            (b"a&LT;b&GT;&AMP;", "a<b>&"),
            (b"caf\xe9 \x80 \x93quoted\x94", "café € “quoted”"),
            (b"gr\xc3\xbc\xc3\x9fe \xc3", "grüße Ã"),
            (b"a]]>b]]", "a]]>b]]"),
            (b"a\xef\xbf\xbeb\xef\xbf\xbfc", "abc"),
            (b"a\xed\xa0\x80b", "a\u00ed\u00a0€b"),
        ],
    )
    def test_and_how(self, body: bytes, text: str) -> None:
        assert said(body) == text

    @pytest.mark.parametrize(
        "body",
        [
            b"a&#11;b",
            b"a&nbsp;b",
            b"a&CounterClockwiseContourIntegral;b",
            b"caf\xe9 au lait",
            "grüße 🎈".encode(),
        ],
    )
    def test_wherever_the_chunks_are_cut(self, body: bytes) -> None:
        whole = said(body)
        for cut in range(len(HEAD), len(HEAD) + 3 + len(body)):
            assert said(body, cut) == whole
        everywhere = range(1, len(HEAD) + len(body) + 8)
        assert said(body, *everywhere) == whole


class TestHrefs:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            (b"<href>/M\xfcller.vcf</href>", "/M%FCller.vcf"),
            (b"<D:href>/M\xfcller.vcf</D:href>", "/M%FCller.vcf"),
            (b"<D:href>\n /M\xc3\xbcller-\xf6.vcf</D:href>", "\n /Müller-%F6.vcf"),
            (b"<D:href xmlns:D='DAV:'><![CDATA[/M\xfcller.vcf]]></D:href>", "/M%FCller.vcf"),
            (b"<D:href>/a\x01\x00.vcf</D:href>", "/a%01%00.vcf"),
            (b"<D:href>/a\xef\xbf\xbf.vcf</D:href>", "/a%EF%BF%BF.vcf"),
            (b"<D:href>/\x93\xfa\x96{.vcf</D:href>", "/%93%FA%96{.vcf"),
            (b"<D:hrefs>M\xfcller</D:hrefs>", "Müller"),
            (b"<D:href>/1</D:href>M\xfcller", "/1Müller"),
        ],
    )
    def test_keep_every_octet_wherever_the_chunks_are_cut(self, written: bytes, read: str) -> None:
        head = HEAD + b"<D:a xmlns:D='DAV:'>" + b"x" * 300
        whole = head + written + b"</D:a>"
        assert text_of(clean(whole)) == "x" * 300 + read
        for cut in range(len(head) - 5, len(whole)):
            assert text_of(clean(whole, cut, cut + 3)) == "x" * 300 + read

    @given(st.binary(max_size=40), st.binary(max_size=40), st.lists(st.integers(300, 600), max_size=4))
    def test_of_different_octets_stay_different(self, one: bytes, other: bytes, cuts: list[int]) -> None:
        """Whatever a server writes there, but for what XML itself says otherwise: blanks, `<` and `&`."""
        kept = [bytes(byte for byte in octets if byte not in b"\t\n\r <&") for octets in (one, other)]
        assume(kept[0] != kept[1] and b"]]>" not in kept[0] + kept[1])
        body = b"".join(b"<D:href>/%b.vcf</D:href>\n" % octets for octets in kept)
        hrefs = text_of(clean(HEAD + b"<D:a xmlns:D='DAV:'>" + b" " * 300 + body + b"</D:a>", *cuts)).split()
        assert [unquote_to_bytes(href) for href in hrefs] == [
            unquote_to_bytes(b"/%b.vcf" % octets) for octets in kept
        ]


class TestWhatIsLeftAlone:
    def test_the_five_entities_and_sound_references(self) -> None:
        body = b"&amp;&lt;&gt;&quot;&apos;&#13;&#10;&#9;&#xD;&#233;&#x1F388;"
        assert said(body) == "&<>\"'\r\n\t\ré🎈"

    def test_cdata_which_means_itself(self) -> None:
        assert (
            said(b"<![CDATA[a&nbsp;b&#11;c & d]]>&nbsp;<![CDATA[&eacute;]]>")
            == "a&nbsp;b&#11;c & d\u00a0&eacute;"
        )

    def test_cdata_however_it_is_cut(self) -> None:
        body = b"x<![CDATA[a&nbsp;b]c]]d]]>&nbsp;&amp;<![CDATA[]]>y"
        for cut in range(len(HEAD), len(HEAD) + 3 + len(body)):
            assert said(body, cut, cut + 1) == "xa&nbsp;b]c]]d\u00a0&y"

    def test_line_ends_become_one_kind_as_xml_says(self) -> None:
        for cut in range(len(HEAD), len(HEAD) + 18):
            assert said(b"a\r\nb\rc\n\r\n<![CDATA[\r\n]]>", cut) == "a\nb\nc\n\n\n"

    def test_control_characters_go_from_cdata_too(self) -> None:
        assert said(b"<![CDATA[a\x0bb\xe9]]>") == "abé"

    @given(
        st.text(
            st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=300
        ),
        st.lists(st.integers(0, 400), max_size=6),
    )
    def test_every_sound_document(self, text: str, cuts: list[int]) -> None:
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert said(escaped, *cuts) == text


class TestEncodings:
    def test_a_byte_order_mark_and_blank_lines_before_the_declaration(self) -> None:
        assert said("é", head=b"\xef\xbb\xbf\r\n\n" + HEAD) == "é"

    def test_latin_1_where_it_is_declared(self) -> None:
        head = b'<?xml version="1.0" encoding="ISO-8859-1"?>'
        assert said("é“".encode("cp1252"), head=head) == "é“"

    def test_ascii_that_is_not(self) -> None:
        assert said("é", head=b"<?xml version='1.0' encoding='us-ascii' standalone='yes'?>") == "é"

    def test_utf_16(self) -> None:
        document = '<?xml version="1.0" encoding="utf-16"?><a>é🎈</a>'.encode("utf-16")
        assert text_of(clean(document, 5, 61)) == "é🎈"

    def test_no_declaration_at_all(self) -> None:
        assert said("é", head=b"") == "é"


@given(st.binary(max_size=600), st.lists(st.integers(0, 600), max_size=8))
def test_whatever_comes_goes_out_as_utf_8_without_controls(document: bytes, cuts: list[int]) -> None:
    out = clean(document, *cuts)
    assert not set(out.decode("utf-8")) & set(map(chr, set(range(32)) - {9, 10, 13}))
    assert out == clean(document)


class TestSections:
    """CDATA sections follow one another, and chunks begin and end anywhere in them."""

    @pytest.mark.parametrize(
        "body",
        [
            b"<n><![CDATA[one]]></n><n><![CDATA[two &amp; & ]] ]]></n>",
            b"<![CDATA[a]]>b &amp; c<![CDATA[d]]>",
            b"<![CDATA[]]><![CDATA[<x>&]]>&eacute;]]>",
        ],
    )
    def test_wherever_two_cuts_fall(self, body: bytes) -> None:
        whole = said(body)
        padding = b" " * 300
        start = len(HEAD) + len(b"<a>") + len(padding)
        places = range(start - 2, start + len(body) + 2)
        for one in places:
            for other in places:
                if one <= other:
                    assert said(padding + body, one, other) == padding.decode() + whole

    @given(
        st.lists(
            st.sampled_from(
                [b"<![CDATA[", b"]]>", b"]", b"&", b"&amp;", b"&nbsp;", b"x", b"<n/>", b"<![CDA", b"\xc3\xa9"]
            )
        ),
        st.lists(st.integers(250, 420), max_size=6),
    )
    def test_cuts_change_nothing(self, pieces: list[bytes], cuts: list[int]) -> None:
        document = b"<a>" + b" " * 300 + b"".join(pieces)
        assert clean(document, *cuts) == clean(document)
