"""The source itself: the labels, the contacts, and what the user has allowed beside them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container, Iterator
from contextlib import aclosing
from typing import Any

from yarl import URL

from contactport.contact import Contact
from contactport.net.client import Client
from contactport.sources.base import Account, Page, SourceContext
from contactport.sources.google import person
from contactport.sources.google.refusal import to_failure
from contactport.sources.hosted.account_reader import CAUGHT, AccountReader
from contactport.sources.hosted.api_client import ApiClient, bearer_of, token_of
from contactport.sources.hosted.json_page import parse_object
from contactport.sources.hosted.json_values import Json, number, text
from contactport.sources.hosted.listing import Listing
from contactport.sources.hosted.record_collector import RecordCollector
from contactport.sources.hosted.table import api_url, row_faults
from contactport.sources.providers import Provider

PROTOCOL = "google"
BASE = "https://people.googleapis.com/"
LARGEST = 1000
"""Records of a page at most, by Google's own rule."""
GROUP_PAGES = 50
FIELDS = (
    *("names", "nicknames", "emailAddresses", "phoneNumbers", "organizations", "birthdays", "memberships"),
)
"""What is asked for always; addresses and pictures are where they are wanted."""
OTHER_FIELDS = ("names", "emailAddresses", "phoneNumbers")
_AUTH = "https://www.googleapis.com/auth/"
OTHER_SCOPE = f"{_AUTH}contacts.other.readonly"
OWNER_SCOPES = frozenset({f"{_AUTH}userinfo.email", f"{_AUTH}userinfo.profile", "email", "profile"})
GROUPS = "contactGroups"
CONNECTIONS = "people/me/connections"
OTHERS = "otherContacts"


class Google:
    """Google Contacts, by the People API. Other contacts and the owner are read where the granted scopes say so."""

    def __init__(self, context: SourceContext | None = None) -> None:
        del context

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """As `Source.pages`. The keys are resource names, the books' places the paths of the listings."""
        base = api_url(account.provider, PROTOCOL, BASE)
        api = ApiClient(client, base, bearer_of(account, base))
        settings = client.settings
        collector = RecordCollector(known, members=settings.import_members, longest=settings.card_bytes)
        reader = AccountReader(api, collector, to_failure)
        scopes = frozenset(token_of(account).scopes)
        photos = "photo" in account.include
        groups: dict[str, str] = {}
        try:
            groups = await _groups(api)
        except CAUGHT as error:
            yield reader.aside(GROUPS, error)
        if scopes & OWNER_SCOPES:
            try:
                yield Page(owner_card=await _owner(api, photos=photos))
            except CAUGHT as error:
                yield reader.aside("people/me", error)
        fields = [*FIELDS, *(["addresses"] if "mailing_address" in account.include else [])]
        pictures = ["photos"] if photos else []
        listings = [
            _listing(base, CONNECTIONS, "connections", "personFields", [*fields, *pictures], groups, photos)
        ]
        if OTHER_SCOPE in scopes:
            listings.append(
                _listing(base, OTHERS, OTHERS, "readMask", [*OTHER_FIELDS, *pictures], {}, photos)
            )
        for place, listing in enumerate(listings):
            left = [one.place for one in listings[place + 1 :]]
            async with aclosing(reader.pages(listing, left)) as pages:
                async for page in pages:
                    yield page
        reader.check()

    @staticmethod
    def row_faults(provider: Provider) -> Iterator[tuple[str, str]]:
        """As `ChecksRows.row_faults`."""
        return row_faults(provider, PROTOCOL)

    async def check(self, account: Account, client: Client) -> AsyncGenerator[str]:
        """As `Source.check`."""
        count = 0
        async with aclosing(self.pages(account, client, ())) as pages:
            async for page in pages:
                count += len(page.contacts)
                for book in page.books:
                    yield f"{book.place}: {book.state}"
        yield f"{count} contacts can be read"


def _listing(
    base: URL, place: str, field: str, mask: str, fields: list[str], groups: dict[str, str], photos: bool
) -> Listing:
    url = base / "v1" / place

    def first(size: int) -> URL:
        return url.with_query({mask: ",".join(fields), "pageSize": str(size)})

    def to_contact(found: Json) -> Contact | None:
        return None if person.is_deleted(found) else person.to_contact(found, groups, photos=photos)

    def total(values: dict[str, Any]) -> int:
        return number(values, "totalItems") or number(values, "totalSize")

    return Listing(place, first, LARGEST, field, "resourceName", to_contact, _following, total)


def _following(at: URL, values: dict[str, Any]) -> URL | None:
    """The page after one. With a page token, every other parameter has to stay as it is."""
    token = values.get("nextPageToken")
    return at.update_query(pageToken=token) if isinstance(token, str) and token else None


async def _groups(api: ApiClient) -> dict[str, str]:
    """The names of the labels that the user has made, by resource name."""
    url: URL | None = (api.base / "v1" / GROUPS).with_query(
        pageSize=str(LARGEST), groupFields="name,groupType"
    )
    found: dict[str, str] = {}
    for _ in range(GROUP_PAGES):
        page = await api.page(url, GROUPS, always=False)
        for item in page.items:
            await api.time_slice.yield_if_due()
            group = parse_object(item) or {}
            if text(group, "groupType") == "USER_CONTACT_GROUP":
                found[text(group, "resourceName")] = text(group, "name")
        url = _following(url, page.values)
        if url is None:
            break
    return found


async def _owner(api: ApiClient, *, photos: bool) -> Contact | None:
    """The account's own card."""
    fields = "names,emailAddresses" + (",photos" if photos else "")
    body = await api.get((api.base / "v1" / "people" / "me").with_query(personFields=fields))
    found = parse_object(body)
    return None if found is None else person.to_contact(found, {}, photos=photos)
