"""Origins: one spelling each, and nothing that a browser would read in another way."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contactport.origin import OriginError, origin_of_url, parse_origin, read_origin
from tests.needs import needs


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.EXAMPLE", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:0443/", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("https://my_host", "https://my_host"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example:8443/", "https://xn--bcher-kva.example:8443"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://shop．example", "https://shop.example"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[0:0::0:1]:80", "http://[::1]"),
        ("http://[::FFFF:1.2.3.4]", "http://[::ffff:102:304]"),
    ],
)
def test_an_origin_has_one_spelling(written: str, origin: str) -> None:
    assert parse_origin(written) == origin
    assert read_origin(origin) == origin


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "begins with neither"),
        ("shop.example", "begins with neither"),
        ("//shop.example", "begins with neither"),
        ("ftp://shop.example", "begins with neither"),
        ("file:///etc/passwd", "begins with neither"),
        ("https:/shop.example", "begins with neither"),
        ("https:\\\\shop.example", "begins with neither"),
        ("null", "no site"),
        ("*", "no site"),
        ("https://*.shop.example", "wildcard"),
        ("https://*", "wildcard"),
        ("https://u@shop.example", "user name"),
        ("https://shop.example@evil.example", "user name"),
        ("https://shop.example/path", "path"),
        ("https://shop.example//", "path"),
        ("https://shop.example/?", "path"),
        ("https://shop.example?q", "path"),
        ("https://shop.example#", "path"),
        ("https://", "not an origin"),
        ("https:///", "not an origin"),
        ("https://shop.example.", "dot at the end"),
        ("https://shop..example", "not an origin"),
        ("https://shop.example:", "not an origin"),
        ("https://shop.example:0", "not an origin"),
        ("https://shop.example:65536", "not an origin"),
        ("https://shop.example:x", "not an origin"),
        ("https://shop.example\\evil", "not an origin"),
        ("https://shop\t.example", "not an origin"),
        ("https://shop .example", "not an origin"),
        ("https://sh%6fp.example", "not an origin"),
        ("https://-shop.example", "not an origin"),
        ("https://127.1", "IP address in full"),
        ("https://0x7f.0.0.1", "IP address in full"),
        ("https://2130706433", "IP address in full"),
        ("https://shop.1", "IP address in full"),
        ("https://[::1", "not an origin"),
        ("https://[::1%25eth0]", "not an origin"),
        ("https://☃.example", "not a host name"),
        ("https://" + "a." * 1000 + "a", "not an origin"),
    ],
)
def test_what_is_no_origin_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(OriginError, match=why):
        parse_origin(written)


@pytest.mark.parametrize(
    "header",
    [
        "null",
        "",
        "https://shop.example/",
        "https://shop.example?",
        "https://bücher.example",
        " https://a",
        "a, b",
    ],
)
def test_a_header_that_no_browser_writes_is_no_origin(header: str) -> None:
    assert read_origin(header) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example@evil.example/",
        "https://shop.example:x@evil.example/",
        "https://evil.example\\@shop.example/",
        "https://shop.example\\.evil.example/",
        "https://shop.example\t.evil.example/",
        "https://shop.example\n.evil.example/",
        "https://shop.example\r\nX: y",
        "https:shop.example",
        "https:/shop.example",
        "https:\\\\shop.example",
        "//shop.example/",
        "/path",
        "javascript:alert(1)//https://shop.example",
        "\x01https://shop.example/",
        " https://shop.example/",
        "https://shop.example /",
        "https://shop.example%2eevil.example/",
        "https://shop.example./",
        "data:text/html,x",
        "https://shop.example/grüße",
    ],
)
def test_a_url_that_browsers_could_read_in_another_way_has_no_origin(url: str) -> None:
    assert origin_of_url(url) is None


@pytest.mark.parametrize(
    "rest", ["", "/", "/a/b?c=d#e", "?x=https://evil.example", "#@evil.example", "/@evil.example", "/a//b:80"]
)
def test_what_follows_the_host_is_not_looked_at(rest: str) -> None:
    assert origin_of_url(f"https://Shop.example:443{rest}") == "https://shop.example"


_PIECES = st.sampled_from(
    [
        *"abAZ019.-_:@/\\?#[]%*&=+ \t\n\r\0ü。．％℀\u2028",
        *("https", "http", "javascript:", "://", ":443", ":80", "shop.example", "@evil.example"),
        *("[::1]", "127.1", "0x7f", "xn--"),
    ]
)
_TEXTS = st.one_of(
    st.lists(_PIECES, max_size=12).map("".join),
    st.lists(_PIECES, max_size=8).map(lambda pieces: "https://" + "".join(pieces)),
    st.text(max_size=40),
)


@given(_TEXTS)
@example("https://[::ffff:1.2.3.4]")
def test_the_spelling_of_an_origin_is_read_back_as_itself(text: str) -> None:
    found = origin_of_url(text)
    if found is not None:
        assert origin_of_url(found) == read_origin(found) == parse_origin(found) == found
        assert "@" not in found
        assert found.isascii()
    try:
        listed = parse_origin(text)
    except OriginError:
        return
    assert read_origin(listed) == parse_origin(f"{listed}/") == listed


_READ = """
const read = (url) => { try { return new URL(url).origin } catch { return null } };
const lines = require("readline").createInterface({input: process.stdin});
lines.on("line", (line) => console.log(JSON.stringify(read(JSON.parse(line)))));
"""


@pytest.fixture(scope="module")
def read_by_the_standard() -> Iterator[Callable[[str], str | None]]:
    """How Node, which follows the WHATWG URL standard as browsers do, reads the origin of a URL."""
    node = shutil.which("node")
    if node is None:
        needs("node", "apt-get install nodejs")
    with subprocess.Popen(
        [node, "-e", _READ], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        asked, told = process.stdin, process.stdout
        assert asked is not None
        assert told is not None

        def read(url: str) -> str | None:
            asked.write(f"{json.dumps(url)}\n")
            asked.flush()
            return json.loads(told.readline())

        yield read
        asked.close()


@given(url=_TEXTS)
@example(url="https://[::ffff:1.2.3.4]:443/")
@example(url="https://shop.example:443\\@evil.example")
@settings(max_examples=1000)
def test_no_browser_reads_another_origin(read_by_the_standard: Callable[[str], str | None], url: str) -> None:
    browsers = read_by_the_standard(url)
    if browsers is None:
        # They open nothing then, such as a host that only looks like Punycode.
        return
    assert origin_of_url(url) in (None, browsers)
    try:
        listed = parse_origin(url)
    except OriginError:
        return
    assert listed == browsers
