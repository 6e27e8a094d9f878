"""What a connection may bring before it is an answer, tried on real sockets."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from yarl import URL

from contactport.net.client import open_client
from contactport.net.connector import BODY_PIECE, HEAD, INTERIM, BoundedConnection
from contactport.net.failures import NotHttp, TooLarge, Unreadable
from contactport.net.retries import RetryPolicy
from contactport.settings import Settings
from tests.import_fails import import_fails
from tests.unit.net.little_server import ReceivedRequest, little_server, reply

HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


async def body(*answers: bytes, settings: Settings | None = None) -> bytes:
    """The body of the last of as many requests, each answered by one of these."""
    rest = iter(answers)
    settings = settings or Settings(import_bytes=1 << 20)
    settings.allow_network = ["127.0.0.0/8"]
    settings.tries = 1

    def answer(_: ReceivedRequest) -> bytes:
        return next(rest)

    found = b""
    async with little_server(answer) as server, open_client(settings, RetryPolicy(base=0.001)) as client:
        for _ in answers:
            async with client.request("GET", URL(server.url("/"))) as response:
                found = await response.read(1 << 30)
    return found


def chunks(pieces: Iterable[bytes]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(pieces) + b"0\r\n\r\n"


async def test_a_few_interim_answers_are_passed_over() -> None:
    assert await body(HINT * INTERIM + reply(200, b"here")) == b"here"


async def test_interim_answers_without_end_are_not() -> None:
    with pytest.raises(Unreadable):
        await body(HINT * (INTERIM + 1) + reply(200, b"here"))


async def test_an_ordinary_long_head_is_read() -> None:
    fields = [f"X-{number}: {'x' * 500}" for number in range(100)]
    assert await body(reply(200, b"here", *fields)) == b"here"


@pytest.mark.parametrize("field", ["X-{n}: 1", "X: {n}" + "x" * 5000])
async def test_a_head_without_end_is_cut(field: str) -> None:
    fields = [field.format(n=n) for n in range(HEAD // 6)]
    with pytest.raises(Unreadable):
        await body(reply(200, b"here", *fields))


async def test_an_answer_that_nobody_asked_for_is_never_taken_for_another() -> None:
    wrong = reply(200, b"wrong")
    assert await body(reply(200, b"first") + wrong, reply(200, b"second")) == b"second"


async def test_what_is_no_http_ends_the_connection() -> None:
    with pytest.raises(NotHttp):
        await body(b"SSH-2.0-OpenSSH_9.2\r\n" * 1000)


@pytest.mark.parametrize(
    "pieces",
    [
        itertools.repeat(b"1;%s\r\nx\r\n" % (b"e" * 10_000), 200),
        [b"1;%s\r\nx\r\n" % (b"e" * 2_000_000)],
        [b"%s1\r\nx\r\n" % (b"0" * 2_000_000)],
    ],
    ids=["extensions", "one extension", "zeros"],
)
async def test_what_a_body_has_beside_its_content_counts(pieces: Iterable[bytes]) -> None:
    with import_fails() as raised:
        await body(chunks(pieces))
    # The parser may have had enough of it before we have.
    assert isinstance(raised.kind, TooLarge | NotHttp) or "closes the connection" in raised.value.text


async def test_bytes_of_all_answers_count_together() -> None:
    one = chunks([b"1;%s\r\nx\r\n" % (b"e" * 4000)] * 100)
    with import_fails("the server sends more than 1 MiB"):
        await body(*[one] * 5)


async def test_content_up_to_the_budget_is_read_whatever_it_comes_in() -> None:
    assert await body(reply(200, b"x" * (1 << 20))) == b"x" * (1 << 20)


async def test_answers_after_the_answer_are_cut_at_the_first_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come at once with the end of a body, few are parsed before the connection is given up."""
    parsed = 0
    feed = BoundedConnection.feed_data

    def counted(self: BoundedConnection, data: object, size: int = 0) -> None:
        nonlocal parsed
        parsed += 1
        feed(self, data, size)

    monkeypatch.setattr(BoundedConnection, "feed_data", counted)
    more = b"HTTP/1.1 207 M\r\nContent-Length: 0\r\n\r\n"
    assert await body(reply(200, b"here") + more * 20_000) == b"here"
    assert parsed <= BODY_PIECE // len(more) + 2
