"""All ways in which a provider is made to fail an import by consent, and the expected result."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from tests.faults.matrix.fault_proxy import Act, Duration, Fault, FaultyConnection
from tests.faults.matrix.hosted_book import JSON
from tests.faults.matrix.paged_book import PagedAnswer, Stage
from tests.faults.matrix.provider_faults import ROWS

CONSENT_STAGES: tuple[Stage, ...] = ("token", "refresh", "first page", "next page", "revocation")
_TOKEN: tuple[Stage, ...] = ("token", "refresh")
_API: tuple[Stage, ...] = ("first page", "next page")


def writes(body: bytes, status: int = 200, kind: str = "application/json") -> Act:
    """A whole answer with this body."""

    async def act(wire: FaultyConnection) -> bool:
        return await wire.pass_on(PagedAnswer(status, {"Content-Type": kind}, body))

    return act


async def mislabel(wire: FaultyConnection) -> bool:
    return await wire.pass_on(
        PagedAnswer(wire.answer.status, {"Content-Type": "text/plain"}, wire.answer.body)
    )


async def swell(wire: FaultyConnection) -> bool:
    return await wire.pass_on(PagedAnswer(200, JSON, b'{"x":"' + _filling() + b'"}'))


@functools.cache
def _filling() -> bytes:
    return b"x" * (20 << 20)


class ConsentFaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fault and the codes that it is to end in, by stage; 0 is COMPLETE. A revocation that fails ends nothing.

    `once` says whether an import can get over one such answer while it reads. At the token endpoint it can't get over
    any: nothing is sent there a second time. `apart` are codes of one cell alone.
    """

    fault: Fault
    token: int = 518
    refresh: int = 518
    page: int = 518
    once: int = 0
    stages: tuple[Stage, ...] = CONSENT_STAGES
    services: tuple[str, ...] = ("gmail", "outlookcom", "yahoo")
    apart: dict[tuple[str, Stage, Duration], int] = {}
    empty: frozenset[tuple[str, Stage, Duration]] = frozenset()
    """Cells in which the provider rightly says that there is nobody in the book."""

    def code(self, service: str, stage: Stage, duration: Duration) -> int:
        if (service, stage, duration) in self.apart:
            return self.apart[service, stage, duration]
        if stage == "revocation":
            return 0
        if stage in _API:
            return self.once if duration == "once" else self.page
        return self.token if stage == "token" else self.refresh

    def has(self, service: str, stage: Stage, duration: Duration) -> bool:
        """Whether there is such a cell. The token endpoint is asked alike for every source, and the matrix of
        passwords has CardDAV's ways to get over one bad answer."""
        if (
            stage not in self.stages
            or service not in self.services
            or (stage == "revocation" and duration == "once")
        ):
            return False
        if stage in ("token", "revocation"):
            return service == "gmail"
        return service != "yahoo" or stage == "refresh" or duration == "ever"


def consent_rows() -> tuple[ConsentFaultRow, ...]:
    """Those of the matrix of passwords first, then those that only such a provider makes."""
    first = (ConsentFaultRow(fault=row.fault, **_OF_PASSWORDS.get(row.fault.name, {})) for row in ROWS)
    return (*first, *_OWN)


_IN_PART: dict[str, Any] = {"apart": {("outlookcom", "next page", "once"): 0}}
"""One folder of six can't be read, and the import says so."""
_SILENT: dict[str, Any] = {"once": 518} | _IN_PART
"""The time of silence is not spent a second time on the same answer."""
_OF_PASSWORDS: dict[str, dict[str, Any]] = {
    "silence before the first byte": _SILENT,
    "silence in mid-body": _SILENT,
    "one byte a second": _SILENT,
    "Content-Length too long": {
        "once": 518,
        "apart": {
            ("outlookcom", "next page", "once"): 0,
            ("yahoo", "first page", "ever"): 0,
            ("yahoo", "next page", "ever"): 0,
        },
    },
    "gzip bomb": {"page": 512, "once": 512},
    # Microsoft's API has to accept a token once before its refusal counts as the user's.
    "401": {"page": 514, "apart": {("outlookcom", "first page", "ever"): 518}},
    "403": {
        "once": 518,
        "apart": {
            # The labels alone can't be read.
            ("gmail", "first page", "once"): 0,
            ("outlookcom", "next page", "once"): 0,
            ("yahoo", "first page", "ever"): 514,
            ("yahoo", "next page", "ever"): 514,
        },
    },
    "404": {"apart": {("outlookcom", "first page", "once"): 518}},
    "redirect to a private address": {"once": 518} | _IN_PART,
}
_REJECTED: dict[tuple[str, Stage, Duration], int] = {("yahoo", "next page", "ever"): 0}
"""What each card gets alone is no card: they are rejected, one by one, and the import says so."""
_OWN = (
    ConsentFaultRow(fault=Fault("a list instead of an object", writes(b"[]"))),
    ConsentFaultRow(fault=Fault("null", writes(b"null"))),
    ConsentFaultRow(fault=Fault("an empty body", writes(b"")), apart=_REJECTED),
    # To Google that is an empty list: it leaves out what is empty.
    ConsentFaultRow(
        fault=Fault("an empty object", writes(b"{}")),
        apart={("gmail", "first page", "ever"): 0, ("gmail", "next page", "ever"): 0},
        empty=frozenset({("gmail", "first page", "ever")}),
    ),
    ConsentFaultRow(fault=Fault("JSON of 100,000 levels", writes(b'{"x":' + b"[" * 100_000))),
    ConsentFaultRow(
        fault=Fault("20 MB of JSON", swell),
        page=512,
        # Of a page that is too large fewer contacts are asked for; labels and folders have no smaller pages.
        apart={
            ("gmail", "first page", "once"): 512,
            ("outlookcom", "first page", "once"): 512,
        },
        services=("gmail", "outlookcom"),
    ),
    ConsentFaultRow(fault=Fault("JSON as text/plain", mislabel), token=0, refresh=0, page=0),
    ConsentFaultRow(
        fault=Fault("200 with an error", writes(b'{"error":"server_error"}')),
        stages=("token", "refresh", "revocation"),
    ),
    ConsentFaultRow(
        fault=Fault("400 invalid_grant", writes(b'{"error":"invalid_grant"}', 400)),
        refresh=514,
        stages=_TOKEN,
    ),
    ConsentFaultRow(
        fault=Fault("401 invalid_client", writes(b'{"error":"invalid_client"}', 401)), stages=_TOKEN
    ),
    ConsentFaultRow(
        fault=Fault("400 access_denied", writes(b'{"error":"access_denied"}', 400)),
        token=514,
        refresh=514,
        stages=_TOKEN,
    ),
    ConsentFaultRow(
        fault=Fault("an unknown error", writes(b'{"error":"?!"}', 400)), token=512, stages=_TOKEN
    ),
    ConsentFaultRow(
        fault=Fault("a token of another type", writes(b'{"access_token":"a","token_type":"mac"}')),
        stages=_TOKEN,
    ),
    ConsentFaultRow(
        fault=Fault("no contacts among the scopes", writes(b'{"access_token":"a","scope":"openid"}')),
        token=514,
        refresh=514,
        stages=_TOKEN,
    ),
)
