"""An emulator of Google's People API v1: contacts, groups, other contacts, the owner. From its public reference.

Like the real one it leaves out what is empty, so an empty book is `{}`; answers a page token only with the parameters
that it came from; returns what `personFields` names and no more; and says the same failure in two shapes.

`python -m tests.servers.people --contacts 25000 --token TOKEN` runs one on its own, for measurements.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, ClassVar

from samples.hosted_book import GROUPS, PICTURE, Person, people
from tests.servers.google_errors import ERRORS, google_error, invalid
from tests.servers.google_person import UPDATED, filled, google_person, group_id
from tests.servers.hosted_api import ApiError, Call, HostedApi, Judge

AUTH = "https://www.googleapis.com/auth/"
READONLY = f"{AUTH}contacts.readonly"
FULL = f"{AUTH}contacts"
OTHER = f"{AUTH}contacts.other.readonly"
EMAIL = f"{AUTH}userinfo.email"
PROFILE = f"{AUTH}userinfo.profile"

PERSON_FIELDS = frozenset(
    {
        "addresses",
        "ageRanges",
        "biographies",
        "birthdays",
        "calendarUrls",
        "clientData",
        "coverPhotos",
        "emailAddresses",
        "events",
        "externalIds",
        "genders",
        "imClients",
        "interests",
        "locales",
        "locations",
        "memberships",
        "metadata",
        "miscKeywords",
        "names",
        "nicknames",
        "occupations",
        "organizations",
        "phoneNumbers",
        "photos",
        "relations",
        "sipAddresses",
        "skills",
        "urls",
        "userDefined",
    }
)
OTHER_FIELDS = frozenset({"emailAddresses", "metadata", "names", "phoneNumbers", "photos"})
GROUP_FIELDS = frozenset({"clientData", "groupType", "memberCount", "metadata", "name"})
SYSTEM = frozenset({"alt", "fields", "key", "prettyPrint", "quotaUser", "userIp", "$.xgafv"})
SYSTEM_GROUPS = {
    "myContacts": "My Contacts",
    "starred": "Starred",
    "friends": "Friends",
    "family": "Family",
    "coworkers": "Coworkers",
    "chatBuddies": "Chat contacts",
    "all": "All Contacts",
    "blocked": "Blocked",
}


class PeopleApi(HostedApi):
    """One account. `first_page` bounds every first page below what was asked for, as the real one does at times."""

    unauthenticated: ClassVar[ApiError] = ERRORS["ACCESS_TOKEN_EXPIRED"]

    def __init__(
        self,
        contacts: Iterable[Person],
        *,
        others: Iterable[Person] = (),
        owner: str = "owner@example.com",
        first_page: int = 1000,
        judge: Judge | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(judge=judge, port=port)
        self.first_page = first_page
        self._owner = owner
        self._contacts = [google_person(person, self.url, "CONTACT") for person in contacts]
        self._others = [google_person(person, self.url, "OTHER_CONTACT") for person in others]
        self._groups = self._make_groups()
        self._pages: dict[str, tuple[int, dict[str, list[str]]]] = {}
        self._numbers = count(1)

    def is_public(self, path: str) -> bool:
        return path.startswith("/photos/")

    def answer(self, call: Call, scopes: frozenset[str]) -> Any:
        match call.path.strip("/").split("/"):
            case ["photos", _]:
                return PICTURE
            case ["v1", "people", "me", "connections"]:
                return self._connections(call, scopes)
            case ["v1", "people", "me"]:
                return self._me(call, scopes)
            case ["v1", "people", _, "connections"]:
                raise invalid("Must be a request for people/me.")
            case ["v1", "contactGroups"]:
                return self._contact_groups(call, scopes)
            case ["v1", "otherContacts"]:
                return self._other_contacts(call, scopes)
            case _:
                raise google_error(404, "NOT_FOUND", "notFound", "Method not found.", shape="errors")

    def _connections(self, call: Call, scopes: frozenset[str]) -> Any:
        _need(scopes, READONLY, FULL)
        _allow(
            call,
            "personFields",
            "pageSize",
            "pageToken",
            "requestSyncToken",
            "sortOrder",
            "sources",
            "syncToken",
        )
        fields = _mask(call, "personFields", PERSON_FIELDS)
        page = self._page(call, self._contacts, 100)
        answer = filled(
            {
                "connections": [_masked(person, fields) for person in page[0]],
                "nextPageToken": page[1],
                "totalPeople": len(self._contacts),
                "totalItems": len(self._contacts),
            }
        )
        if call.one("requestSyncToken") == "true" and not page[1]:
            answer["nextSyncToken"] = "sync"
        return answer

    def _other_contacts(self, call: Call, scopes: frozenset[str]) -> Any:
        _need(scopes, OTHER)
        _allow(call, "readMask", "pageSize", "pageToken", "requestSyncToken", "sources", "syncToken")
        fields = _mask(call, "readMask", OTHER_FIELDS)
        page, token = self._page(call, self._others, 100)
        return filled(
            {
                "otherContacts": [_masked(person, fields) for person in page],
                "nextPageToken": token,
                "totalSize": len(self._others),
            }
        )

    def _contact_groups(self, call: Call, scopes: frozenset[str]) -> Any:
        _need(scopes, READONLY, FULL)
        _allow(call, "groupFields", "pageSize", "pageToken", "syncToken")
        fields = GROUP_FIELDS
        if call.one("groupFields"):
            fields = _mask(call, "groupFields", GROUP_FIELDS)
        page, token = self._page(call, self._groups, 30)
        kept = {"resourceName", "etag", *fields, *(["formattedName"] if "name" in fields else [])}
        return filled(
            {
                "contactGroups": [
                    {name: value for name, value in group.items() if name in kept} for group in page
                ],
                "nextPageToken": token,
                "totalItems": len(self._groups),
            }
        )

    def _me(self, call: Call, scopes: frozenset[str]) -> Any:
        _need(scopes, READONLY, FULL, OTHER, EMAIL, PROFILE)
        _allow(call, "personFields", "sources")
        fields = _mask(call, "personFields", PERSON_FIELDS)
        source = {"type": "PROFILE", "id": "1021"}
        metadata = {"primary": True, "verified": True, "source": {"type": "ACCOUNT", "id": "1021"}}
        me: dict[str, Any] = {"resourceName": "people/1021", "etag": "%EgcBAgk="}
        me["metadata"] = {
            "sources": [
                {**source, "profileMetadata": {"objectType": "PERSON", "userTypes": ["GOOGLE_USER"]}}
            ],
            "objectType": "PERSON",
        }
        if EMAIL in scopes:
            me["emailAddresses"] = [{"metadata": metadata, "value": self._owner}]
        if PROFILE in scopes:
            name = {"displayName": "Olga Owner", "familyName": "Owner", "givenName": "Olga"}
            me["names"] = [{"metadata": {"primary": True, "source": source}, **name}]
        return _masked(me, fields)

    def _page(self, call: Call, items: Sequence[Any], default: int) -> tuple[Sequence[Any], str]:
        """The items of a page, and the token of the next one."""
        asked = call.one("pageSize")
        if asked and not (asked.isdecimal() and int(asked) <= 1000):
            raise invalid("Page size must be between 1 and 1000, inclusive.")
        size = int(asked or 0) or default
        parameters: dict[str, list[str]] = {}
        for name, value in call.query:
            if name not in SYSTEM and name != "pageToken":
                parameters.setdefault(name, []).append(value)
        start, token = 0, call.one("pageToken")
        if token:
            if token not in self._pages:
                raise invalid("Invalid page token.")
            start, first = self._pages[token]
            if first != parameters:
                raise invalid("Request parameters do not match the request that the page token came from.")
        end = start + (size if start else min(size, self.first_page))
        if end >= len(items):
            return items[start:], ""
        following = f"GgQI{next(self._numbers)}_{secrets.token_urlsafe(6)}="
        self._pages[following] = (end, parameters)
        return items[start:end], following

    def _make_groups(self) -> list[dict[str, Any]]:
        members: dict[str, int] = {}
        for person in self._contacts:
            for membership in person["memberships"]:
                group = membership["contactGroupMembership"]["contactGroupId"]
                members[group] = members.get(group, 0) + 1
        system = [
            {
                "resourceName": f"contactGroups/{name}",
                "groupType": "SYSTEM_CONTACT_GROUP",
                "name": name,
                "formattedName": formatted,
                **filled({"memberCount": members.get(name, 0)}),
            }
            for name, formatted in SYSTEM_GROUPS.items()
        ]
        own = [
            {
                "resourceName": f"contactGroups/{group_id(group)}",
                "etag": "LkAnVnN+",
                "metadata": {"updateTime": UPDATED},
                "groupType": "USER_CONTACT_GROUP",
                "name": group,
                "formattedName": group,
                **filled({"memberCount": members.get(group_id(group), 0)}),
            }
            for group in GROUPS
        ]
        return system + own


def _need(scopes: frozenset[str], *allowed: str) -> None:
    if scopes.isdisjoint(allowed):
        raise ERRORS["ACCESS_TOKEN_SCOPE_INSUFFICIENT"]


def _allow(call: Call, *names: str) -> None:
    for name, _ in call.query:
        if name not in names and name not in SYSTEM:
            raise invalid(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
            )


def _mask(call: Call, name: str, valid: frozenset[str]) -> frozenset[str]:
    fields = frozenset(
        part.strip() for value in _all(call, name) for part in value.split(",") if part.strip()
    )
    if not fields:
        raise invalid(f"{name} mask is required. Please specify one or more valid paths.")
    for wrong in sorted(fields - valid):
        raise invalid(f'Invalid {name} mask path: "{wrong}".')
    return fields


def _all(call: Call, name: str) -> list[str]:
    return [value for key, value in call.query if key == name]


def _masked(person: dict[str, Any], fields: frozenset[str]) -> dict[str, Any]:
    return {
        name: value for name, value in person.items() if name in fields or name in ("resourceName", "etag")
    }


@contextmanager
def people_api(contacts: int | Iterable[Person] = 0, **values: Any) -> Generator[PeopleApi]:
    """A running one; `contacts` may be a number of people. `values` are arguments of PeopleApi."""
    api = PeopleApi(people(contacts) if isinstance(contacts, int) else contacts, **values)
    api.start()
    try:
        yield api
    finally:
        api.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Google's People API, emulated, until Ctrl-C.")
    parser.add_argument("--contacts", type=int, default=470)
    parser.add_argument("--others", type=int, default=0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="token")
    given = parser.parse_args()
    api = PeopleApi(people(given.contacts), others=people(given.others, seed=2), port=given.port)
    api.grant(given.token, READONLY, OTHER, EMAIL, PROFILE)
    print(api.url, flush=True)
    api.serve()


if __name__ == "__main__":
    main()
