"""Step 2: how far an import has come."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from contactport.http import arguments, bodies
from contactport.http.answer import answer_of
from contactport.http.poll import asked_import
from contactport.http.respond import success
from contactport.http.service import Service
from contactport.http.spelling import spelt
from contactport.store import events


async def show_events(service: Service, request: Request) -> Response:
    """Every event so far, one of a type, in the order of the flow."""
    given = await arguments.read(request, service.settings, arguments.POLL)
    name = spelt(request, ("json", "xml"))
    one, found = await asked_import(
        service, request, name, given, lambda connection, one: events.read(connection, one.id)
    )
    told = [
        bodies.Event(
            import_action_id=one.id,
            import_id=one.id,
            event_type=event.type,
            value=event.value,
            description=event.description,
            status=event.status,
            created_at=bodies.stamp(event.created_at),
        )
        for event in found
    ]
    answer = answer_of(request.scope)
    body = bodies.Events(events=told, import_id=one.id, user_id=one.user_id, id=one.id, echo=answer.echo)
    return success(answer, "eventsResponse", body)
