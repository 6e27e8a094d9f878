"""The source itself: the default folder, then every other one, as they are found.

`/me/contactFolders` leaves the default folder out, and knows it by the name `contacts`; each folder may have others
under it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Container, Iterator
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

import msgspec
from yarl import URL

from contactport.contact import Contact, Note, Photo
from contactport.net.client import Client
from contactport.net.failures import TooLarge, Unreadable
from contactport.net.redirects import resolve_reference
from contactport.quantities import size
from contactport.sources.base import Account, ContactRecord, Page, SourceContext
from contactport.sources.failures import Failure
from contactport.sources.hosted.account_reader import CAUGHT, AccountReader
from contactport.sources.hosted.api_client import ApiClient, ApiRefusal, bearer_of, token_of
from contactport.sources.hosted.json_page import parse_object
from contactport.sources.hosted.json_values import text
from contactport.sources.hosted.listing import Listing
from contactport.sources.hosted.record_collector import RecordCollector
from contactport.sources.hosted.table import api_url, row_faults
from contactport.sources.microsoft.outlook_contact import owner_card, to_contact
from contactport.sources.microsoft.refusal import MISSING, to_failure
from contactport.sources.providers import Provider

PROTOCOL = "microsoft"
BASE = "https://graph.microsoft.com/v1.0"
LARGEST = 500
FOLDERS_A_PAGE = 100
FOLDER_PAGES = 100
MOST_FOLDERS = 1_000
DEEPEST = 50
AT_ONCE = 4
"""Requests that Graph answers at once for one mailbox."""
PROPERTIES = (
    *("displayName", "givenName", "surname", "middleName", "title", "generation", "nickName"),
    *("yomiGivenName", "yomiSurname", "emailAddresses", "mobilePhone", "homePhones", "businessPhones"),
    *("companyName", "department", "jobTitle", "birthday", "categories"),
)
"""What is asked for always; addresses are where they are wanted."""
ADDRESSES = ("homeAddress", "businessAddress", "otherAddress")
OWNER_PROPERTIES = "id,displayName,givenName,surname,mail,userPrincipalName"
OWNER_SCOPE = "User.Read"
DEFAULT = "contacts"
FOLDERS = "contactFolders"


class _Folder(msgspec.Struct):
    """`path` is empty for the list of those at the top."""

    path: str
    depth: int


class Microsoft:
    """Outlook.com and Microsoft 365, by Graph. The owner is read where the granted scopes say so."""

    def __init__(self, context: SourceContext | None = None) -> None:
        del context

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """As `Source.pages`. The keys are the contacts' ids, the books' places the paths of their folders."""
        base = api_url(account.provider, PROTOCOL, BASE)
        api = ApiClient(client, base, bearer_of(account, base))
        settings = client.settings
        mailbox = _Mailbox(api, account, most_picture=settings.card_bytes)
        collector = RecordCollector(known, members=settings.import_members, longest=settings.card_bytes)

        def told(refused: ApiRefusal) -> Failure:
            return to_failure(refused, proven=api.proven)

        reader = AccountReader(api, collector, told, finish=mailbox.add_pictures if mailbox.photos else None)
        if OWNER_SCOPE in {scope.rpartition("/")[2] for scope in token_of(account).scopes}:
            try:
                yield Page(owner_card=await mailbox.owner())
            except CAUGHT as error:
                yield reader.aside("me", error)
        try:
            default = await mailbox.default_folder()
        except CAUGHT as error:
            raise reader.told(error) from None
        found = {default}
        waiting = deque([_Folder(default, 0), _Folder("", 0)])
        while waiting:
            folder = waiting.popleft()
            left = [one.path for one in waiting if one.path]
            if folder.path:
                async with aclosing(reader.pages(mailbox.listing(folder.path), left)) as pages:
                    async for page in pages:
                        yield page
            if folder.path == DEFAULT or folder.depth >= DEEPEST or reader.enough:
                continue
            try:
                children = await mailbox.folders(folder.path)
            except CAUGHT as error:
                yield reader.aside(mailbox.children_path(folder.path), error, left)
                reader.rest()
                continue
            for path in children:
                if path not in found:
                    found.add(path)
                    waiting.append(_Folder(path, folder.depth + 1))
            if len(found) > MOST_FOLDERS:
                raise TooLarge("books")
        reader.check()

    @staticmethod
    def row_faults(provider: Provider) -> Iterator[tuple[str, str]]:
        """As `ChecksRows.row_faults`."""
        return row_faults(provider, PROTOCOL)

    async def check(self, account: Account, client: Client) -> AsyncGenerator[str]:
        """As `Source.check`."""
        count = books = 0
        async with aclosing(self.pages(account, client, ())) as pages:
            async for page in pages:
                count += len(page.contacts)
                books += len(page.books)
                for book in page.books:
                    if book.state != "complete":
                        yield f"a folder of contacts: {book.state}"
        yield f"{count} contacts in {books} folders can be read"


class _Mailbox:
    """What is asked of one account's mailbox."""

    def __init__(self, api: ApiClient, account: Account, *, most_picture: int) -> None:
        addresses = ADDRESSES if "mailing_address" in account.include else ()
        self.photos = "photo" in account.include
        self._api = api
        self._select = ",".join((*PROPERTIES, *addresses))
        self._most_picture = most_picture

    def _url(self, path: str, **query: str) -> URL:
        url = URL(f"{str(self._api.base).rstrip('/')}/me/{path}".rstrip("/"), encoded=True)
        return url.with_query({f"${name}": value for name, value in query.items()})

    def listing(self, path: str) -> Listing:
        """Of the contacts in a folder."""

        def first(size: int) -> URL:
            place = DEFAULT if path == DEFAULT else f"{path}/contacts"
            return self._url(place, top=str(size), select=self._select)

        return Listing(path, first, LARGEST, "value", "id", to_contact, self._following, always=True)

    async def default_folder(self) -> str:
        """The path of the folder that is in no list of folders."""
        try:
            return await self._api.read(self._url(f"{FOLDERS}/{DEFAULT}", select="id"), _folder)
        except ApiRefusal as refused:
            if refused.status == 400 or refused.words & MISSING:
                return DEFAULT
            raise

    def children_path(self, path: str) -> str:
        """Where the folders under a folder are listed."""
        return f"{path}/childFolders" if path else FOLDERS

    async def folders(self, path: str) -> list[str]:
        """The paths of the folders under a folder, or at the top. One that is gone has none."""
        url: URL | None = self._url(self.children_path(path), top=str(FOLDERS_A_PAGE), select="id")
        found: dict[str, None] = {}
        visited: set[str] = set()
        while url is not None:
            if str(url) in visited or len(visited) >= FOLDER_PAGES:
                raise Unreadable("its pages go round in a circle")
            visited.add(str(url))
            try:
                page = await self._api.page(url, "value", always=True)
            except ApiRefusal as refused:
                if path and refused.words & MISSING:
                    break
                raise
            # Two requests for each of them.
            self._api.client.request_budget.listed(len(page.items))
            for item in page.items:
                name = text(parse_object(item) or {}, "id")
                if name:
                    found[_path(name)] = None
            if len(found) > MOST_FOLDERS:
                raise TooLarge("books")
            url = self._following(url, page.values)
        return list(found)

    def _following(self, at: URL, values: dict[str, Any]) -> URL | None:
        """The next link as it is. Where it leads to another host, nothing is asked there."""
        link = values.get("@odata.nextLink")
        return resolve_reference(at, link) if isinstance(link, str) and link else None

    async def owner(self) -> Contact | None:
        found = parse_object(await self._api.get(self._url("", select=OWNER_PROPERTIES)))
        return None if found is None else owner_card(found)

    async def add_pictures(self, records: list[ContactRecord]) -> None:
        """Fetches the pictures of these contacts; most have none."""
        for at in range(0, len(records), AT_ONCE):
            some = records[at : at + AT_ONCE]
            found = await asyncio.gather(*map(self._picture, some), return_exceptions=True)
            for record, photo in zip(some, found, strict=True):
                if isinstance(photo, BaseException):
                    raise photo
                if photo is not None and isinstance(record.item, Contact):
                    record.item.photos = [photo]

    async def _picture(self, record: ContactRecord) -> Photo | None:
        url = self._url(f"contacts/{quote(record.key, safe='')}/photo/$value")
        try:
            return await self._api.picture(url, self._most_picture)
        except ApiRefusal as refused:
            if refused.status in (401, 429) or refused.status >= 500:
                raise
            return None
        except TooLarge as error:
            if error.limit != "response_bytes":
                raise
            record.notes.append(Note("photo", f"the picture is larger than {size(self._most_picture)}"))
            return None


def _folder(body: bytes) -> str:
    """The path of the folder that an answer is about. Raises Unreadable: the folders under it could not be listed."""
    found = text(parse_object(body) or {}, "id")
    if not found:
        raise Unreadable("it does not name the folder that was asked for")
    return _path(found)


def _path(folder: str) -> str:
    return f"{FOLDERS}/{quote(folder, safe='')}"
