from __future__ import annotations

import pytest

from contactport.errors import Code
from contactport.grant import Password
from contactport.net.dns_resolver import DnsResolver
from contactport.sources.base import Account
from contactport.sources.carddav.endpoints import Endpoint, find_endpoints, is_known
from tests.import_fails import import_fails
from tests.servers.source_run import PROVIDERS, provider
from tests.unit.net.name_server import name_server

ZONE = {
    ("_carddavs._tcp.own.example", "SRV"): ["10 0 8443 dav.own.example."],
    ("_carddavs._tcp.own.example", "TXT"): ['"path=/dav/"'],
    ("own.example", "MX"): ["10 in1-smtp.messagingengine.com."],
    ("_carddavs._tcp.elsewhere.example", "SRV"): ["10 0 443 dav.stranger.example."],
    ("_carddavs._tcp.hosted.example", "SRV"): ["10 0 443 carddav.fastmail.com."],
    ("mail.example", "MX"): ["10 in1-smtp.messagingengine.com."],
    ("office.example", "MX"): ["0 office-example.mail.protection.outlook.com."],
}


async def found(
    username: str = "alice", server: str = "", code: str = "carddav", *, dnssec_validated: bool = False
) -> list[Endpoint]:
    account = Account(provider=provider(code), grant=Password(username, "secret", server))
    async with name_server(ZONE, dnssec_validated=dnssec_validated) as resolver:
        return (await find_endpoints(account, DnsResolver(resolver), PROVIDERS)).tries


async def urls(
    username: str = "alice", server: str = "", code: str = "carddav", *, dnssec_validated: bool = False
) -> list[str]:
    return [
        str(place.url) for place in await found(username, server, code, dnssec_validated=dnssec_validated)
    ]


class TestAProviderWithAHostOfItsOwn:
    async def test_begins_where_its_row_says(self) -> None:
        assert await urls("alice@icloud.com", code="icloud") == [
            "https://contacts.icloud.com/",
            "https://contacts.icloud.com/.well-known/carddav",
        ]

    async def test_whatever_server_the_caller_names(self) -> None:
        assert await urls("alice@icloud.com", "evil.example", "icloud") == await urls(
            "alice@icloud.com", code="icloud"
        )

    @pytest.mark.parametrize(
        ("code", "username", "host"),
        [
            ("zoho", "alice@zoho.eu", "contacts.zoho.eu"),
            ("zoho", "alice@own.example", "contacts.zoho.com"),
            ("gmx", "alice@gmx.com", "carddav.gmx.com"),
            ("gmx", "alice@gmx.at", "carddav.gmx.net"),
            ("gmx", "alice@icloud.com", "carddav.gmx.net"),
        ],
    )
    async def test_in_several_regions_begins_in_the_users(self, code: str, username: str, host: str) -> None:
        assert {place.url.host for place in await found(username, code=code)} == {host}


class TestANamedServer:
    async def test_as_a_url_is_tried_there_first(self) -> None:
        tried = await urls(server="https://h.example:8443/cloud")
        assert tried[:2] == ["https://h.example:8443/cloud", "https://h.example:8443/cloud/remote.php/dav/"]
        assert "https://h.example:8443/.well-known/carddav" in tried
        assert "https://h.example:8443/" in tried

    async def test_as_a_host_with_a_port_is_asked_for_its_well_known_place(self) -> None:
        assert (await urls(server="h.example:8443"))[0] == "https://h.example:8443/.well-known/carddav"

    async def test_in_the_clear_only_when_the_caller_says_so(self) -> None:
        assert all(
            url.startswith("http://10.0.0.1:5232/") for url in await urls(server="http://10.0.0.1:5232")
        )
        assert all(url.startswith("https://") for url in await urls(server="own.example"))

    async def test_of_a_known_kind_is_tried_at_its_usual_paths(self) -> None:
        assert "https://h.example/dav/alice@h.example/Contacts/" in await urls(
            "alice@h.example", "https://h.example", "zimbra"
        )

    async def test_that_is_a_known_providers_domain_is_that_provider(self) -> None:
        assert {place.provider.code for place in await found(server="fastmail.com")} == {"fastmail"}

    async def test_never_takes_too_many_requests_to_find(self) -> None:
        assert len(await urls("alice@own.example", "own.example")) < 20

    async def test_that_is_none_is_an_invalid_parameter(self) -> None:
        with import_fails() as caught:
            await urls(server="https://u:p@h.example")
        assert caught.value.code == Code.INVALID_PARAMETERS


class TestAMailDomain:
    async def test_names_its_server_in_the_dns(self) -> None:
        tried = await urls("alice@own.example")
        assert tried[0] == "https://dav.own.example:8443/dav/"
        assert tried[1] == "https://own.example/.well-known/carddav"

    async def test_may_name_a_known_providers_server(self) -> None:
        assert (await urls(server="hosted.example"))[0] == "https://carddav.fastmail.com/.well-known/carddav"

    async def test_is_not_believed_to_name_a_strangers_server(self) -> None:
        assert not any("stranger" in url for url in await urls("alice@elsewhere.example"))

    async def test_is_believed_where_the_resolver_has_checked_it(self) -> None:
        assert (await urls("alice@elsewhere.example", dnssec_validated=True))[
            0
        ] == "https://dav.stranger.example/.well-known/carddav"

    async def test_whose_mail_a_known_provider_takes_is_probably_there(self) -> None:
        first = (await found("alice@mail.example"))[0]
        assert (first.provider.code, first.guess) == ("fastmail", True)

    async def test_is_not_sent_there_for_another_domains_user(self) -> None:
        assert not any(place.guess for place in await found("alice@other.example", "mail.example"))

    async def test_whose_provider_takes_no_passwords_is_tried_itself(self) -> None:
        assert (await urls("alice@office.example"))[0] == "https://office.example/.well-known/carddav"

    @pytest.mark.parametrize("username", ["alice@outlook.com", "alice@HOTMAIL.com"])
    async def test_of_a_provider_without_passwords_is_told_what_to_do(self, username: str) -> None:
        with import_fails("Microsoft") as caught:
            await urls(username)
        assert caught.value.code == Code.IMPORT_FAILED

    async def test_is_needed_where_no_server_is_named(self) -> None:
        with import_fails("server") as caught:
            await urls("alice")
        assert caught.value.code == Code.INVALID_PARAMETERS


def test_known_hosts_are_those_of_the_table() -> None:
    assert is_known("carddav.fastmail.com", PROVIDERS)
    assert is_known("p99-contacts.icloud.com", PROVIDERS)
    assert not is_known("icloud.com.evil.example", PROVIDERS)
