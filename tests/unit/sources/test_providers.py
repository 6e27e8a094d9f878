from __future__ import annotations

import pytest
from yarl import URL

from contactport.sources.base import SourceContext
from contactport.sources.carddav import CardDav
from contactport.sources.carddav.table import table_of
from contactport.sources.plugins import protocols
from contactport.sources.providers import WAYS, Provider, way_of
from contactport.sources.registry import SourceMissing, Sources
from contactport.sources.rows import load_providers

PROVIDERS = load_providers()
ROWS = list(PROVIDERS)
READ = [row for row in ROWS if "password" in row.methods]
OTHERS = [row for row in ROWS if not row.methods]
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
    assert PROVIDERS.find(name) is not None
    assert PROVIDERS.find(name.upper()) is PROVIDERS.find(name)


def test_a_code_that_nobody_knows_is_none() -> None:
    assert PROVIDERS.find("carrier_pigeon") is None


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
    found = PROVIDERS.find(alias)
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
        assert row.protocol("password") in protocols()

    def test_says_where_to_begin(self, row: Provider) -> None:
        assert bool(table_of(row).start) != row.self_hosted

    def test_begins_over_tls_on_a_port_that_may_be_dialled(self, row: Provider) -> None:
        if table_of(row).start:
            url = URL(table_of(row).start)
            assert url.scheme == "https"
            assert url.port in (443, 8443, 8843)
            assert (url.user, url.query_string, url.fragment) == (None, "", "")

    def test_has_paths_that_are_paths(self, row: Provider) -> None:
        paths = table_of(row).paths
        assert all(path.startswith("/") and "//" not in path for path in paths)
        assert len(paths) == len(set(paths))

    def test_sends_the_password_to_hosts_of_its_own_alone(self, row: Provider) -> None:
        for pattern in table_of(row).hosts:
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
def test_a_row_that_is_not_served_says_what_to_do(row: Provider) -> None:
    assert len(row.unavailable_message) > 40
    assert row.unavailable_message.endswith(".")


class TestWhoseDomain:
    @pytest.mark.parametrize(
        ("domain", "row"),
        [("icloud.com", "icloud"), ("ME.com", "icloud"), ("gmx.de", "gmx"), ("outlook.com", "outlookcom")],
    )
    def test_a_providers_own(self, domain: str, row: str) -> None:
        found = PROVIDERS.of_domain(domain)
        assert found is not None
        assert found.code == row

    def test_nobodys(self) -> None:
        assert PROVIDERS.of_domain("example.com") is None

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
        found = PROVIDERS.of_mail_host(host)
        assert found is not None
        assert found.code == row

    def test_a_mail_host_that_nobody_knows(self) -> None:
        assert PROVIDERS.of_mail_host("mail.example.com") is None


CONSENT = [row for row in ROWS if row.consent is not None]


@pytest.mark.parametrize("row", CONSENT, ids=code)
class TestARowWithConsent:
    def test_names_its_endpoints_and_its_least_scopes(self, row: Provider) -> None:
        assert row.consent is not None
        for endpoint in (row.consent.authorization_endpoint, row.consent.token_endpoint):
            assert URL(endpoint).scheme == "https"
        assert len(row.consent.scopes) == 1

    def test_asks_for_more_by_a_switch_alone(self, row: Provider) -> None:
        assert row.consent is not None
        assert not row.consent.extra
        for switch in row.consent.switches.values():
            assert switch.scopes or switch.extra
            assert not set(switch.scopes) & set(row.consent.scopes)


def test_who_has_consent() -> None:
    assert {row.code: row.protocol("consent") for row in CONSENT} == {
        "gmail": "google",
        "outlookcom": "microsoft",
        "office365": "microsoft",
        "yahoo": "carddav",
        "aol": "carddav",
    }


@pytest.mark.parametrize(
    ("service", "preferred"),
    [
        ("gmail", "consent"),
        ("yahoo", "password"),
        ("aol", "password"),
        ("hotmail", "consent"),
        ("csv", "file"),
    ],
)
def test_the_preferred_way_stands_first(service: str, preferred: str) -> None:
    row = PROVIDERS.find(service)
    assert row is not None
    assert way_of(row.ways[0]) == preferred


@pytest.mark.parametrize("row", ROWS, ids=code)
def test_a_way_is_served_where_it_can_be_taken_and_its_protocol_is_installed(row: Provider) -> None:
    assert row.methods == tuple(
        way_of(way) for way in row.ways if way_of(way) in WAYS and way.protocol in protocols()
    )
    if row.methods:
        assert row.method == row.methods[0]


class TestTheSources:
    def test_a_protocol_s_source_is_found_by_its_entry_point_and_made_once(self) -> None:
        sources = Sources(SourceContext(providers=PROVIDERS))
        assert sources.get("carddav") is sources.get("carddav")
        assert isinstance(sources.get("carddav"), CardDav)

    def test_a_protocol_that_nobody_offers_is_named(self) -> None:
        with pytest.raises(SourceMissing, match="telepathy"):
            Sources(SourceContext(providers=PROVIDERS)).get("telepathy")

    def test_every_row_fits_its_protocols(self) -> None:
        Sources(SourceContext(providers=PROVIDERS)).check_rows()
