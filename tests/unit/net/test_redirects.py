from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from contactport.net.failures import Unreadable
from contactport.net.redirects import RedirectChain, resolve_reference

BASE = URL("https://dav.example.com:8443/a/b?x=1")


class TestWhereAReferenceLeads:
    @pytest.mark.parametrize(
        ("reference", "target"),
        [
            ("/books/alice/", "https://dav.example.com:8443/books/alice/"),
            ("c", "https://dav.example.com:8443/a/c"),
            ("//other.example/x", "https://other.example/x"),
            ("https://other.example:443/x", "https://other.example/x"),
            (" /x\n", "https://dav.example.com:8443/x"),
            ("/x#part", "https://dav.example.com:8443/x"),
            ("https://u:p@other.example/x", "https://other.example/x"),
        ],
    )
    def test_relative_or_whole(self, reference: str, target: str) -> None:
        assert str(resolve_reference(BASE, reference)) == target

    @pytest.mark.parametrize(
        "path", ["/a%40b/c%2Fd.vcf", "/%7Ealice/", "/a@b/", "/x;y=1,2/", "/a%2520b", "/(x)/'y'", "/%c3%a9"]
    )
    def test_the_servers_own_escapes_stay(self, path: str) -> None:
        assert resolve_reference(BASE, path).raw_path == path

    def test_what_no_url_may_hold_is_escaped(self) -> None:
        assert (
            resolve_reference(BASE, "/Kontakte für mich/é%40").raw_path
            == "/Kontakte%20f%C3%BCr%20mich/%C3%A9%40"
        )

    def test_tls_is_never_left(self) -> None:
        assert str(resolve_reference(BASE, "http://dav.example.com/dav")) == "https://dav.example.com/dav"
        assert str(resolve_reference(BASE, "http://dav.example.com:80/dav")) == "https://dav.example.com/dav"
        assert (
            str(resolve_reference(BASE, "http://dav.example.com:8080/dav"))
            == "https://dav.example.com:8080/dav"
        )

    def test_from_the_clear_it_may_be_entered(self) -> None:
        assert str(resolve_reference(URL("http://10.0.0.1/"), "https://10.0.0.1/")) == "https://10.0.0.1/"

    @pytest.mark.parametrize(
        "reference",
        ["ftp://x/", "file:///etc/passwd", "https:///x", "https://x:99999/", "javascript:alert(1)"],
    )
    def test_what_is_no_web_address_is_refused(self, reference: str) -> None:
        with pytest.raises(Unreadable):
            resolve_reference(BASE, reference)

    @given(st.text(max_size=100))
    def test_whatever_is_sent_leads_to_https_or_is_refused(self, reference: str) -> None:
        try:
            url = resolve_reference(BASE, reference)
        except Unreadable:
            return
        assert url.scheme == "https"
        assert url.user is None
        assert str(url).isascii()


class TestTrails:
    def test_a_circle_is_found(self) -> None:
        trail = RedirectChain(URL("https://h.example/a"), 5)
        trail.follow(URL("https://h.example/a"), "/b")
        with pytest.raises(Unreadable, match="circle"):
            trail.follow(URL("https://h.example/b"), "/a")

    def test_there_is_an_end(self) -> None:
        trail = RedirectChain(URL("https://h.example/0"), 5)
        for step in range(1, 6):
            trail.follow(URL("https://h.example/"), f"/{step}")
        with pytest.raises(Unreadable, match="5 times"):
            trail.follow(URL("https://h.example/"), "/6")
