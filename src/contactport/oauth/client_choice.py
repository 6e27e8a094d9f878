"""Which OAuth client serves an import, and with which switches: named, then the domain's, then the installation's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from contactport.oauth.messages import OAuthClient

Switch = Literal["offline", "other_contacts", "owner", "revoke"]
SWITCHES: tuple[Switch, ...] = get_args(Switch)
SWITCH_HELP: dict[Switch, str] = {
    "offline": "Ask for a refresh token, so that an import may take longer than its first token lives. The consent "
    "page then says that the access lasts.",
    "other_contacts": "Google: ask for the addresses that the user has written to as well. The consent page then has "
    "boxes to untick.",
    "owner": "Ask whose account it is, for the contacts' owner. At Google the consent page then has boxes to untick, "
    "and at Microsoft some organisations want an administrator's approval.",
    "revoke": "Revoke the access at the provider when an import ends, also where that ends every other access which "
    "the user has given to this client.",
}
"""What each switch does, and what it brings."""
_ORDER = ("domain", "installation", "settings")


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """An OAuth client that may serve. `key` is its number in the database, 0 for one of the settings.

    `tenant` is the directory of Microsoft's that it belongs to, empty for any. `redirect_uri` is an application's own
    page that passes the provider's answer on, empty for the service's address. `lost` says that its secret is gone
    with a lost key ring: it serves nobody, and nothing else serves in its place.
    """

    key: int
    place: Literal["domain", "installation", "settings"]
    client: OAuthClient
    name: str = ""
    tenant: str = ""
    redirect_uri: str = ""
    switches: frozenset[str] = frozenset()
    lost: bool = False

    def __repr__(self) -> str:
        return f"Credential({self.key}, {self.place!r})"


def choose(candidates: Iterable[Credential], name: str = "") -> Credential | None:
    """The one that serves; None where none has this name, or the one that should serve has lost its secret."""
    named = [one for one in candidates if one.name == name]
    if not named:
        return None
    chosen = min(named, key=lambda one: _ORDER.index(one.place))
    return None if chosen.lost else chosen
