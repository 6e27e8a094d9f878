"""An emulator of Microsoft Graph v1.0's contacts: one mailbox with folders in folders. From the public reference.

Like the real one it lists the default folder under `/me/contacts`, leaves it out of `contactFolders` but knows it
there by the name `contacts`, counts distribution lists that it never lists, and lets in four requests at once.

`python -m tests.servers.graph --contacts 25000 --token TOKEN` runs one on its own, for measurements.
"""

from __future__ import annotations

import argparse
import base64
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import msgspec

from samples.hosted_book import PICTURE, Person, people
from tests.servers.graph_contact import graph_contact
from tests.servers.hosted_api import ApiError, Call, HostedApi, Judge

READ = "Contacts.Read"
WRITE = "Contacts.ReadWrite"
USER = "User.Read"
WELL_KNOWN = "contacts"
MOST = 1000
FOLDER_PROPERTIES = ("id", "parentFolderId", "displayName")


def graph_error(status: int, code: str, message: str, **headers: str) -> ApiError:
    inner = {"date": "2026-05-04T08:15:30", "request-id": "0b6a", "client-request-id": "0b6a"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ApiError(status, {"error": {"code": code, "message": message, "innerError": inner}}, named)


_MAILBOX = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
_EXPIRED = "Lifetime validation failed, the token is expired."
ERRORS: dict[str, ApiError] = {
    "ApplicationThrottled": graph_error(
        429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", Retry_After="2"
    ),
    "TooManyRequests": graph_error(429, "TooManyRequests", "Too many requests."),
    "MailboxNotEnabledForRESTAPI": graph_error(404, "MailboxNotEnabledForRESTAPI", _MAILBOX),
    "ErrorAccessDenied": graph_error(
        403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
    ),
    "InvalidAuthenticationToken": graph_error(
        401, "InvalidAuthenticationToken", _EXPIRED, WWW_Authenticate='Bearer realm="", error="invalid_token"'
    ),
    "ServiceUnavailable": graph_error(
        503, "ServiceUnavailable", "The service is temporarily unavailable.", Retry_After="2"
    ),
    "html": ApiError(502, b"<!DOCTYPE html><title>502 Bad Gateway</title>"),
}
"""Failures to give to `fail`."""


class ContactFolder(msgspec.Struct):
    """`lists` are distribution lists in it: `$count` has them, and nothing else does."""

    name: str
    contacts: list[Person] = msgspec.field(default_factory=list[Person])
    children: list[ContactFolder] = msgspec.field(default_factory=list["ContactFolder"])
    lists: int = 0
    id: str = ""
    parent: str = ""

    def written(self) -> dict[str, Any]:
        return {"id": self.id, "parentFolderId": self.parent, "displayName": self.name}


def mailbox(contacts: Iterable[Person]) -> tuple[ContactFolder, list[ContactFolder]]:
    """The default folder and the other folders of the top, with the people spread over all and some in each level."""
    default = ContactFolder("Kontakte", children=[ContactFolder("Familie")], lists=2)
    archive = ContactFolder("Archiv", children=[ContactFolder("2019")])
    other = [ContactFolder("Arbeit", children=[archive]), ContactFolder("Leer")]
    deep = [default.children[0], other[0], archive, archive.children[0]]
    for person in contacts:
        place = person.number % 10
        (default if place < 6 else deep[place - 6]).contacts.append(person)
    return default, other


class GraphApi(HostedApi):
    """One mailbox. `page_bound` bounds every page below `$top`; `next_link_base` is where next links point to."""

    unauthenticated: ClassVar[ApiError] = ERRORS["InvalidAuthenticationToken"]
    at_once: ClassVar[int] = 4
    too_many: ClassVar[ApiError] = ERRORS["ApplicationThrottled"]

    def __init__(
        self,
        default: ContactFolder,
        others: Iterable[ContactFolder] = (),
        *,
        owner: str = "owner@example.com",
        judge: Judge | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(judge=judge, port=port)
        self.page_bound = MOST
        self.next_link_base = f"{self.url}/v1.0"
        self._owner = owner
        self._default = default
        self._top = list(others)
        self._folders: dict[str, ContactFolder] = {}
        self._contacts: dict[str, list[dict[str, Any]]] = {}
        self._pictures: set[str] = set()
        for folder in (default, *self._top):
            self._enter(folder, _opaque("root"))

    def _enter(self, folder: ContactFolder, parent: str) -> None:
        folder.id, folder.parent = _opaque(f"folder {len(self._folders)}"), parent
        self._folders[folder.id] = folder
        written: list[dict[str, Any]] = []
        for person in folder.contacts:
            contact_id = _opaque(f"contact {person.number}")
            written.append(graph_contact(person, contact_id, folder.id))
            if person.picture:
                self._pictures.add(contact_id)
        self._contacts[folder.id] = written
        for child in folder.children:
            self._enter(child, folder.id)

    def everything(self) -> list[dict[str, Any]]:
        """Every contact of every folder, as it is written."""
        return [contact for contacts in self._contacts.values() for contact in contacts]

    def path_of(self, name: str) -> str:
        """The path of a folder of this name below `/me`."""
        return next(f"contactFolders/{id_}" for id_, folder in self._folders.items() if folder.name == name)

    def answer(self, call: Call, scopes: frozenset[str]) -> Any:
        match call.path.strip("/").split("/"):
            case ["v1.0", "me"]:
                _need(scopes, USER, READ, WRITE)
                return self._me(call, scopes)
            case ["v1.0", "me", *rest]:
                _need(scopes, READ, WRITE)
                return self._mailbox(call, rest)
            case _:
                raise graph_error(404, "UnknownError", "")

    def _mailbox(self, call: Call, path: list[str]) -> Any:
        match path:
            case ["contacts"]:
                return self._list_contacts(call, self._default)
            case ["contactFolders"]:
                return self._page(call, [folder.written() for folder in self._top], FOLDER_PROPERTIES, 0)
            case ["contactFolders", folder]:
                return self._folder(folder).written()
            case ["contactFolders", folder, "childFolders"]:
                children = [child.written() for child in self._folder(folder).children]
                return self._page(call, children, FOLDER_PROPERTIES, 0)
            case ["contactFolders", folder, "contacts"]:
                return self._list_contacts(call, self._folder(folder))
            case ["contacts", contact, "photo", "$value"]:
                return self._picture(contact)
            case ["contactFolders", _, "contacts", contact, "photo", "$value"]:
                return self._picture(contact)
            case _:
                raise graph_error(400, "RequestBroker--ParseUri", "Resource not found for the segment.")

    def _list_contacts(self, call: Call, folder: ContactFolder) -> Any:
        properties = tuple(graph_contact(_NOBODY, "", ""))
        return self._page(call, self._contacts[folder.id], properties, folder.lists)

    def _folder(self, name: str) -> ContactFolder:
        folder = self._default if name.lower() == WELL_KNOWN else self._folders.get(name)
        if folder is None:
            raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return folder

    def _picture(self, contact: str) -> bytes:
        if contact not in self._pictures:
            raise graph_error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return PICTURE

    def _me(self, call: Call, scopes: frozenset[str]) -> Any:
        _need(scopes, USER)
        me = {
            "id": "48d31887-5fad-4d73-a9f5-3c356e68a038",
            "displayName": "Olga Owner",
            "givenName": "Olga",
            "surname": "Owner",
            "mail": self._owner,
            "userPrincipalName": self._owner,
        }
        chosen = _selection(call, tuple(me))
        return {"@odata.context": f"{self.url}/v1.0/$metadata#users/$entity"} | {
            name: value for name, value in me.items() if name in chosen
        }

    def _page(self, call: Call, items: list[Any], properties: tuple[str, ...], unlisted: int) -> Any:
        for name, _ in call.query:
            if name not in ("$top", "$skip", "$select", "$count", "$orderby"):
                raise graph_error(400, "ErrorInvalidUrlQuery", f"The query option {name!r} is not supported.")
        top = min(_number(call, "$top", 10, 1), self.page_bound)
        skip = _number(call, "$skip", 0, 0)
        chosen = {"id", "@odata.etag", *_selection(call, properties)}
        page = items[skip : skip + top]
        answer: dict[str, Any] = {"@odata.context": f"{self.url}/v1.0/$metadata#users('1')/{call.path[9:]}"}
        if call.one("$count").lower() == "true":
            answer["@odata.count"] = len(items) + unlisted
        answer["value"] = [{name: value for name, value in item.items() if name in chosen} for item in page]
        if skip + top < len(items):
            query = {**dict(call.query), "$skip": str(skip + top)}
            answer["@odata.nextLink"] = f"{self.next_link_base}{quote(call.path[5:])}?{urlencode(query)}"
        return answer


_NOBODY = next(iter(people(1)))


def _opaque(name: str) -> str:
    return "AQMkAD" + base64.urlsafe_b64encode(f"mailbox 1, {name:>20}".encode()).decode("ascii")


def _need(scopes: frozenset[str], *allowed: str) -> None:
    # Both spellings come: by the name alone, and by the resource's address before it.
    if {scope.rpartition("/")[2] for scope in scopes}.isdisjoint(allowed):
        raise ERRORS["ErrorAccessDenied"]


def _number(call: Call, name: str, default: int, least: int) -> int:
    value = call.one(name) or str(default)
    if not value.isdecimal() or not least <= int(value) <= (MOST if name == "$top" else 10**9):
        raise graph_error(400, "ErrorInvalidUrlQuery", f"Invalid value {value!r} for {name} query option.")
    return int(value)


def _selection(call: Call, properties: tuple[str, ...]) -> set[str]:
    chosen = {part.strip() for part in call.one("$select").split(",") if part.strip()}
    for wrong in sorted(chosen - set(properties)):
        raise graph_error(400, "RequestBroker--ParseUri", f"Could not find a property named '{wrong}'.")
    return chosen or set(properties)


@contextmanager
def graph_api(contacts: int | Iterable[Person] = 0, **values: Any) -> Generator[GraphApi]:
    """A running one, with the folders of `mailbox`. `values` are arguments of GraphApi."""
    default, others = mailbox(people(contacts) if isinstance(contacts, int) else contacts)
    api = GraphApi(default, others, **values)
    api.start()
    try:
        yield api
    finally:
        api.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="The contacts of Microsoft Graph, emulated, until Ctrl-C.")
    parser.add_argument("--contacts", type=int, default=470)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="token")
    given = parser.parse_args()
    default, others = mailbox(people(given.contacts))
    api = GraphApi(default, others, port=given.port)
    api.grant(given.token, READ, USER)
    print(api.url, flush=True)
    api.serve()


if __name__ == "__main__":
    main()
