"""Whether the service is alive and ready, for balancers."""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import Response

from contactport import __version__
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.wire.responses import JSON, success
from contactport.store.open import Store
from contactport.store.ring_file import RingError
from contactport.store.single_flight import SingleFlightCache


async def show_health(_service: Service, request: Request) -> Response:
    """Alive: it touches nothing that may be slow or gone."""
    return success(context_of(request.scope), "result", {"status": "ok", "version": __version__})


Missing = Literal["database", "disk", "ring", "stopping"]


class Ready(msgspec.Struct, omit_defaults=True):
    """The answer of `/ready`; `because` names what is missing."""

    status: Literal["ready", "not_ready"]
    because: list[Missing] = []


class Readiness:
    """Ready for requests: the database answers, its disk has room, the key ring is there, and the process is not
    about to stop. An endpoint.

    Asked as often as anybody likes, it asks the database twice a second at most.
    """

    def __init__(self, store: Store) -> None:
        self._look = SingleFlightCache(lambda: store.database.read(_missing, store), keep=0.5)

    async def __call__(self, service: Service, _request: Request) -> Response:
        missing = await self._look()
        if service.stopping.is_set():
            answer = Ready("not_ready", ["stopping"])
        elif missing is None:
            answer = Ready("not_ready", ["database"])
        else:
            answer = Ready("not_ready", missing) if missing else Ready("ready")
        return Response(
            msgspec.json.encode(answer), 200 if answer.status == "ready" else 503, media_type=JSON
        )


def _missing(connection: Connection, store: Store) -> list[Missing]:
    """What is not as it must be, beside a database that answers."""
    connection.execute(select(1)).scalar_one()
    missing: list[Missing] = []
    if store.database.reserve.full:
        missing.append("disk")
    try:
        store.ring.days()
    except RingError:
        missing.append("ring")
    return missing
