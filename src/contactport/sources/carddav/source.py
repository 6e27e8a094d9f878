"""The source itself: discovery, then book after book."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Container
from contextlib import aclosing

from contactport.errors import Code, WireError
from contactport.net.client import Client
from contactport.net.credentials import Credentials
from contactport.net.failures import Unreachable, Unreadable, Untrusted
from contactport.sources.base import Account, Page
from contactport.sources.carddav.dav import Dav
from contactport.sources.carddav.discover import Found, discover
from contactport.sources.carddav.fetch import Reader
from contactport.sources.carddav.multistatus import Malformed
from contactport.sources.carddav.refusal import Refused, judge
from contactport.sources.carddav.tray import Tally, Tray


class CardDav:
    """CardDAV (RFC 6352): every book of an account, whichever server holds it."""

    format = "vcard"

    async def pages(self, account: Account, client: Client, known: Container[str]) -> AsyncGenerator[Page]:
        """As `Source.pages`. The keys are hrefs, in the spelling of the server."""
        provider = account.provider
        credentials = Credentials(
            account.username,
            account.password,
            patterns=provider.credential_hosts,
            local_part=provider.self_hosted,
        )
        dav = Dav(client, credentials)
        found = await _found(account, dav)
        tally = Tally(client.settings.import_members)
        for book in found.books:
            tray = Tray(book, known, tally, longest=client.settings.card_bytes, owner=found.owner)
            reader = Reader(
                dav,
                book,
                tray,
                batch=found.provider.batch,
                concurrency=found.provider.concurrency,
            )
            try:
                async with aclosing(reader.pages()) as pages:
                    async for page in pages:
                        yield page
            except Refused as refused:
                raise judge(refused, found.provider) from None
            except Malformed as error:
                raise Unreadable(str(error)) from None
            except Untrusted:
                raise
            except Unreachable:
                # It was there a moment ago.
                raise WireError(Code.UNAVAILABLE) from None


async def _found(account: Account, dav: Dav) -> Found:
    try:
        found = await discover(account, dav)
    except Refused as refused:
        raise judge(refused, account.provider) from None
    except Malformed as error:
        raise Unreadable(str(error)) from None
    except Untrusted:
        raise
    except Unreachable as error:
        if account.provider.self_hosted or not account.provider.start:
            raise
        # A provider that everybody knows is not mistyped: it is down.
        raise WireError(Code.UNAVAILABLE) from error
    if not found.books:
        raise WireError(
            Code.IMPORT_FAILED,
            "The server knows this account, and no address book of it. Make one at the server, or check that "
            "this is the account that holds the contacts.",
        )
    return found
