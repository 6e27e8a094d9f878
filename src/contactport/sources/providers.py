"""Providers: who holds address books, and in which ways and protocols each is read.

`rows.py` reads them from TOML.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from contactport.net.registrable_domain import matches

Way = Literal["password", "consent", "file"]
"""How a user gives an address book: a name and a password, consent at the provider's own page, or a file."""
Method = Literal[Way, "retired"]

WAYS: frozenset[Way] = frozenset({"password", "consent", "file"})
"""The ways that this service can take today. A row may name others: they are known, and not served yet."""

_Endpoint = Annotated[str, Meta(pattern="^https?://[^ ?#]+$")]
_T = TypeVar("_T", bound=msgspec.Struct)


class SecretPrompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to ask the user for, in words, and where the user makes it."""

    kind: Literal["password", "app_password"] = "password"
    help: str = ""
    url: str = ""


class PasswordWay(SecretPrompt, frozen=True, kw_only=True, tag="password", forbid_unknown_fields=True):
    """`[provider.password]`: read by `protocol` with the user's name and a password, and what to ask for."""

    protocol: str


class ConsentSwitch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a switch of a domain adds to the request for consent: scopes, and parameters of the authorization URL."""

    scopes: tuple[str, ...] = ()
    extra: dict[str, str] = {}


class ConsentWay(msgspec.Struct, frozen=True, kw_only=True, tag="consent", forbid_unknown_fields=True):
    """`[provider.consent]`: read by `protocol` with a token, which the user allows at the provider's own page.

    `scopes` are the least that reading contacts takes; `switches` ask for more, by the name of a domain's switch
    (`offline`, `owner`, `other_contacts`). `issuer` is what `iss` has to be where it comes (RFC 9207); empty where
    the provider has no single one. `authentication` is how the client shows its secret at the token endpoint.
    """

    protocol: str
    client: str = ""
    """The word under which operators set the OAuth client, where it is not the row's code: `google` for `gmail`."""
    authorization_endpoint: _Endpoint
    token_endpoint: _Endpoint
    revocation_endpoint: _Endpoint | Literal[""] = ""
    issuer: str = ""
    authentication: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_post"
    scopes: tuple[str, ...] = ()
    extra: dict[str, str] = {}
    """Further parameters of the authorization URL."""
    switches: dict[str, ConsentSwitch] = {}


class FileWay(msgspec.Struct, frozen=True, kw_only=True, tag="file", forbid_unknown_fields=True):
    """`[provider.file]`: read from a file that the user exports; `help` and `url` say how and where."""

    protocol: str = "upload"
    help: str = ""
    url: str = ""


class Provider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row. A provider that speaks a known protocol is added by a row alone.

    `domains` are the mail domains it serves. `self_hosted` rows take the caller's `server`.
    `unavailable_message` tells the user of a provider that can't be read in any way what to do instead.
    """

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    spoken_name: str = ""
    """The name as a sentence has it, where `name` fits in none; see `in_a_sentence`."""
    domains: tuple[str, ...] = ()
    mail_hosts: tuple[str, ...] = ()
    """Who takes the mail of domains that it hosts for others, as its MX records name it: `*.example.com`."""
    self_hosted: bool = False
    experimental: bool = False
    sandbox: bool = False
    """Whether its accounts are made up; pages say so."""
    unavailable_message: str = ""
    ways: tuple[PasswordWay | ConsentWay | FileWay, ...] = ()
    """The row's ways, the preferred one first. A provider without any is retired."""
    methods: tuple[Way, ...] = ()
    """Those of them that are served: this service can take them, and their protocol is installed."""
    networks: tuple[str, ...] = ()
    """Private networks that imports by this row may reach, as the setting `allow_network` writes them: where its own
    servers are, which no caller can name. Rows in files can't have any; see `RowFile`."""
    tables: dict[str, Any] = {}
    """A protocol's name to what the row says for that protocol; see `table`."""
    defined_in: str = ""
    """The package or file that the row comes from."""

    @property
    def method(self) -> Method:
        """The preferred way that is served; where none is, the one that would be."""
        if self.methods:
            return self.methods[0]
        return way_of(self.ways[0]) if self.ways else "retired"

    @property
    def in_a_sentence(self) -> str:
        """What a page calls it: "Sign in to …"."""
        return self.spoken_name or self.name

    @property
    def password(self) -> PasswordWay | None:
        return next((way for way in self.ways if isinstance(way, PasswordWay)), None)

    @property
    def consent(self) -> ConsentWay | None:
        return next((way for way in self.ways if isinstance(way, ConsentWay)), None)

    @property
    def client_word(self) -> str:
        """The word under which operators set its OAuth client: `google` for the service `gmail`."""
        return (self.consent.client if self.consent is not None else "") or self.code

    @property
    def file(self) -> FileWay | None:
        return next((way for way in self.ways if isinstance(way, FileWay)), None)

    @property
    def secret(self) -> SecretPrompt:
        """What to ask the user for; a password, where the row does not say."""
        return self.password or SecretPrompt()

    def protocol(self, way: Way) -> str:
        """The protocol of one of the row's ways; empty where it does not have it."""
        return next((one.protocol for one in self.ways if way_of(one) == way), "")

    def table(self, protocol: str, kind: type[_T]) -> _T:
        """What the row says for a protocol, as a struct; its defaults where the row says nothing.

        Raises msgspec.ValidationError.
        """
        table = self.tables.get(protocol)
        if not isinstance(table, kind):
            table = msgspec.convert(table or {}, kind)
            if protocol in self.tables:
                # Converted once.
                self.tables[protocol] = table
        return table


def way_of(way: PasswordWay | ConsentWay | FileWay) -> Way:
    """A way's name."""
    if isinstance(way, PasswordWay):
        return "password"
    return "consent" if isinstance(way, ConsentWay) else "file"


class Providers:
    """All providers that there are, in order, by code, alias, mail domain and mail host."""

    def __init__(self, rows: Iterable[Provider]) -> None:
        """Of rows in which each code, alias and mail domain stands once."""
        self._rows = tuple(rows)
        self._by_name = {name: row for row in self._rows for name in (row.code, *row.aliases)}
        self._by_domain = {domain: row for row in self._rows for domain in row.domains}

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def consent_ways(self) -> dict[str, ConsentWay]:
        """The ways by consent, by the word of their OAuth client."""
        return {row.client_word: row.consent for row in self._rows if row.consent is not None}

    def find(self, service: str) -> Provider | None:
        """The row of a service code or alias, whatever its case; None for one that nobody knows."""
        return self._by_name.get(service.strip().lower())

    def of_domain(self, domain: str) -> Provider | None:
        """The provider whose own mail domain this is."""
        return self._by_domain.get(domain.strip().lower())

    def of_mail_host(self, host: str) -> Provider | None:
        """The provider that takes mail at this host (the target of an MX record)."""
        for row in self._rows:
            if any(matches(host, pattern) for pattern in row.mail_hosts):
                return row
        return None
