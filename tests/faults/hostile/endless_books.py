"""Hostile address books: endless members, books, homes and continuations, and addresses of other hosts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tests.faults.hostile.plain_book import (
    CARDS,
    KIND,
    asked,
    card,
    href,
    member,
    multistatus,
    numbered,
    response,
    sound,
    whole,
    with_card,
)
from tests.faults.hostile.scenario import ScenarioRequest, Steps, scenario


@scenario("walks")
def members_without_end(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing and not request.is_report:
        return None
    return multistatus(member(href(n)) for n in range(2_000_000))


@scenario("walks", 0, 257, 258, 264, slow=True)
def continuations_without_end(request: ScenarioRequest) -> Steps | None:
    """A new token for every page, and one more member on each."""
    if request.is_multiget or request.method == "GET":
        return whole(404)
    if not request.is_sync:
        return None
    return multistatus(
        [
            with_card(href(request.turn), card(request.turn)),
            b"<D:response><D:href>/dav/book/</D:href><D:status>HTTP/1.1 507 More</D:status></D:response>",
            b"<D:sync-token>urn:%d</D:sync-token>" % request.turn,
        ]
    )


@scenario("walks", 0, 257, 258, 264)
def tokens_of_four_megabytes(request: ScenarioRequest) -> Steps | None:
    if not request.is_sync:
        return None
    token = b"<D:sync-token>urn:%d%s</D:sync-token>" % (request.turn, b"t" * 4_000_000)
    more = b"<D:response><D:href>/dav/book/</D:href><D:status>HTTP/1.1 507 More</D:status></D:response>"
    return multistatus([with_card(href(request.turn), card(request.turn)), more, token])


@scenario("walks", 0, 257, 258, 264)
def insufficient_storage_for_ever(request: ScenarioRequest) -> Steps | None:
    return whole(507) if request.is_report or request.is_listing else None


@scenario("walks")
def principals_without_end(request: ScenarioRequest) -> Steps | None:
    """Every principal names another."""
    if "authorization" not in request.headers or request.method != "PROPFIND":
        return None
    principal = f"<D:href>/dav/p{request.turn}/</D:href>"
    return multistatus(
        [response(request.target, f"<D:current-user-principal>{principal}</D:current-user-principal>")]
    )


@scenario("walks")
def homes_without_end(request: ScenarioRequest) -> Steps | None:
    if not request.is_start or "authorization" not in request.headers:
        return None if "authorization" not in request.headers else whole(404)
    homes = "".join(f"<D:href>/dav/h{n}/</D:href>" for n in range(30_000))
    return multistatus(
        [response(request.target, f"<C:addressbook-home-set>{homes}</C:addressbook-home-set>")]
    )


@scenario("walks")
def homes_of_another_host(request: ScenarioRequest) -> Steps | None:
    if not request.is_start or "authorization" not in request.headers:
        return None
    homes = "".join(f"<D:href>{request.third}/dav/h{n}/</D:href>" for n in range(5000))
    return multistatus(
        [response(request.target, f"<C:addressbook-home-set>{homes}</C:addressbook-home-set>")]
    )


@scenario("walks", 0, 257, 258, 264)
def books_without_end(request: ScenarioRequest) -> Steps | None:
    if request.is_home:
        return multistatus(response(f"/dav/book{n}/", KIND) for n in range(300))
    if request.target.startswith("/dav/book"):
        return multistatus([response(request.target, KIND)])
    return None


@scenario("walks", 0, 257, 258, 264)
def books_of_another_host(request: ScenarioRequest) -> Steps | None:
    if not request.is_home:
        return None
    return multistatus(response(f"{request.third}/dav/book{n}/", KIND) for n in range(4900))


@scenario("walks", 0, 257, 258, 264)
def cards_of_another_host(request: ScenarioRequest) -> Steps | None:
    """Nobody is asked for them: each is rejected."""
    if request.is_report:
        return whole(403)
    if request.is_listing:
        return multistatus(member(f"{request.third}/dav/{n}.vcf") for n in range(4000))
    return None


@scenario("walks", 0, least=CARDS)
def one_card_of_another_host(request: ScenarioRequest) -> Steps | None:
    """It costs that card, and no other."""
    if request.is_report:
        return whole(403)
    if request.is_listing:
        return multistatus(
            member(where) for where in [*map(href, range(CARDS)), f"{request.third}/dav/1.vcf"]
        )
    return None


@scenario("walks", 0, least=CARDS)
def one_card_at_a_name_that_is_none(request: ScenarioRequest) -> Steps | None:
    """It costs that card, and no other."""
    if request.is_report:
        return whole(403)
    if request.is_listing:
        return multistatus(
            member(where) for where in ["https://xn--0.example/1.vcf", *map(href, range(CARDS))]
        )
    return None


@scenario("walks", 0, 257, 258, 264)
def cards_that_redirect_to_another_host(request: ScenarioRequest) -> Steps | None:
    if request.method == "GET":
        return whole(302, b"", f"Location: {request.third}/{request.turn}")
    if request.is_report:
        return whole(403)
    if request.is_listing:
        return multistatus(member(href(n)) for n in range(16_000))
    return None


@scenario("walks", 0, 257, 258, 264)
def some_cards_redirect_to_another_host(request: ScenarioRequest) -> Steps | None:
    """Every fifth card is sound."""
    if request.method == "GET":
        number = int(numbered(request.target))
        return sound(request) if number % 5 == 0 else whole(302, b"", f"Location: {request.third}/{number}")
    if request.is_report:
        return whole(403)
    if request.is_listing:
        return multistatus(member(href(n)) for n in range(1000))
    return None


@scenario("walks", 0, 257, 258, 264)
def book_that_redirects_to_another_host(request: ScenarioRequest) -> Steps | None:
    if not request.is_listing and not request.is_report:
        return None
    return whole(307, b"", f"Location: {request.third}/{request.turn}")


@scenario("walks", 0, 257, 258, 264)
def every_multiget_gives_one(request: ScenarioRequest) -> Steps | None:
    """Of a thousand cards one for each request."""
    if request.is_sync:
        return whole(403)
    if request.is_listing:
        return multistatus(member(href(n)) for n in range(1000))
    if request.is_multiget:
        first = asked(request)[0]
        return multistatus([with_card(first, card(numbered(first)))])
    return whole(404) if request.method == "GET" else None


@scenario("walks", 0, 257, 258, 264)
def multigets_of_other_cards(request: ScenarioRequest) -> Steps | None:
    """What comes is never what was asked for."""
    if request.is_sync:
        return whole(403)
    if request.is_multiget:
        return multistatus(with_card(f"/x/{n}.vcf", card(n)) for n in range(5000))
    return whole(404) if request.method == "GET" else None


@scenario("walks", 0, 257, 258, 264)
def the_same_card_without_end(request: ScenarioRequest) -> Steps | None:
    return multistatus(itertools.repeat(with_card(href(1), card(1)), 100_000)) if request.is_sync else None


@scenario("walks", 0, 257, 258, 264)
def every_card_too_long(request: ScenarioRequest) -> Steps | None:
    if not request.is_sync:
        return None
    text = card(1, f"NOTE:{'n' * 3_000_000}\r\n")
    return multistatus(with_card(href(n), text) for n in range(20))


@scenario("walks", 0, 257, 258, 264)
def long_cards(request: ScenarioRequest) -> Steps | None:
    if not request.is_sync:
        return None

    def cards() -> Iterator[bytes]:
        for n in range(60):
            picture = ("QUJD" * 17 + "\r\n ") * 24_000
            yield with_card(href(n), card(n, f"PHOTO;ENCODING=b:{picture}=\r\n"))

    return multistatus(cards())


@scenario("walks", 264)
def unavailable_for_ever(request: ScenarioRequest) -> Steps | None:
    return whole(503) if request.is_listing or request.is_report else None


@scenario("walks", username="alice@xn--0.example")
def account_of_a_name_that_is_none(_: ScenarioRequest) -> Steps:
    return whole(404)
