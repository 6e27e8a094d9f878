"""Hostile XML: names, attributes, namespaces, texts and nesting in very large numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

from tests.faults.hostile.plain_book import (
    CLOSE,
    KIND,
    OPEN,
    asked,
    card,
    chunked,
    href,
    member,
    multistatus,
    numbered,
    response,
    with_card,
)
from tests.faults.hostile.scenario import ScenarioRequest, Steps, scenario

MANY = 200
"""Pieces of some 100 kB: 20 MB of XML."""
Pieces = Callable[[], Iterable[bytes]]


def of_a_book(request: ScenarioRequest, pieces: Pieces) -> Steps | None:
    """The same document for a listing and for every report."""
    return multistatus(pieces()) if request.is_listing or request.is_report else None


def within(inner: Iterable[bytes], *, properties: bool = True) -> Iterator[bytes]:
    """Inside one response of one card, or inside its properties."""
    yield (
        b"<D:response><D:href>/dav/book/1.vcf</D:href><D:propstat><D:prop>" if properties else b"<D:response>"
    )
    yield from inner
    yield (
        b"</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        if properties
        else b"</D:response>"
    )


def different(pattern: bytes, count: int = 5000, many: int = MANY) -> Iterator[bytes]:
    """Pieces with a running number in place of each `#`."""
    for n in range(many):
        yield b"".join(pattern.replace(b"#", b"%d" % (n * count + i)) for i in range(count))


@scenario("documents", 0, 257)
def names_within_a_property(request: ScenarioRequest) -> Steps | None:
    inner = itertools.chain([b"<D:resourcetype>"], different(b"<n#/>"), [b"</D:resourcetype>"])
    return of_a_book(request, lambda: within(inner))


@scenario("documents", 0, 257)
def properties_of_different_names(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: within(different(b"<p#>text</p#>")))


@scenario("documents", 0, 257)
def attributes_of_different_names(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: within(different(b"<D:x a#='1' b#='2' c#='3'/>")))


@scenario("documents", 0, 257)
def elements_of_different_names(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: different(b"<e#/>"))


@scenario("documents", 0, 257)
def prefixes_of_different_names(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: different(b"<p#:e xmlns:p#='DAV:'/>"))


@scenario("documents", 0, 257)
def namespaces_of_different_names(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: different(b"<e xmlns='urn:#'/>"))


@scenario("documents", 0, 257)
def names_of_sixty_kilobytes(request: ScenarioRequest) -> Steps | None:
    names = (b"<n%d%s/>" % (n, b"x" * 60_000) for n in range(1500))
    return of_a_book(request, lambda: within(names))


@scenario("documents", 0, 257)
def values_of_attributes(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: itertools.repeat(b"<D:x a='%s'/>" % (b"v" * 50_000), 1000))


@scenario("documents", 0, 257)
def empty_hrefs(request: ScenarioRequest) -> Steps | None:
    hrefs = itertools.repeat(b"<D:href/>" * 10_000, 550)
    return of_a_book(request, lambda: within(hrefs, properties=False))


@scenario("documents", 0, 257)
def empty_responses(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: itertools.repeat(b"<D:response/>" * 8000, 400))


@scenario("documents", 0, 257)
def responses_about_nothing(request: ScenarioRequest) -> Steps | None:
    one = b"<D:response><D:href/></D:response>" * 3000
    return of_a_book(request, lambda: itertools.repeat(one, 30))


@scenario("documents", 0, 257)
def elements_without_end(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: itertools.repeat(b"<x/>" * 25_000, 1000))


@scenario("documents", 0, 257)
def elements_within_a_property(request: ScenarioRequest) -> Steps | None:
    inner = itertools.chain(
        [b"<D:resourcetype>"], itertools.repeat(b"<x/>" * 25_000, 300), [b"</D:resourcetype>"]
    )
    return of_a_book(request, lambda: within(inner))


@scenario("documents", 0, 257)
def propstats_without_end(request: ScenarioRequest) -> Steps | None:
    one = b"<D:propstat><D:prop><D:x#>1</D:x#></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
    return of_a_book(request, lambda: within(different(one, 1000, 100), properties=False))


@scenario("documents", 0, 257)
def long_texts_in_one_response(request: ScenarioRequest) -> Steps | None:
    texts = (
        b"<D:t%d>%s</D:t%d>" % (n // 40, b"t" * 100_000, n // 40)
        if n % 40 == 39
        else (b"<D:t%d>" % (n // 40) if n % 40 == 0 else b"") + b"t" * 100_000
        for n in range(4000)
    )
    return of_a_book(request, lambda: within(_unnested(texts)))


def _unnested(texts: Iterable[bytes]) -> Iterator[bytes]:
    """The last piece of each element opens it once too often."""
    for text in texts:
        yield (
            text[text.index(b">") + 1 :]
            if text.startswith(b"<") and text.endswith(b">") and len(text) > 99
            else text
        )


@scenario("documents", 0, 257)
def text_without_end(request: ScenarioRequest) -> Steps | None:
    inner = itertools.chain([b"<D:displayname>"], itertools.repeat(b"t" * 100_000, 2000))
    return of_a_book(request, lambda: within(inner))


@scenario("documents", 0, 257)
def card_without_end(request: ScenarioRequest) -> Steps | None:
    inner = itertools.chain([b"<C:address-data>"], itertools.repeat(b"t" * 100_000, 2000))
    return of_a_book(request, lambda: within(inner))


@scenario("documents", 0, 257)
def hrefs_of_four_megabytes(request: ScenarioRequest) -> Steps | None:
    def pieces() -> Iterator[bytes]:
        for n in range(40):
            yield b"<D:response><D:href>/dav/book/%d" % n
            yield from itertools.repeat(b"h" * 100_000, 38)
            yield b"</D:href><D:status>HTTP/1.1 200 OK</D:status></D:response>"

    return of_a_book(request, pieces)


@scenario("documents", 0, least=1)
def one_long_href(request: ScenarioRequest) -> Steps | None:
    """It costs that card, and no other."""
    if request.is_multiget:
        return multistatus(with_card(where, card(numbered(where))) for where in asked(request))
    if request.is_listing or request.is_report:
        return multistatus([*map(member, map(href, range(5))), member("/dav/book/" + "h" * 50_000)])
    return None


@scenario("documents", 0, 257)
def hrefs_of_two_kilobytes(request: ScenarioRequest) -> Steps | None:
    """100,000 members whose addresses alone are 200 MB."""
    tail = "h" * 1900
    return of_a_book(request, lambda: (member(f"/dav/book/{n}{tail}.vcf") for n in range(100_000)))


@scenario("documents", 0, 257)
def nested_without_end(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: itertools.repeat(b"<D:x>" * 20_000, 1000))


@scenario("documents", 0, 257)
def entities_of_entities(request: ScenarioRequest) -> Steps | None:
    declared = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    document = b'<?xml version="1.0"?><!DOCTYPE D [<!ENTITY l0 "ha">' + declared + b"]><D>&l11;</D>"
    return chunked([document]) if request.is_listing or request.is_report else None


@scenario("documents", 0, 257)
def external_entity(request: ScenarioRequest) -> Steps | None:
    document = b'<!DOCTYPE D [<!ENTITY x SYSTEM "%s/secret">]><D>&x;</D>' % request.third.encode()
    return chunked([document]) if request.is_start else None


@scenario("documents", 0, 257)
def references_without_end(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: itertools.repeat(b"&NotEqualTilde;&bogus;&" * 4000, 20))


@scenario("documents", 0, 257)
def blanks_before_the_document(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing and not request.is_report:
        return None
    return chunked(itertools.chain(itertools.repeat(b" \n" * 50_000, 300), [OPEN, CLOSE]))


@scenario("documents", 0, 257)
def blanks_between_responses(request: ScenarioRequest) -> Steps | None:
    blanks = itertools.repeat(b" \n" * 50_000, 300)
    return of_a_book(request, lambda: itertools.chain([with_card(href(1), card(1))], blanks))


@scenario("documents", 0, 257)
def comment_without_end(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: itertools.chain([b"<!--"], itertools.repeat(b"x" * 100_000, 500)))


@scenario("documents", 0, 257)
def comments_without_end(request: ScenarioRequest) -> Steps | None:
    return of_a_book(request, lambda: itertools.repeat(b"<!----><?p?>" * 8000, 300))


@scenario("documents", 0, 257)
def sections_without_end(request: ScenarioRequest) -> Steps | None:
    inner = itertools.chain([b"<C:address-data>"], itertools.repeat(b"<![CDATA[]]>" * 8000, 15))
    return of_a_book(request, lambda: within(inner))


@scenario("documents", 0, 257)
def other_shapes_without_end(request: ScenarioRequest) -> Steps | None:
    """No two responses are alike, and each is nearly too long to be kept."""

    def pieces() -> Iterator[bytes]:
        for n in range(150):
            tags = "".join(f"<D:x{(n * 7 + i) % 300}/>" for i in range(600))
            yield response(href(n), tags)

    return of_a_book(request, pieces)


@scenario("documents")
def home_of_many_texts(request: ScenarioRequest) -> Steps | None:
    """Answers that ought to be short, and are not."""
    if not request.is_home:
        return None
    name = "n" * 60_000
    return multistatus(
        response(f"/dav/b{n}/", f"{KIND}<D:displayname>{name}</D:displayname>") for n in range(4000)
    )


@scenario("documents", 0, 257)
def wide_characters(request: ScenarioRequest) -> Steps | None:
    """UTF-16, and bytes that are no UTF-8 at all."""
    if not request.is_listing and not request.is_report:
        return None
    body = (OPEN + b"\xff" * 50_000).decode("latin-1").encode("utf-16")
    return chunked(itertools.chain([body], itertools.repeat(b"\x00\xd8" * 50_000, 20), [CLOSE]))
