"""The OAuth client that serves an import: of the database or the settings file, with its provider's endpoints."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from contactport.oauth.client_choice import SWITCHES, Credential, choose
from contactport.oauth.flow import OAuthEndpoints
from contactport.oauth.messages import OAuthClient
from contactport.settings import Settings, redirect_uri
from contactport.sources.providers import ConsentWay, Provider
from contactport.store import oauth_clients
from contactport.store.oauth_clients import StoredClient
from contactport.store.vault import Ring

_ANY_TENANT = "/common/"
"""In Microsoft's endpoints: accounts of any organisation, and personal ones."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that asking for consent takes. `required` are the scopes without which no contacts can be read.

    `redirect_uri` is where the provider sends the browser back: `/auth`, or an application's page that relays to it.
    """

    credential: Credential
    endpoints: OAuthEndpoints
    scopes: tuple[str, ...]
    required: tuple[str, ...]
    extra: dict[str, str]
    redirect_uri: str
    networks: tuple[str, ...] = ()
    """As the provider's row has them."""

    def __repr__(self) -> str:
        return f"Access({self.credential!r})"


def access_for(
    connection: Connection, ring: Ring, settings: Settings, provider: Provider, domain_id: int, name: str = ""
) -> Access | None:
    """The client that serves a new import of this domain: named, the domain's, the installation's, the settings'."""
    if provider.consent is None:
        return None
    stored = oauth_clients.serving(connection, ring, domain_id, provider.client_word)
    credential = choose([*map(_of_store, stored), *_of_settings(settings, provider)], name)
    return None if credential is None else _access(credential, provider, provider.consent, settings)


def access_of(
    connection: Connection, ring: Ring, settings: Settings, provider: Provider, client_key: int
) -> Access | None:
    """The very client that an import has begun with; None where it was removed, or its secret is lost."""
    if provider.consent is None:
        return None
    if client_key:
        stored = oauth_clients.get(connection, ring, client_key)
        candidates = [] if stored is None else [_of_store(stored)]
    else:
        candidates = _of_settings(settings, provider)
    usable = [one for one in candidates if not one.lost]
    return _access(usable[0], provider, provider.consent, settings) if usable else None


def _of_store(stored: StoredClient) -> Credential:
    return Credential(
        key=stored.id,
        place="installation" if stored.domain_id is None else "domain",
        client=OAuthClient(stored.client_id, stored.secret, stored.method),
        name=stored.name,
        tenant=stored.tenant,
        redirect_uri=stored.redirect_uri,
        switches=frozenset(stored.switches),
        lost=stored.lost,
    )


def _of_settings(settings: Settings, provider: Provider) -> list[Credential]:
    given = settings.oauth.get(provider.client_word)
    if given is None or provider.consent is None:
        return []
    method = given.method or provider.consent.authentication
    client = OAuthClient(given.client_id, given.client_secret, method)
    return [
        Credential(
            key=0,
            place="settings",
            client=client,
            tenant=given.tenant,
            redirect_uri=given.redirect_uri,
            switches=frozenset(given.switches),
        )
    ]


def _access(credential: Credential, provider: Provider, way: ConsentWay, settings: Settings) -> Access:
    def endpoint(url: str) -> str:
        return url.replace(_ANY_TENANT, f"/{credential.tenant}/") if credential.tenant else url

    scopes, extra = list(way.scopes), dict(way.extra)
    # In one order, whatever the order of the row.
    for word in SWITCHES:
        if word in credential.switches and word in way.switches:
            scopes += [one for one in way.switches[word].scopes if one not in scopes]
            extra |= way.switches[word].extra
    return Access(
        credential=credential,
        endpoints=OAuthEndpoints(
            authorization=endpoint(way.authorization_endpoint),
            token=endpoint(way.token_endpoint),
            revocation=way.revocation_endpoint,
            issuer=way.issuer,
        ),
        scopes=tuple(scopes),
        required=way.scopes,
        extra=extra,
        networks=provider.networks,
        redirect_uri=credential.redirect_uri or redirect_uri(settings),
    )
