"""The sandbox as a server: its routes, and the thread in which it runs."""

from __future__ import annotations

import base64
import binascii
import logging
import secrets
import socket
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_plus

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from contactport.errors import Refusal
from contactport.http.assets import page_file_response
from contactport.http.forms import decoded, read_body, urlencoded
from contactport.http.middleware.security_headers import COMMON
from contactport.sandbox.accounts import APP_PASSWORD, Account, by_consent, sign_in
from contactport.sandbox.address_book import METHODS, Dropped, SandboxBooks
from contactport.sandbox.authorization import (
    CLIENT_ID,
    SCOPE,
    AuthorizationServer,
    ServerCrash,
    TokenRefusal,
)
from contactport.sandbox.consent_page import ConsentPage
from contactport.settings import OAuthSetting
from contactport.sources.rows import RowFile

CODE = "sandbox_oauth"
SERVICES = ("sandbox", "sandbox_app", CODE)
"""The services that there are in the sandbox alone."""
TOKEN_ROOT = "/carddav/"  # noqa: S105  a path
PASSWORD_ROOT = "/dav/"  # noqa: S105  a path
"""Where the books are, for tokens and for passwords."""
_REALM = 'realm="contactport sandbox"'
_FORM_BYTES = 64 * 1024
_STOP_SECONDS = 5.0
_ROWS = """
[[provider]]
code = "{code}"
name = "Sandbox (consent)"
spoken_name = "Sandbox"
sandbox = true
[provider.consent]
protocol = "carddav"
authorization_endpoint = "{url}/authorize"
token_endpoint = "{url}/token"
revocation_endpoint = "{url}/revoke"
issuer = "{url}"
authentication = "client_secret_basic"
scopes = ["{scope}"]
[provider.carddav]
start = "{url}{token_root}"

[[provider]]
code = "sandbox"
name = "Sandbox"
sandbox = true
[provider.password]
protocol = "carddav"
help = "The sandbox has no real accounts: user_good signs in with pass_good."
[provider.carddav]
start = "{url}{password_root}"

[[provider]]
code = "sandbox_app"
name = "Sandbox (app password)"
spoken_name = "Sandbox"
sandbox = true
[provider.password]
protocol = "carddav"
kind = "app_password"
help = "The sandbox has no real accounts: user_app signs in with the app password {app_password}, and with no other."
[provider.carddav]
start = "{url}{password_root}"
"""


class Sandbox(msgspec.Struct, frozen=True):
    """What the service is to know of a running sandbox: its address, its rows, and the OAuth client for them."""

    url: str
    rows: RowFile
    oauth: dict[str, OAuthSetting]


@contextmanager
def running_sandbox(redirect_uri: str) -> Generator[Sandbox]:
    """A sandbox on a free port of 127.0.0.1, for the service that has this redirect URI."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        secret = secrets.token_urlsafe(32)
        server = uvicorn.Server(
            uvicorn.Config(
                application(url, AuthorizationServer(redirect_uri, secret)),
                loop="asyncio",
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox", daemon=True)
        thread.start()
        rows = _ROWS.format(
            code=CODE,
            url=url,
            scope=SCOPE,
            token_root=TOKEN_ROOT,
            password_root=PASSWORD_ROOT,
            app_password=APP_PASSWORD,
        ).encode()
        client = OAuthSetting(
            client_id=CLIENT_ID, client_secret=secret, method="client_secret_basic", switches=["revoke"]
        )
        try:
            yield Sandbox(url, RowFile("the sandbox", rows, (f"127.0.0.1:{port}",)), {CODE: client})
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)


def application(url: str, server: AuthorizationServer) -> Starlette:
    """Everything that the sandbox answers at this URL."""
    consent = ConsentPage(server, url)
    by_token = SandboxBooks(TOKEN_ROOT, f"Bearer {_REALM}", lambda given: _judge(server, given))
    by_password = SandboxBooks(PASSWORD_ROOT, f'Basic {_REALM}, charset="UTF-8"', _signed_in)

    async def authorize(request: Request) -> Response:
        if request.method == "POST":
            return _as_page(consent.take(await _form(request)))
        return _as_page(consent.show(_pairs(request.scope["query_string"])))

    async def token(request: Request) -> Response:
        form = await _form(request)
        try:
            server.check_client(*_client(request, form))
            return _json(200, server.exchange(form))
        except TokenRefusal as refused:
            return _refused(refused)
        except ServerCrash:
            return PlainTextResponse("Internal Server Error", 500)

    async def revoke(request: Request) -> Response:
        form = await _form(request)
        try:
            server.check_client(*_client(request, form))
        except TokenRefusal as refused:
            return _refused(refused)
        server.revoke(form.get("token", ""))
        return Response()

    async def show_file(request: Request) -> Response:
        return page_file_response(request.path_params["name"])

    return Starlette(
        routes=[
            Route("/authorize", authorize, methods=["GET", "POST"]),
            Route("/token", token, methods=["POST"]),
            Route("/revoke", revoke, methods=["POST"]),
            Route("/assets/{name}", show_file, methods=["GET"]),
            Route(f"{TOKEN_ROOT}{{path:path}}", by_token.answer, methods=list(METHODS)),
            Route(f"{PASSWORD_ROOT}{{path:path}}", by_password.answer, methods=list(METHODS)),
        ],
        exception_handlers={Refusal: _too_large},
    )


def _judge(server: AuthorizationServer, authorization: str) -> Account | int:
    """401 for a token that is not good, 403 for one that gives no contacts."""
    scheme, _, token = authorization.partition(" ")
    scope = server.scope_of(token.strip()) if scheme.lower() == "bearer" else None
    if scope is None:
        return 401
    return by_consent() if scope == SCOPE else 403


def _signed_in(authorization: str) -> Account | int:
    """401 where name and password do not match."""
    return sign_in(*_basic(authorization)) or 401


def _basic(authorization: str) -> tuple[str, str]:
    """The name and the password of Basic (RFC 7617); empty for what is none."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return name, secret


class _Protocol(H11Protocol):
    """uvicorn's, which writes nothing of a connection that is meant to break."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = _LOG


def _is_news(record: logging.LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], Dropped)


_LOG = logging.getLogger("uvicorn.error.sandbox")
_LOG.addFilter(_is_news)


def _client(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """The id and the secret of a client, from the header or the form (RFC 6749 section 2.3.1)."""
    authorization = request.headers.get("authorization", "")
    if not authorization.lower().startswith("basic "):
        return form.get("client_id", ""), form.get("client_secret", "")
    name, secret = _basic(authorization)
    return unquote_plus(name), unquote_plus(secret)


async def _form(request: Request) -> dict[str, str]:
    return _pairs(await read_body(request, _FORM_BYTES))


def _pairs(raw: bytes) -> dict[str, str]:
    return {decoded(name): decoded(value) for name, value in urlencoded(raw)}


def _json(status: int, body: Mapping[str, str | int]) -> Response:
    return JSONResponse(body, status, {"cache-control": "no-store"})


def _refused(refused: TokenRefusal) -> Response:
    return _json(401 if refused.error == "invalid_client" else 400, {"error": refused.error})


def _as_page(response: Response) -> Response:
    """With the headers of every page, and the one that cuts a pop-up off from the page that has opened it."""
    for name, value in COMMON:
        response.headers.setdefault(name, value)
    response.headers["cross-origin-opener-policy"] = "same-origin"
    return response


async def _too_large(_request: Request, error: Exception) -> Response:
    status = error.http if isinstance(error, Refusal) else None
    return PlainTextResponse(str(error), status or 400)
