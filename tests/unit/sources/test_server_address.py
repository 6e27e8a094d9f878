from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactport.errors import Code
from contactport.sources.failures import ServerInvalid
from contactport.sources.server_address import Server, parse_server
from tests.import_fails import import_fails


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("example.com", Server("https", "example.com", bare=True)),
        (" Example.COM. ", Server("https", "example.com", bare=True)),
        ("bücher.example", Server("https", "xn--bcher-kva.example", bare=True)),
        ("localhost", Server("https", "localhost", bare=True)),
        ("dav.example.com:8443", Server("https", "dav.example.com", 8443)),
        ("dav.example.com/dav/", Server("https", "dav.example.com", path="/dav/")),
        ("https://dav.example.com", Server("https", "dav.example.com")),
        ("HTTPS://dav.example.com/", Server("https", "dav.example.com")),
        ("http://127.0.0.1:5232/alice/", Server("http", "127.0.0.1", 5232, "/alice/")),
        ("10.0.0.1", Server("https", "10.0.0.1")),
        ("https://[2001:db8::1]:8443/x", Server("https", "2001:db8::1", 8443, "/x")),
        (
            "https://h.example/a%40b/c d".replace(" ", "%20"),
            Server("https", "h.example", path="/a%40b/c%20d"),
        ),
        ("https://h.example/für", Server("https", "h.example", path="/f%C3%BCr")),
    ],
)
def test_a_url_a_host_or_a_mail_domain(text: str, server: Server) -> None:
    assert parse_server(text) == server


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("x" * 2001, "longer"),
        ("https://alice:secret@dav.example.com/", "user name"),
        ("alice@example.com", "user name"),
        ("https://h.example/?x=1", "query"),
        ("https://h.example/#x", "fragment"),
        ("ftp://h.example/", "https"),
        ("file:///etc/passwd", "https"),
        ("ldap://h.example", "https"),
        ("h.example\r\nHost: evil", "control"),
        ("h.exa mple", "blanks"),
        ("h.example\x00", "control"),
        ("h.example\\@evil.example", "backslash"),
        ("https://", "name"),
        ("https:///x", "name"),
        ("h.example:", "port"),
        ("h.example:0", "port"),
        ("h.example:65536", "port"),
        ("h.example:https", "port"),
        ("2001:db8::1", "brackets"),
        ("[2001:db8::1", "brackets"),
        ("[nonsense]", "brackets"),
        ("[h.example]:443", "brackets"),
        ("-h.example", "name"),
        ("a..example", "name"),
        ("x" * 64 + ".example", "name"),
        ("127.1", "four numbers"),
        ("2130706433", "four numbers"),
        ("0x7f000001", "four numbers"),
        ("127.0.0.0x1", "four numbers"),
    ],
)
def test_anything_else_is_an_invalid_parameter_that_says_why(text: str, why: str) -> None:
    with import_fails(why) as caught:
        parse_server(text)
    assert caught.value.code == Code.INVALID_PARAMETERS
    assert "secret" not in caught.value.text


@given(st.text(max_size=300))
def test_what_passes_makes_a_url_of_that_host(text: str) -> None:
    try:
        server = parse_server(text)
    except ServerInvalid:
        return
    url = server.url("/x")
    assert url.raw_host == server.host
    assert url.scheme in ("https", "http")
    assert (url.raw_path, url.user, url.query_string, url.fragment) == ("/x", None, "", "")
