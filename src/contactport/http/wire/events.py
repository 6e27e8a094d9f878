"""Step 2: the events of an import, at once or as soon as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from contactport.errors import Code, Refusal
from contactport.http.access import authorized_import
from contactport.http.context import context_of
from contactport.http.dependencies import Service
from contactport.http.wire import arguments, schemas
from contactport.http.wire.arguments import Arguments
from contactport.http.wire.long_poll import long_poll
from contactport.http.wire.paths import read_id
from contactport.http.wire.responses import success
from contactport.store import events, imports
from contactport.store.database import unavailable
from contactport.store.events import Event
from contactport.store.imports import Import

_CODES = {int(code) for code in Code}
LONGEST_WAIT = 30
"""Seconds: proxies cut off what is silent for a minute."""
VERSION = "contactport-version"


class State(msgspec.Struct, frozen=True):
    """What events tell of an import, and what it takes to read them again; no key of its own."""

    import_id: int
    domain_id: int
    user_id: str | None
    deadline: int
    events: Sequence[Event]

    @property
    def version(self) -> int:
        """Rises with every change; what a client that comes back has seen last."""
        return max((event.version for event in self.events), default=0)

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come."""
        return any(event.type == "COMPLETE" for event in self.events)

    def body(self, echo: str | None) -> schemas.EventsBody:
        """The body of the contract."""
        told = [
            schemas.EventBody(
                import_action_id=self.import_id,
                import_id=self.import_id,
                event_type=event.type,
                value=event.value,
                description=event.description,
                status=event.status,
                created_at=schemas.stamp(event.created_at),
            )
            for event in self.events
        ]
        return schemas.EventsBody(
            events=told, import_id=self.import_id, user_id=self.user_id, id=self.import_id, echo=echo
        )


async def show_events(service: Service, request: Request) -> Response:
    """Every event so far, one of a type, in the order of the flow; with `wait` once there is something new."""
    given = await arguments.read(request, service.settings, arguments.EVENTS)
    wait = min(arguments.number(given, "wait") or 0, LONGEST_WAIT)
    since = arguments.number(given, "since")
    state = await asked_state(service, request, read_id(request, ("json", "xml")), given)
    if wait and not state.ended and since in (None, state.version):
        state = await _changed(service, request, state, wait)
    context = context_of(request.scope)
    response = success(context, "eventsResponse", state.body(context.echo))
    response.headers[VERSION] = str(state.version)
    return response


async def asked_state(service: Service, request: Request, name: str, given: Arguments) -> State:
    """The state of the import that is asked for. Raises what `authorized_import` raises."""
    one, found = await authorized_import(
        service, request, name, given, lambda connection, one: events.read(connection, one.id)
    )
    return _state(one, found)


async def present(service: Service, known: State) -> State | None:
    """The state now: `known` itself where nothing has changed, None where the import is gone with its domain.

    While the database is away nothing is known to have changed.
    """

    def look(connection: Connection) -> State | None:
        if events.version(connection, known.import_id) == known.version:
            return known
        one = imports.get(connection, service.store.ring, known.import_id, known.domain_id)
        return None if one is None else _state(one, events.read(connection, one.id))

    try:
        return await service.store.database.read(look)
    except Exception as error:
        if not unavailable(error):
            raise
        return known


def _state(one: Import, found: Sequence[Event]) -> State:
    return State(one.id, one.domain_id, one.user_id, one.deadline, found)


async def _changed(service: Service, request: Request, known: State, wait: float) -> State:
    """The first state that is another one, or the present one after `wait` seconds or when the process stops."""
    clock = asyncio.get_running_loop().time
    until = clock() + wait
    async with long_poll(service, request.receive, known.domain_id, known.import_id) as held:
        while True:
            fresh = await present(service, known)
            if held.left.is_set():
                raise ClientDisconnect
            if fresh is None:
                raise Refusal(Code.NOT_AUTHENTICATED)
            if fresh.version != known.version or held.ending.done() or clock() >= until:
                return fresh
            await held.wait(until - clock())


def why_failed(one: Import, events: Sequence[Event]) -> Refusal:
    """The error that a failed import ended with, in the words of its COMPLETE event; its status is 404."""
    code = Code(one.code) if one.code in _CODES else Code.UNEXPECTED
    told = [event.description for event in events if event.status == "ERROR" and event.type == "COMPLETE"]
    return Refusal(code, next(iter(told), None) or "", http=404)
