"""Hostile heads: status lines, interim answers, fields, redirects, challenges, and bytes before a head."""

from __future__ import annotations

import itertools

from tests.faults.hostile.plain_book import head, multistatus, response, sound, whole
from tests.faults.hostile.scenario import END, RESET, ScenarioRequest, Steps, scenario

MIB = 1024 * 1024


@scenario("heads", 0, least=40)
def sound_book(_: ScenarioRequest) -> None:
    """Nothing is wrong: what all others are compared with."""


@scenario("heads")
def early_hints_for_ever(_: ScenarioRequest) -> Steps:
    piece = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 4000
    return itertools.repeat(piece, 10_000)


@scenario("heads")
def early_hints_now_and_then(_: ScenarioRequest) -> Steps:
    return itertools.cycle([b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n", 0.02])


@scenario("heads", 0, least=40)
def some_early_hints(request: ScenarioRequest) -> Steps:
    """What a server may do."""
    return itertools.chain([b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n"] * 3, sound(request))


@scenario("heads")
def continue_for_ever(_: ScenarioRequest) -> Steps:
    return itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, 10_000)


@scenario("heads")
def name_of_a_megabyte(_: ScenarioRequest) -> Steps:
    return itertools.chain([b"HTTP/1.1 207 M\r\n"], itertools.repeat(b"n" * MIB, 100))


@scenario("heads")
def value_without_end(_: ScenarioRequest) -> Steps:
    return itertools.chain([b"HTTP/1.1 207 M\r\nX: "], itertools.repeat(b"v" * MIB, 1000))


@scenario("heads")
def fields_without_end(_: ScenarioRequest) -> Steps:
    pieces = (b"".join(b"x-%d-%d: 1\r\n" % (n, i) for i in range(1000)) for n in range(2000))
    return itertools.chain([b"HTTP/1.1 207 M\r\n"], pieces)


@scenario("heads")
def folded_lines_without_end(_: ScenarioRequest) -> Steps:
    return itertools.chain([b"HTTP/1.1 207 M\r\nX: a\r\n"], itertools.repeat(b" folded\r\n" * 10_000, 1000))


@scenario("heads")
def status_line_without_end(_: ScenarioRequest) -> Steps:
    return itertools.chain([b"HTTP/1.1 207 "], itertools.repeat(b"M" * MIB, 1000))


@scenario("heads")
def head_byte_by_byte(_: ScenarioRequest) -> Steps:
    return itertools.chain([b"HTTP/1.1 207 M\r\nX: "], itertools.cycle([b"x", 0.3]))


@scenario("heads")
def blank_lines_before_the_head(_: ScenarioRequest) -> Steps:
    return itertools.repeat(b"\r\n" * 50_000, 10_000)


@scenario("heads")
def another_protocol(_: ScenarioRequest) -> Steps:
    return itertools.chain([b"SSH-2.0-OpenSSH_9.2\r\n"], itertools.repeat(b"\0" * MIB, 100))


@scenario("heads")
def reset_at_once(_: ScenarioRequest) -> Steps:
    return iter([RESET])


@scenario("heads", kind="connection")
def silence(_: ScenarioRequest) -> Steps:
    return itertools.repeat(1.0)


@scenario("heads", kind="connection")
def talks_before_it_is_asked(_: ScenarioRequest) -> Steps:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    return itertools.repeat(answer * 2000, 5000)


@scenario("heads", 0, 257, 258, 264)
def answers_after_the_answer(request: ScenarioRequest) -> Steps:
    """On a connection that waits to be used again, answers to requests that nobody made."""
    answer = b"HTTP/1.1 207 M\r\nContent-Length: 0\r\n\r\n"
    return itertools.chain(sound(request), itertools.repeat(answer * 1000, 5000))


@scenario("heads", 0, 257, 258, 264)
def smuggled_answer(request: ScenarioRequest) -> Steps:
    """A length that leaves the rest of an answer for the next request."""
    if not request.is_home:
        return sound(request)
    inside = b"".join(piece for piece in whole(207, b"<x/>") if isinstance(piece, bytes))
    return iter([head(404, "Content-Length: 0") + inside * 3])


@scenario("heads")
def redirects_without_end(request: ScenarioRequest) -> Steps:
    return whole(302, b"", f"Location: /dav/{request.turn}/")


@scenario("heads")
def redirects_to_many_hosts(request: ScenarioRequest) -> Steps:
    port = request.base.rpartition(":")[2]
    return whole(302, b"", f"Location: http://127.8.{request.turn % 250}.1:{port}/dav/")


@scenario("heads")
def redirect_to_a_third_host(request: ScenarioRequest) -> Steps:
    return whole(301, b"", f"Location: {request.third}/dav/{request.turn}/")


@scenario("heads")
def redirect_to_a_name_that_is_none(_: ScenarioRequest) -> Steps:
    return whole(302, b"", "Location: https://xn--0.example/")


@scenario("heads")
def redirect_to_a_long_name(_: ScenarioRequest) -> Steps:
    return whole(302, b"", f"Location: https://{'a' * 7000}.example/")


@scenario("heads")
def long_redirect(_: ScenarioRequest) -> Steps:
    return whole(302, b"", f"Location: /{'a' * 8000}/")


@scenario("heads")
def odd_redirects(request: ScenarioRequest) -> Steps:
    places = ("http://[::1", "http://a:b:c/", "//", "http://%00/", "\udcff://", "http://1.2.3.4:99999/")
    place = places[request.turn % len(places)].encode("utf-8", "surrogateescape").decode("latin-1")
    return whole(302, b"", f"Location: {place}")


@scenario("heads", 263, 257, 258, 264)
def challenges_without_end(_: ScenarioRequest) -> Steps:
    many = [f"WWW-Authenticate: {'Digest a=' * 800}" for _ in range(60)]
    return whole(401, b"", *many)


@scenario("heads", 257, 263)
def realm_that_cannot_be_written(_: ScenarioRequest) -> Steps:
    return whole(401, b"", 'WWW-Authenticate: Digest realm="\xff\xfe", nonce="n", qop="auth"')


@scenario("heads", 257, 263)
def realm_of_another_alphabet(_: ScenarioRequest) -> Steps:
    realm = "книга".encode().decode("latin-1")
    return whole(401, b"", f'WWW-Authenticate: Digest realm="{realm}", nonce="n", qop="auth"')


@scenario("heads", 257, 263)
def nonce_of_control_characters(_: ScenarioRequest) -> Steps:
    return whole(401, b"", 'WWW-Authenticate: Digest realm="r", nonce="a\tb\x80", opaque="\x85"')


@scenario("heads", 257, 263, 264)
def stale_for_ever(request: ScenarioRequest) -> Steps:
    return whole(
        401, b"", f'WWW-Authenticate: Digest realm="r", nonce="{request.turn}", stale=true, qop="auth"'
    )


@scenario("heads", 257, 263, 264)
def refuses_after_a_while(request: ScenarioRequest) -> Steps:
    if request.turn < 4:
        return sound(request)
    return whole(401, b"x" * 100_000, 'WWW-Authenticate: Basic realm="book"')


@scenario("heads", 0, 257, 264)
def cookies_without_end(request: ScenarioRequest) -> Steps:
    if not request.is_home:
        return sound(request)
    cookies = [f"Set-Cookie: c{n}={'x' * 400}" for n in range(100)]
    return multistatus([response("/dav/home/", "")], *cookies)


@scenario("heads", 264)
def asks_for_a_rest_of_a_year(_: ScenarioRequest) -> Steps:
    return whole(503, b"", "Retry-After: 31536000")


@scenario("heads")
def switches_protocols(_: ScenarioRequest) -> Steps:
    first = head(101, "Upgrade: h2c", "Connection: Upgrade")
    return itertools.chain([first], itertools.repeat(b"x" * MIB, 200))


@scenario("heads")
def ends_within_the_head(_: ScenarioRequest) -> Steps:
    return iter([b"HTTP/1.1 207 Multi", END])


@scenario("heads", kind="connection", tls=True)
def certificate_of_nobody(_: ScenarioRequest) -> Steps:
    return iter([END])


@scenario("heads", kind="connection", tls=False)
def handshake_of_garbage(_: ScenarioRequest) -> Steps:
    """What is no answer at all, faster than anybody can read."""
    return itertools.repeat(b"\x16\x03\x01\xff\xff" * 10_000, 2000)
