"""Why an import failed, for the operator's log: by class and place, without a word of a user or a server."""

from __future__ import annotations

import traceback
from itertools import islice
from pathlib import PurePath

from contactport.errors import causes
from contactport.imports.to_error import Way, to_error
from contactport.net.client import Client
from contactport.net.failures import network_stage
from contactport.sources.failures import FAILURES, SetUpIncomplete

MOST_ERRORS = 8
MOST_PLACES = 5
MOST_ANSWERS = 20
ALLOWED_BY = "allow_network (CONTACTPORT_ALLOW_NETWORK)"
_SOURCES = "contactport/sources/"


def diagnosis(error: BaseException, client: Client | None, way: Way = "password") -> dict[str, object]:
    """Fields of a log line.

    `errors`: the classes of the error and of its causes. `places`: where in the source it happened, innermost first.
    `stage`: how far the request came that failed, if one did. `answers`: how often which status came to which
    method. `hint`: what the operator has to set up at the provider. `refused` and `allowed_by`: the rule that forbade
    an address, and the setting that would allow it.
    """
    chain = list(islice(causes(error), MOST_ERRORS))
    told: dict[str, object] = {"errors": [type(one).__name__ for one in chain]}
    if isinstance(error, SetUpIncomplete):
        told["hint"] = error.fault
    if isinstance(error, FAILURES):
        # The text that the application has read.
        told["text"] = to_error(error, way).text
    elif isinstance(error, TimeoutError):
        told["text"] = "its time was over: import_seconds (CONTACTPORT_IMPORT_SECONDS)"
    for cause in reversed(chain):
        places = _places(cause)
        if places:
            told["places"] = places
            break
    stage = network_stage(chain)
    if client is not None:
        if client.answers:
            told["answers"] = dict(client.answers.most_common(MOST_ANSWERS))
        if client.refused:
            told |= {"refused": client.refused, "allowed_by": ALLOWED_BY}
            stage = "guard" if stage == "connect" else stage
    if stage:
        told["stage"] = stage
    return told


def _places(error: BaseException) -> list[str]:
    """`carddav/multiget.py:81 read` for the frames of sources that an error passed through, innermost first."""
    found: list[str] = []
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = PurePath(frame.filename).as_posix()
        if _SOURCES in path and len(found) < MOST_PLACES:
            found.append(f"{path.rpartition(_SOURCES)[2]}:{frame.lineno} {frame.name}")
    return found
