"""Listening sockets of the service. They are opened before anything else starts."""

from __future__ import annotations

import errno
import ipaddress
import socket

from contactport.cli.exit_codes import ADDRESS, CommandError


def listen(host: str, port: int, *, options: tuple[str, str] = ("--host", "--port")) -> list[socket.socket]:
    """A bound socket for each address of `host`; port 0 takes one free port for them all.

    `options` are those that name the two. Raises CommandError if the address can't be used.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise CommandError(
            f"the host {host!r} to listen on is not known here: name an address of this host with {options[0]}",
            ADDRESS,
        ) from None
    bound: list[socket.socket] = []
    refusal: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        taken = bound[0].getsockname()[1] if bound else port
        one = socket.socket(family, kind, protocol)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((address[0], taken, *address[2:]))
        except OSError as error:
            one.close()
            refusal = error
            if error.errno != errno.EADDRNOTAVAIL:
                break
        else:
            bound.append(one)
            continue
    if refusal is not None and (not bound or refusal.errno != errno.EADDRNOTAVAIL):
        for one in bound:
            one.close()
        raise _failure(host, port, refusal, options[1])
    return bound


def _failure(host: str, port: int, error: OSError, option: str) -> CommandError:
    match error.errno:
        case errno.EADDRINUSE:
            return CommandError(
                f"port {port} of {host} is in use by another program, or by another `contactport serve`: stop "
                f"it, or choose another with {option} (0 takes a free one)",
                ADDRESS,
            )
        case errno.EACCES:
            return CommandError(
                f"port {port}needs rights that this user does not have: choose one above 1023 with {option}",
                ADDRESS,
            )
        case _:
            return CommandError(f"{host} port {port} can't be used: {error.strerror}", ADDRESS)


def url_of(host: str, listener: socket.socket) -> str:
    """The service's address, as a client on this host types it."""
    port: int = listener.getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this host can reach it."""
    return ipaddress.ip_address(str(listener.getsockname()[0]).partition("%")[0]).is_loopback
