from __future__ import annotations

import pytest
from yarl import URL

from contactport.sources.carddav import CardDav
from contactport.sources.providers import Provider, find, of_domain, of_mail_host, providers
from contactport.sources.registry import SourceMissing, protocols, source

ROWS = list(providers().values())
READ = [row for row in ROWS if row.method == "password"]
OTHERS = [row for row in ROWS if row.method != "password"]
VENDORS = """
gmail yahoo outlookcom aol icloud office365 outlook addressbook mail126 mail163 mail_yeah_net bol csv gmx mailcom
mail_ru naver o2_pl qip_ru qq_mail rediff sapo terra uol web_de yandex_ru
windowslive msn hotmail poczta_o2 mail plaxo linkedin facebook
"""
OURS = "fastmail nextcloud posteo mailbox_org zoho seznam carddav ldap exchange jmap"


def code(row: Provider) -> str:
    return row.code


@pytest.mark.parametrize("name", (VENDORS + OURS).split())
def test_every_code_of_the_contract_is_known(name: str) -> None:
    assert find(name) is not None
    assert find(name.upper()) is find(name)


def test_a_code_that_nobody_knows_is_none() -> None:
    assert find("carrier_pigeon") is None


@pytest.mark.parametrize(
    ("alias", "row"),
    [
        ("windowslive", "outlookcom"),
        ("msn", "outlookcom"),
        ("hotmail", "outlookcom"),
        ("poczta_o2", "o2_pl"),
        ("mail", "mailcom"),
    ],
)
def test_codes_of_old_lead_to_their_successors(alias: str, row: str) -> None:
    found = find(alias)
    assert found is not None
    assert found.code == row


def test_codes_aliases_and_mail_domains_are_there_once_and_in_lower_case() -> None:
    names = [name for row in ROWS for name in (row.code, *row.aliases)]
    domains = [domain for row in ROWS for domain in row.domains]
    for words in (names, domains):
        assert len(words) == len(set(words))
        assert all(word == word.lower() and word == word.strip() and word for word in words)


@pytest.mark.parametrize("row", READ, ids=code)
class TestARowThatIsRead:
    def test_speaks_a_protocol_that_is_installed(self, row: Provider) -> None:
        assert row.protocol in protocols()

    def test_says_where_to_begin(self, row: Provider) -> None:
        assert bool(row.start) != row.self_hosted

    def test_begins_over_tls_on_a_port_that_may_be_dialled(self, row: Provider) -> None:
        if row.start:
            url = URL(row.start)
            assert url.scheme == "https"
            assert url.port in (443, 8443, 8843)
            assert (url.user, url.query_string, url.fragment) == (None, "", "")

    def test_has_paths_that_are_paths(self, row: Provider) -> None:
        assert all(path.startswith("/") and "//" not in path for path in row.paths)
        assert len(row.paths) == len(set(row.paths))

    def test_sends_the_password_to_hosts_of_its_own_alone(self, row: Provider) -> None:
        for pattern in row.credential_hosts:
            assert pattern.count("*") <= 1
            assert "*" not in pattern or pattern.startswith("*.")
            assert pattern.removeprefix("*.").count(".") >= 1

    def test_explains_an_app_password_and_where_it_is_made(self, row: Provider) -> None:
        if row.secret.kind == "app_password":
            assert row.name in row.secret.help
            assert row.secret.help.endswith("at")
            assert URL(row.secret.url).scheme == "https"
        if row.secret.url:
            assert row.secret.help
            assert URL(row.secret.url).scheme == "https"

    def test_needs_no_apology(self, row: Provider) -> None:
        assert not row.unavailable_message


@pytest.mark.parametrize("row", OTHERS, ids=code)
def test_a_row_that_is_not_read_by_password_says_what_to_do(row: Provider) -> None:
    assert len(row.unavailable_message) > 40
    assert row.unavailable_message.endswith(".")
    assert not row.start


class TestWhoseDomain:
    @pytest.mark.parametrize(
        ("domain", "row"),
        [("icloud.com", "icloud"), ("ME.com", "icloud"), ("gmx.de", "gmx"), ("outlook.com", "outlookcom")],
    )
    def test_a_providers_own(self, domain: str, row: str) -> None:
        found = of_domain(domain)
        assert found is not None
        assert found.code == row

    def test_nobodys(self) -> None:
        assert of_domain("example.com") is None

    @pytest.mark.parametrize(
        ("host", "row"),
        [
            ("in1-smtp.messagingengine.com", "fastmail"),
            ("mx01.mail.icloud.com", "icloud"),
            ("example-com.mail.protection.outlook.com", "office365"),
            ("alt1.aspmx.l.google.com", "gmail"),
        ],
    )
    def test_by_who_takes_its_mail(self, host: str, row: str) -> None:
        found = of_mail_host(host)
        assert found is not None
        assert found.code == row

    def test_a_mail_host_that_nobody_knows(self) -> None:
        assert of_mail_host("mail.example.com") is None


class TestTheRegistry:
    def test_carddav_is_found_by_its_entry_point_and_made_once(self) -> None:
        assert source("carddav") is source("carddav")
        assert isinstance(source("carddav"), CardDav)

    def test_a_protocol_that_nobody_offers_is_named(self) -> None:
        with pytest.raises(SourceMissing, match="telepathy"):
            source("telepathy")
