"""What a browser may bring back from a provider, but for a code: the right end, and no token is asked for."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from contactport.imports import pending
from contactport.imports.consent import ConsentRefused, ConsentRequest, Consents, Settled, ToProvider
from contactport.imports.start import Start
from contactport.sources.providers import Providers
from contactport.store.schema import import_, secret
from tests.faults.matrix.consent_cell import SERVICES, ConsentRange, consent_range

NOWHERE = "https://127.0.0.1:1/"
ENDS: dict[str, tuple[dict[str, str], int]] = {
    "refused": ({"error": "access_denied"}, 514),
    "refused, in Microsoft's words": (
        {"error": "x", "error_description": "AADSTS65004: User declined."},
        514,
    ),
    "consent is missing": ({"error": "consent_required"}, 514),
    "the provider fails": ({"error": "server_error"}, 518),
    "the provider is busy": ({"error": "temporarily_unavailable"}, 518),
    "the client is not known": ({"error": "unauthorized_client"}, 518),
    "the scope is not known": ({"error": "invalid_scope"}, 518),
    "the redirect URI is another": ({"error": "redirect_uri_mismatch"}, 518),
    "an administrator has to agree": ({"error": "x", "error_description": "AADSTS90094: Admin"}, 518),
    "a word that nobody knows": ({"error": "<b>?!</b>"}, 512),
    "a hundred kilobytes": ({"error": "access_denied", "error_description": "x" * 100_000}, 514),
}
REFUSED: dict[str, list[tuple[str, str]]] = {
    "neither a code nor an error": [],
    "an empty code": [("code", "")],
    "two codes": [("code", "a"), ("code", "b")],
    "two states": [("code", "a"), ("state", "b")],
}


class Browser:
    """One user who has been sent to the provider. No request to the provider can be made: that would be an error."""

    def __init__(self, here: ConsentRange, service: str) -> None:
        def nobody() -> AbstractAsyncContextManager[Any]:
            raise AssertionError("a request to the provider")

        self.here = here
        provider = here.provider(service, NOWHERE, NOWHERE, NOWHERE)
        providers = Providers([provider])
        start = Start(here.store, here.settings, providers, lambda _connection, _job: None)
        self.flow = Consents(here.store, here.settings, nobody, start, providers.find)
        self.request = ConsentRequest(domain=here.domain, provider=provider)
        self.import_id = 0
        self.state = ""
        self._link = self._cookie = ""

    async def begin(self) -> None:
        begun = await self.flow.begin(self.request)
        self.import_id, self._link = begun.import_id, begun.url.rpartition("/")[2]

    async def open(self) -> None:
        to = await self.flow.visit(self._link, "")
        assert isinstance(to, ToProvider)
        self._cookie = to.cookie
        self.state = parse_qs(urlsplit(to.url).query)["state"][0]

    async def follow(self) -> int | None:
        """The code that the import has ended with."""
        assert await self.flow.visit(self._link, self._cookie) == Settled(self.import_id)
        return self.ended()

    def ended(self) -> int | None:
        with self.here.store.database.engine.connect() as connection:
            left = select(secret.c.import_id).where(secret.c.import_id == self.import_id)
            assert connection.execute(left).first() is None
            code = select(import_.c.code).where(import_.c.id == self.import_id)
            return connection.execute(code).scalar_one()

    def let_pass(self) -> int | None:
        """The time of the user; the code that the housekeeping ends the import with."""
        with self.here.store.database.engine.begin() as connection:
            connection.execute(update(import_).where(import_.c.id == self.import_id).values(deadline=1))
        assert self.here.store.database.write_now(pending.end_overdue, self.here.store) == 1
        return self.ended()


async def test_every_answer_ends_as_it_should() -> None:
    cells = 0
    async with consent_range() as here:
        for service in SERVICES:
            for name, (parameters, code) in ENDS.items():
                one = Browser(here, service)
                await one.begin()
                await one.open()
                await one.flow.receive([*parameters.items(), ("state", one.state)])
                assert await one.follow() == code, (service, name)
                cells += 1
            for name, answer in REFUSED.items():
                one = Browser(here, service)
                await one.begin()
                await one.open()
                with pytest.raises(ConsentRefused):
                    await one.flow.receive([*answer, ("state", one.state)])
                assert one.ended() is None, (service, name)
                assert one.let_pass() == 516, (service, name)
                cells += 1
    print(f"cells: {cells} of {len(SERVICES) * (len(ENDS) + len(REFUSED))}")


async def test_a_code_of_another_provider_is_not_shown_to_this_one() -> None:
    async with consent_range() as here:
        for service in ("gmail", "yahoo"):
            one = Browser(here, service)
            await one.begin()
            await one.open()
            await one.flow.receive(
                [("code", "a"), ("state", one.state), ("iss", "https://elsewhere.example")]
            )
            assert await one.follow() == 512


async def test_a_user_who_stays_away() -> None:
    async with consent_range() as here:
        one = Browser(here, "gmail")
        await one.begin()
        assert one.let_pass() == 517
        await one.begin()
        await one.open()
        assert one.let_pass() == 516
