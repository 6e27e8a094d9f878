"""Origins: a domain's own list, exactly; none listed is none. Where the service itself is reached."""

from __future__ import annotations

import pytest

from contactport.errors import Refusal
from contactport.http import origins
from contactport.settings import SettingError, Settings
from contactport.store.domains import Domain

SHOP = Domain(1, "shop", "k", None, ("https://shop.example", "http://localhost:3000"), None, 0)
NOBODY = Domain(2, "nobody", "n", None, (), None, 0)


@pytest.mark.parametrize(
    "origin", ["https://shop.example", "http://localhost:3000", "https://SHOP.example:443"]
)
def test_a_listed_origin_counts(origin: str) -> None:
    assert origins.is_listed(SHOP, origin)
    assert not origins.is_listed(NOBODY, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "*",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example.",
        "https://shop.example/",
        "https://shop.example.evil.example",
        "https://evil.example#https://shop.example",
        "https://a.shop.example",
        "http://localhost",
        "https://shop.example https://evil.example",
    ],
)
def test_another_origin_does_not(origin: str) -> None:
    assert not origins.is_listed(SHOP, origin)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example/done?x=1#y",
        "http://localhost:3000/",
        "https://SHOP.example/x",
    ],
)
def test_a_browser_is_sent_back_to_a_listed_origin_alone(url: str) -> None:
    assert origins.check_redirect_url(SHOP, url) == url
    with pytest.raises(Refusal) as refused:
        origins.check_redirect_url(NOBODY, url)
    assert refused.value.code == 2
    assert "--origins" in refused.value.text


@pytest.mark.parametrize(
    "url",
    [
        "/done",
        "//shop.example/done",
        "javascript:alert(1)",
        "data:text/html,x",
        "shop.example/done",
        "https://shop.example@evil.example/",
        "https://shop.example\\@evil.example/",
        "https://evil.example\\.shop.example/",
        "https:shop.example/",
        "https:/shop.example/",
        "https://shop.example\t/",
        "https://shop.example/\r\nX: y",
        " https://shop.example/",
        "https://shop.example.evil.example/",
        "https://evil.example/?https://shop.example",
        "http://shop.example/",
        "https://shop.example:8443/",
        "https://shop.example/ü",
    ],
)
def test_a_forged_redirect_is_refused_with_code_2(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        origins.check_redirect_url(SHOP, url)
    assert (refused.value.code, refused.value.http) == (2, 400)
    assert "evil" not in refused.value.text


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("https://shop.example", "https://shop.example?a=1+2"),
        ("https://shop.example/x?y", "https://shop.example/x?y&a=1+2"),
        ("https://shop.example/x?", "https://shop.example/x?a=1+2"),
        ("https://shop.example/x?y=1&#z?q", "https://shop.example/x?y=1&a=1+2#z?q"),
    ],
)
def test_parameters_are_added_before_the_fragment(url: str, result: str) -> None:
    assert origins.with_query(url, {"a": "1 2"}) == result


def test_frames_are_for_listed_origins() -> None:
    assert origins.frame_ancestors(SHOP) == "frame-ancestors https://shop.example http://localhost:3000"
    assert origins.frame_ancestors(NOBODY) == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        (Settings(), "http://127.0.0.1:8321"),
        (Settings(host="::1", port=80), "http://[::1]"),
        (Settings(public_url="https://Contacts.example/"), "https://contacts.example"),
    ],
)
def test_the_service_s_own_origin_is_the_setting_or_loopback(settings: Settings, origin: str) -> None:
    assert origins.own_origin(settings) == origin


def test_without_a_setting_nobody_is_sent_to_a_service_that_others_reach() -> None:
    with pytest.raises(Refusal, match="public_url"):
        origins.own_origin(Settings(host="0.0.0.0"))


@pytest.mark.parametrize("url", ["contacts.example", "https://contacts.example/path", "ftp://x", "https://*"])
def test_a_public_url_that_is_no_origin_names_its_variable(url: str) -> None:
    with pytest.raises(SettingError, match="CONTACTPORT_PUBLIC_URL"):
        origins.check_public_url(Settings(public_url=url))
