"""Checks of the service: its sources, whether it runs, and whether it could."""

from __future__ import annotations

import errno
import fcntl
import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from contactport.cli.checks.finding import Finding, good, note, wrong
from contactport.settings import Settings
from contactport.sources.plugins import PluginError, protocols
from contactport.sources.rows import RowError, load_providers

ANSWER_SECONDS = 3.0


def providers(file: str = "") -> Iterator[Finding]:
    """Whether the rows of providers can be read, and the protocols in them are spoken."""
    try:
        points = protocols()
    except PluginError as error:
        yield wrong("sources", str(error), "remove one of the packages")
        return
    broken = False
    for name, point in points.items():
        try:
            point.load()
        except Exception as error:
            # A package of anybody's: whatever it raises is its own fault, and is told as that.
            broken = True
            yield wrong(
                "sources",
                f"the source {name} ({point.value}) can't be loaded: {type(error).__name__}",
                "install its package again, or remove it",
            )
    if broken:
        return
    from contactport.sources.base import SourceContext
    from contactport.sources.registry import Sources

    try:
        rows = load_providers(file, points)
        Sources(SourceContext(providers=rows)).check_rows()
    except (RowError, PluginError) as error:
        yield wrong("providers", str(error), "correct the row; docs/sources.md says what a row has")
        return
    served = sum(bool(row.methods) for row in rows)
    yield good("providers", f"{len(rows)} providers, {served} of them served, by: {', '.join(points)}")


def running(folder: Path) -> bool:
    """Whether a service holds this folder's lock."""
    try:
        handle = os.open(folder / "serve.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def port(settings: Settings, *, runs: bool) -> Iterator[Finding]:
    """Whether the port is free, or our own service answers on it."""
    if settings.port == 0:
        yield note("port", "the service takes a free port at each start")
        return
    where = f"{settings.host} port {settings.port}"
    refusal = _refusal(settings.host, settings.port)
    if refusal is None:
        if runs:
            yield note(
                "port",
                f"a service runs on this data folder, but not on {where}: it was started with other options than "
                "this command",
                "give this command the service's own --port, --config and CONTACTPORT_ variables",
            )
        else:
            yield good("port", f"{where} is free")
    elif refusal.errno != errno.EADDRINUSE:
        yield wrong("port", f"{where} can't be used: {refusal.strerror}", "choose another host or port")
    elif _is_ours(settings) and not runs and not settings.database_url:
        yield wrong(
            "port",
            f"contactport answers on {where}, and no service runs on this data folder: it was started with other "
            "options than this command",
            "give this command the service's own --data, --config and CONTACTPORT_ variables",
        )
    elif _is_ours(settings):
        yield good("port", f"contactport answers on {where}")
    else:
        yield wrong(
            "port",
            f"{where} is in use, and not by contactport" + (", though a service runs" if runs else ""),
            "stop the other program, or choose another port with --port or CONTACTPORT_PORT",
        )


def _refusal(host: str, number: int) -> OSError | None:
    """Why this address can't be used, or None. The address is free again after this check."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(host, number, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(address)
    except OSError as error:
        return error
    return None


def _is_ours(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104  read, not bound
    with closing(http.client.HTTPConnection(host, settings.port, timeout=ANSWER_SECONDS)) as connection:
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            told = msgspec.json.decode(answer.read(64 * 1024), type=dict[str, object])
        except (OSError, http.client.HTTPException, msgspec.DecodeError):
            return False
    return answer.status in (200, 503) and told.keys() >= {"status", "version"}
