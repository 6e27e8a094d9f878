"""Events as bytes, read back by the rules of the specification (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.http.wire import sse
from tests.event_stream import Dispatched, Reader

WORD = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(st.text(), WORD, WORD), max_size=5), st.integers(1, 40))
def test_what_is_written_is_what_is_read(told: list[tuple[str, str, str]], size: int) -> None:
    stream = b"".join(sse.encode_event(data.encode(), event=event, id=id) for data, event, id in told)
    reader = Reader()
    read: list[Dispatched] = []
    for at in range(0, len(stream), size):
        read += reader.feed(stream[at : at + size])
    last = ""
    expected: list[Dispatched] = []
    for data, event, id in told:
        last = id or last
        expected.append(Dispatched(event or "message", re.sub("\r\n|\r", "\n", data), last))
    assert read == expected


@pytest.mark.parametrize("word", ["a\nb", "a\rb", "\n", "a\0"])
def test_a_word_that_would_be_read_as_something_else_is_refused(word: str) -> None:
    with pytest.raises(ValueError, match="one line"):
        sse.encode_event(b"", event=word)
    with pytest.raises(ValueError, match="one line"):
        sse.encode_event(b"", id=word)


def test_a_heartbeat_and_a_pause_dispatch_nothing() -> None:
    reader = Reader()
    assert reader.feed(sse.HEARTBEAT + sse.encode_retry(1500) + sse.HEARTBEAT) == []
    assert reader.retry == 1500
    assert reader.feed(sse.encode_event(b"x")) == [Dispatched("message", "x", "")]
