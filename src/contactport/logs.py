"""Structured logs on standard error, without secrets, addresses or queries.

An exception is logged as its type and the places in the code: its message may contain private data.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Any, Literal, cast

import structlog
from structlog.typing import EventDict, Processor

_LIBRARIES = ("aiohttp", "alembic", "asyncio", "dbos", "sqlalchemy", "uvicorn")
"""Below warnings, these libraries log parameters and addresses."""
_WORDY = frozenset(_LIBRARIES) - {"uvicorn"}
SPARING_SECONDS = 10.0
HIDDEN = frozenset(
    {"password", "domain_password", "username", "user_id", "secret", "authorization", "query", "key"}
)
"""Fields that are never written."""


def configure(format_: Literal["json", "text"] | str) -> None:
    """Send structlog's and the libraries' logs through one redacting formatter."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_messages,
        _without_secrets,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if format_ == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.addFilter(_Sparing())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_without_foreign_words, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # A handler that fails (standard error is closed) would print the exception at hand, words and all.
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        # DBOS puts a handler of its own where there is none; it would print tracebacks past the redaction.
        logger.handlers = [logging.NullHandler()]
        logger.propagate = True
        logger.setLevel(logging.WARNING)

    # Python's own hooks would print an exception's words past the redaction.
    sys.unraisablehook = _tell_unraisable
    threading.excepthook = _tell_thread


class _Sparing(logging.Filter):
    """Log filter: lets a library repeat a message only once in ten seconds.

    Some repeat it many times a second while a database is away.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in _WORDY:
            return True
        place, now = (record.pathname, record.lineno), time.monotonic()
        if now - self._said.get(place, -SPARING_SECONDS) < SPARING_SECONDS:
            return False
        self._said[place] = now
        return True


def _tell_unraisable(broken: sys.UnraisableHookArgs) -> None:
    """Log an exception that nobody can catch, such as one in a finaliser."""
    structlog.get_logger().error("broke_unheard", exc_info=broken.exc_value)


def _tell_thread(broken: threading.ExceptHookArgs) -> None:
    """Log an exception that has ended a thread."""
    structlog.get_logger().error("thread_broke", exc_info=broken.exc_value)


def _without_messages(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Turn `exc_info` into the exceptions' types and places."""
    given: object = event.pop("exc_info", None)
    error: BaseException | None = None
    if isinstance(given, BaseException):
        error = given
    elif isinstance(given, tuple):
        error = cast(tuple[Any, BaseException | None, TracebackType | None], given)[1]
    elif given:
        error = sys.exc_info()[1]
    if error is not None:
        event["places"] = places(error)
    event.pop("stack_info", None)
    return event


def places(error: BaseException) -> list[str]:
    """`Type` and `file:line function` of an exception and of what caused it, innermost last."""
    told: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < 8:
        seen.add(id(current))
        told.append(type(current).__name__)
        told += [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)[-12:]
        ]
        current = current.__cause__ or current.__context__
    return told


def _without_foreign_words(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace a library's message by the place that wrote it: the message may contain private data."""
    record: logging.LogRecord = event["_record"]
    if record.name.partition(".")[0] in _WORDY:
        event["event"] = "library_message"
        event["library"] = record.name
        event["place"] = f"{record.filename}:{record.lineno}"
    return event


def _without_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    for name in HIDDEN.intersection(event):
        event[name] = "[hidden]"
    return event
