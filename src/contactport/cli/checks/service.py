"""The service: its sources, and whether it runs or could."""

from __future__ import annotations

import errno
import fcntl
import http.client
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import entry_points
from pathlib import Path

import msgspec

from contactport.cli.checks.finding import Finding, good, note, wrong
from contactport.settings import Settings
from contactport.sources import providers as table

GROUP = "contactport.sources"
ANSWER_SECONDS = 3.0


def providers() -> Iterator[Finding]:
    """Whether the table of providers can be read, and every protocol in it spoken."""
    try:
        rows = table.providers()
        table.find("carddav")
    except (msgspec.ValidationError, ValueError, OSError) as error:
        yield wrong("providers", f"the table of providers is broken: {error}", "install this program anew")
        return
    spoken: set[str] = set()
    for entry in entry_points(group=GROUP):
        try:
            entry.load()
        except Exception as error:
            # A package of anybody's: whatever it raises is its own fault, and is told as that.
            yield wrong(
                "sources",
                f"the source {entry.name} ({entry.value}) can't be loaded: {type(error).__name__}",
                "install its package anew, or remove it",
            )
        else:
            spoken.add(entry.name)
    wanted = {row.protocol for row in rows.values() if row.method == "password"}
    for protocol in sorted(wanted - spoken):
        yield wrong(
            "sources",
            f"no installed package speaks {protocol}, which providers need",
            "install this program anew",
        )
    if wanted <= spoken:
        yield good("providers", f"{len(rows)} providers, read by: {', '.join(sorted(spoken))}")


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
        yield wrong(
            "port", f"{where} can't be listened on: {refusal.strerror}", "choose another host or port"
        )
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
    """Why this address can't be had, or None; it is taken for no longer than the question lasts."""
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
